/* SPDX-License-Identifier: MIT */
/*
 * The command to be watched: it is there before it begins, so that nothing of it is missed, and
 * the tool ends as it ended.
 */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

struct child {
	pid_t pid;	     /* 0: none */
	int fd;		     /* a pidfd: readable when it has ended */
	int go;		     /* its end of a channel: what it waits for */
	int trouble;	     /* a pipe's end: the errno of its exec comes from it */
	bool ended;	     /* reaped: the next two are filled */
	int status;	     /* as wait4(2) */
	struct rusage usage; /* its own and that of all children it waited for */
};

/**
 * child_prepare - fork; it waits for child_go() before it executes anything
 * @argv: NULL at its end; argv[0] is looked for in PATH
 *
 * Signals that a terminal sends to all (SIGINT, SIGQUIT) are ignored in the caller from now on, not
 * in the child; one of SIGCHLD that was ignored no longer is, likewise. If the caller dies before
 * child_go(), so does the child.
 *
 * Return: 0 or -errno.
 */
int child_prepare(struct child *child, char *const *argv);

/**
 * child_go - let it execute its program, and wait until it has or could not
 *
 * Return: 0, or -errno of execvp(3): it is reaped then.
 */
int child_go(struct child *child);

/**
 * child_peek - has it ended? It stays as it is: its number is not used again, its figures in
 * /proc can be read
 */
bool child_peek(struct child *child);

/** child_reap - wait for its end, fill in status and usage: 0 or -errno */
int child_reap(struct child *child);

/** child_kill - send it a signal; nothing if it was reaped */
void child_kill(struct child *child, int signal);

/** child_close - kill it if it never went, close descriptors; fine when zeroed or closed */
void child_close(struct child *child);

/**
 * child_end_as - end as the child did: die of its signal, else return its exit status
 *
 * To be called last: nothing is left to be done that a death would leave undone.
 */
int child_end_as(const struct child *child);

#endif
