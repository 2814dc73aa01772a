/* SPDX-License-Identifier: MIT */
/*
 * What perf_event_open(2) tells at once of a process and all that it forks: births, new names and
 * deaths, in a ring for each CPU. No counts are asked of it: those of an ordinary user's events
 * leave out faults in kernel mode, and the kernel's way to tell them at an exit (inherit_stat)
 * writes into the ring of another CPU, which may silence that ring for good.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "faultline.h"

enum event_kind {
	EVENT_FORK = 1, /* number was forked by process other */
	EVENT_NAME = 2, /* it has a new name */
	EVENT_EXEC = 3, /* it executes another program, whose name that is */
	EVENT_EXIT = 4, /* thread other of it ends, or it executes a set-user-ID program */
};

struct event {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	enum event_kind kind;
	int number; /* PID */
	int other;
	char comm[FL_COMM_BYTES];
};

struct events_ring {
	int file;
	void *memory; /* NULL: the CPU is not there */
};

struct events {
	struct events_ring *rings; /* one for each CPU */
	size_t number;
	int *files; /* of further targets, which write into these rings */
	size_t file_number;
	struct event *all; /* of the newest events_read(), in the order of time */
	size_t found;
	size_t room;
	uint64_t lost; /* in all */
};

/** events_permitted - are these events permitted of processes of one's own: 0 or -errno */
int events_permitted(void);

/**
 * events_follow - tell of a thread and of all that it forks
 * @watch: called with each new descriptor to wait for; returns 0 or -errno
 *
 * Return: 0, or -errno: nothing will be told of it.
 */
int events_follow(struct events *events, int tid, int (*watch)(void *context, int file),
		  void *context);

/** events_read - fill in all and found; what was lost before, lost has */
void events_read(struct events *events);

/** events_close - close and free all; fine when zeroed */
void events_close(struct events *events);

#endif
