/* SPDX-License-Identifier: MIT */
/* Several processes that do the same work with different dice, and count together. */
#ifndef CREW_H
#define CREW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "dice.h"

#define CREW_COUNTS 16
#define CREW_ROUNDS 40 /* at least, of each member, however slow the machine is */

/* The verbs of the proc file. */
#define REGISTER   'R'
#define UNREGISTER 'U'

struct crew_member {
	unsigned int number;
	struct dice dice;     /* the seed and the number decide what it gives */
	unsigned int rounds;  /* so far, that were of any use */
	unsigned long *count; /* CREW_COUNTS counters, shared by all */
};

/*
 * Runs work in so many processes and waits for them. Prints the counters in one line, each behind
 * its name; names ends with NULL. Returns main's status: 0, or 1 if a member failed.
 */
int crew_run(unsigned int members, uint64_t seed, uint64_t milliseconds, const char *const *names,
	     void (*work)(struct crew_member *member));

/* To be asked before each round: is there time left, or were there hardly any rounds? */
bool crew_goes_on(struct crew_member *member);

/* Adds to a counter. */
void crew_count(struct crew_member *member, int which, unsigned long more);

/* Says why on standard error, as printf does, and ends the process with status 1. */
void crew_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Memory that is shared with the children to come; fails itself. */
void *crew_memory(size_t bytes);

/* Microseconds of a clock that never goes back. */
uint64_t crew_now(void);

/* A number from the command line; fails itself. */
uint64_t crew_number(const char *text);

/* Opens the module's proc file for reading and writing; fails itself. */
int crew_open_status(void);

/* Writes one command. Returns 0 or the error's number. */
int crew_send(int status, char verb, pid_t pid);

#endif
