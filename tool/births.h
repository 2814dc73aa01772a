/* SPDX-License-Identifier: MIT */
/*
 * Who is new in /proc: children of those that are followed with their children, and members of
 * cgroups. What was born and died between two looks, a look does not find.
 */
#ifndef BIRTHS_H
#define BIRTHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "followed.h"

struct births_group {
	uint32_t id;
	int folder;
	bool looked; /* who is new in it was born since, or has moved */
};

struct births {
	int *pids; /* who was there at the last look, ascending */
	size_t number;
	bool poll; /* look at each change; else only if settle says so */
	bool looked;
	int newest;	     /* process number given out when it was looked last */
	unsigned int settle; /* looks that are still to be made */
	uint64_t look_ns;
	uint64_t listed_ns; /* when it was known who is in pids */
	struct births_group groups[FL_GROUPS_MAX];
	size_t group_number;
};

/**
 * births_tree - look for children from now on; most of those that are there are left out
 * @heir: take the place of parents that die, so that their children can be told from others
 *
 * Return: 0 or -errno.
 */
int births_tree(struct births *births, struct followed_set *set, uint64_t now_ns, bool heir);

/**
 * births_group - look for members of a cgroup from now on
 * @folder: a descriptor of its folder; it stays the caller's
 *
 * Return: 0, -EBADF if it is none of a cgroup v2, -ENOSPC, or -errno.
 */
int births_group(struct births *births, struct followed_set *set, uint64_t now_ns, int folder);

/**
 * births_heard - a process is followed that no look found: the next one is not to take it for new
 *
 * It may have ended by then, and still be there as a zombie. Without memory for that it may be told
 * of twice.
 */
void births_heard(struct births *births, int pid);

/**
 * births_found - did the last look find who was born at that time?
 *
 * Then it was followed, if it was to be, and its EXIT may be told already.
 */
bool births_found(const struct births *births, int pid, uint64_t birth_ns);

/** births_look - follow who is new; who moved out of a cgroup leaves */
void births_look(struct births *births, struct followed_set *set, uint64_t now_ns);

/** births_free - close and free all of it */
void births_free(struct births *births);

#endif
