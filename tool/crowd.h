/* SPDX-License-Identifier: MIT */
/*
 * The CROWD: all processes that may be followed, those that come later as well. Not the kernel's
 * threads, which have no memory of their own, and not the process that asks.
 */
#ifndef CROWD_H
#define CROWD_H

#include <stdbool.h>
#include <stddef.h>

struct source;

struct crowd_member {
	int pid;
	bool tried; /* to follow it */
};

struct crowd {
	struct crowd_member *members; /* who was there at the last look, by PID */
	size_t number;
	size_t left_out; /* that the source could not take */
};

/**
 * crowd_follow - look who is there and follow those who are new
 * @crowd: zeroed at first
 *
 * Root looks at all, another user at his own. At the first look all are followed at once; who comes
 * later, if he is there at two looks, between which the source is to have taken a sample: it then
 * has found those that are forked by who is followed, and nobody is told of twice.
 *
 * Return: 0 or -errno.
 */
int crowd_follow(struct crowd *crowd, struct source *source);

/** crowd_clear - free it; it is zeroed */
void crowd_clear(struct crowd *crowd);

/** crowd_parent - the PID of a process's parent; 0: it has none, or is not there */
int crowd_parent(int pid);

#endif
