/* SPDX-License-Identifier: MIT */
/*
 * Following processes: what record, stat and top share. The options that say whom, how often and
 * from where; the source, the child if there is one, the signals that end it; and the loop's wait.
 */
#ifndef FOLLOW_H
#define FOLLOW_H

#include <argp.h>
#include <stdbool.h>

#include "child.h"
#include "source.h"

#define FOLLOW_TARGETS_MAX 2048

struct follow_target {
	enum fl_target_kind kind;
	int number;	    /* PID or TID */
	const char *cgroup; /* path below the cgroup2 mount, or of a folder */
};

/* Filled by follow_argp. Zeroed by the caller before it parses. */
struct follow_options {
	struct source_plan plan;
	struct follow_target *targets; /* freed by follow_close() */
	size_t number;
	bool alone;	/* --no-children: a process by itself, without what it forks */
	bool quiet;	/* set by the verb: do not say which source runs */
	char **command; /* NULL at its end; NULL if none was given */
};

/*
 * To be a child of a verb's own argp; its input is a struct follow_options:
 *
 *	-p, --pid PID[,PID...]	-t, --tid TID[,TID...]	--cgroup PATH
 *	-I, --interval TIME	--source module|perf|proc	--no-children
 *	[--] COMMAND [ARGUMENT]...
 *
 * The verb's parser hands it its options with state->child_inputs[0] = &options, and takes
 * ARGP_IN_ORDER so that a command keeps its own options. That someone is to be followed is for the
 * verb to ask for: follow_argp takes none, too.
 */
extern const struct argp follow_argp;

/* The same without -I, for who has another use for it. */
extern const struct argp follow_whom_argp;

struct follow {
	struct follow_options options;
	struct source *source;
	struct child child; /* pid 0 if no command was given */
	int signals;	    /* a signalfd: SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGWINCH */
	int caught;	    /* the signal that asked to end; 0: none yet */
	bool resized;	    /* SIGWINCH came; for the caller to clear */
	int gather_ms;	    /* set by the caller: let records gather so long; 0: tell of each */
	bool more_join;	    /* nobody left is no end: so for a cgroup, or if the caller says so */
	/* Of the end that is not told yet: follow_next() and follow_rest(). */
	uint32_t command; /* its id in records; 0: not known yet */
	bool told_end;
	uint64_t rest_ms;
};

/**
 * follow_open - open the source, prepare the command, add all targets
 * @follow: zeroed but for its options
 *
 * The line that says which source runs and what it cannot see is printed here (say()), unless it
 * is the module.
 *
 * Return: 0, or the status to exit with after a line was said; follow_close() in any case.
 */
int follow_open(struct follow *follow);

/** follow_start - begin to sample, let the command go: 0, or the status to exit with */
int follow_start(struct follow *follow);

/* What follow_wait() found; several may be set. */
#define FOLLOW_RECORDS (1U << 0) /* source_next() has some */
#define FOLLOW_ENDED   (1U << 1) /* the command has ended, or nobody is left, or a signal came */
#define FOLLOW_RESIZED (1U << 2) /* the terminal's size changed */
#define FOLLOW_OTHER   (1U << 3) /* @other is readable */

/**
 * follow_wait - sleep until there is something to do
 * @other: a further descriptor to wake for (a keyboard), or -1
 * @timeout_ms: -1: for ever
 *
 * SIGTERM and SIGHUP are passed on to the command, and do not end this; so is a SIGINT that does
 * not come from a terminal, which sends it to the command itself. SIGHUP and SIGTERM that were
 * ignored when the tool was started, as nohup(1) does it, stay so; SIGINT, which a shell ignores
 * for its background, does not: kill -INT is how a recording is ended.
 *
 * Return: FOLLOW_... bits, 0 if time ran out, or -errno.
 */
int follow_wait(struct follow *follow, int other, int timeout_ms);

/**
 * follow_end - take a last sample, stop, wait for the command and reap it
 *
 * What is left can be read from the source afterwards, the EXIT of a command that had ended
 * included. Signals are passed on while it waits. Whoever wants no more of the source may have
 * closed it, and set it to NULL.
 *
 * Return: 0 or -errno.
 */
int follow_end(struct follow *follow);

/**
 * follow_next - source_next(), which also notes the command's end
 */
int follow_next(struct follow *follow, const struct fl_record **record);

/**
 * follow_rest - after follow_end(): may there be more to read, of ends that were not told yet?
 *
 * The module tells of an end when the last thread has left its CPU, which is after its parent heard
 * of it. Waits a little, and is false at once if nobody is followed any more.
 *
 * Return: true: read on, then ask again.
 */
bool follow_rest(struct follow *follow);

/** follow_close - close all; fine after a follow_open() that failed */
void follow_close(struct follow *follow);

#endif
