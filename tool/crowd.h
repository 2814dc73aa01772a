/* SPDX-License-Identifier: MIT */
/*
 * The CROWD: all processes that may be followed, those that come later as well. Not the kernel's
 * threads, which have no memory of their own, and not the process that asks.
 */
#ifndef CROWD_H
#define CROWD_H

#include <stddef.h>

struct source;

struct crowd {
	int *pids; /* that were there at the last look, in order */
	size_t number;
	size_t left_out; /* that the source could not take */
};

/**
 * crowd_follow - look who is there and follow those who are new
 * @crowd: zeroed at first
 *
 * Root looks at all, another user at his own. What they fork is followed without a further look.
 *
 * Return: 0 or -errno of reading /proc.
 */
int crowd_follow(struct crowd *crowd, struct source *source);

/** crowd_clear - free it; it is zeroed */
void crowd_clear(struct crowd *crowd);

/** crowd_parent - the PID of a process's parent; 0: it has none, or is not there */
int crowd_parent(int pid);

#endif
