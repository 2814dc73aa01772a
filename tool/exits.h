/* SPDX-License-Identifier: MIT */
/*
 * What the kernel tells of each thread when it ends, to those who listen: taskstats over generic
 * netlink. It is told before perf tells of that end and before a parent can bury whose end it is,
 * so whoever is gone from /proc was told of here: its whole life is known, however short it was.
 *
 * WHO MAY: CAP_NET_ADMIN, in the first namespaces of users, processes and networks.
 *
 * All ends on the machine are told. The caller picks those of its own as they come; the others are
 * kept for a while, as perf may tell of their birth later, and are then forgotten.
 *
 * LOSSES: the kernel tells nothing that has no room in our buffer, or if it has no memory; the
 * first it says, and then losses grows. One thread at a time.
 */
#ifndef EXITS_H
#define EXITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "faultline.h"

/*
 * Kernels from 5.19 on say which process a thread was of. Before, only the last of several says it,
 * and no other can be added up.
 */
#define EXITS_VERSION_PROCESS 12

/* Of a thread, what it did from its birth to its end, but for what ending takes after this. */
struct exits_end {
	int process;	      /* where that is not said, thread */
	int thread;	      /* 0: taken */
	unsigned int version; /* of the kernel's struct */
	bool last;	      /* no thread of the process is left */
	bool alone;	      /* it was the only one that the process ever had */
	int status;	      /* as wait4(2); before Linux 5.17 the first thread's alone */
	uint64_t minor;
	uint64_t major;
	uint64_t cpu_ns; /* up to the kernel's newest look at it, up to a tick ago */
	uint64_t system_ns;
	uint64_t voluntary;
	uint64_t involuntary;
	uint64_t peak_bytes; /* the most memory since its process executed a program */
	char comm[FL_COMM_BYTES];
	unsigned int turn; /* of exits_forget() */
};

/* What threads of one process did that have ended. */
struct exits_sum {
	unsigned int ends; /* so many were added */
	bool whole;	   /* it is all of a process's life, whatever was lost */
	bool partial;	   /* there were threads that the kernel does not tell of as its */
	int status;	   /* of the process */
	int told_by;	   /* which kind of thread told it */
	uint64_t minor;
	uint64_t major;
	uint64_t cpu_ns;
	uint64_t system_ns;
	uint64_t voluntary;
	uint64_t involuntary;
	uint64_t peak_bytes;	  /* the greatest */
	char comm[FL_COMM_BYTES]; /* of the first thread; "": it was not among them */
};

struct exits {
	int wire;
	bool listens;
	int clock; /* readable when what came should be taken in */
	uint16_t family;
	unsigned int version; /* of the kernel's struct */
	unsigned int turn;
	uint64_t losses;  /* how often any number of ends was lost */
	uint64_t recent;  /* losses, a turn ago */
	uint64_t settled; /* two turns ago: none of those is of who is born in this turn */
	struct exits_end *strangers;
	size_t number;
	size_t room;
};

/**
 * exits_open - listen from now on
 * @watch: called with a descriptor to wait for: who does not read within its time loses ends;
 *	returns 0 or -errno
 *
 * It is opened only if a child that ends here is heard and understood.
 *
 * Return: 0, or -errno, and all is closed: -EPERM or -EINVAL: may not listen; -ENOENT: the kernel
 * has no taskstats; -EPROTO: what it says is not understood, or nothing is said here.
 */
int exits_open(struct exits *exits, int (*watch)(void *context, int file), void *context);

/**
 * exits_parse - take in one message
 * @family: the number that the kernel gave taskstats
 *
 * Return: 0, or -EINVAL: it is none of an end, or damaged.
 */
int exits_parse(const void *message, size_t bytes, uint16_t family, struct exits_end *end);

/** exits_add - one more thread of the same process; the sum is zeroed before the first */
void exits_add(struct exits_sum *sum, const struct exits_end *end);

/** exits_next - the next end that was told of and not read yet; false: none, do not wait */
bool exits_next(struct exits *exits, struct exits_end *end);

/** exits_keep - it is nobody's yet; of too many some are lost */
void exits_keep(struct exits *exits, const struct exits_end *end);

/** exits_find - a kept end of one of its threads; NULL: none. Valid until the next call */
const struct exits_end *exits_find(const struct exits *exits, int process);

/** exits_take - as exits_find(), the oldest, and keep it no longer: false if there is none */
bool exits_take(struct exits *exits, int process, struct exits_end *end);

/**
 * exits_forget - a turn is over: forget those that were kept in the one before
 *
 * In a turn the births that perf told of are taken in first, then the ends that exits_next() has.
 * An end may come in the turn before its birth, and no earlier.
 */
void exits_forget(struct exits *exits);

/** exits_close - close and free all of an open one */
void exits_close(struct exits *exits);

#endif
