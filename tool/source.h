/* SPDX-License-Identifier: MIT */
/*
 * A SOURCE gives records, as faultline.h has them, of processes that run now. Who reads them does
 * not know where they come from: from the module, or, where that is not loaded, from
 * perf_event_open(2) and /proc, or from /proc alone, which see less and say so (source_segment()).
 *
 * All sources keep the contract's rules: a target has a record that tells of it before any other,
 * its totals never go back, and an EXIT or LEFT is its last. Times are CLOCK_MONOTONIC.
 *
 * ERRORS are -errno, and then source_message() has a line for people. One thread at a time.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "libfaultline.h"
#include "libfaultline_recording.h"

struct source;

/* What a source is to be like. */
struct source_plan {
	enum faultline_source kind; /* 0: the best that is permitted: module, perf, /proc */
	const char *device;	    /* the module's; NULL: FL_DEVICE */
	uint64_t period_ns;	    /* 0: the kind's own: SOURCE_PERIOD_NS */
	bool only_when_asked;	    /* no period: source_sample() */
};

/* How often a kind samples if nobody says: 100 and 20 times a second. */
#define SOURCE_MODULE_PERIOD_NS 10000000ULL
#define SOURCE_OTHER_PERIOD_NS	50000000ULL

/*
 * Who may lock little memory gets a ring of the module's that is smaller than FL_RING_BYTES, down
 * to this, in which a pass over some hundred processes has room.
 */
#define SOURCE_RING_LEAST_BYTES (32ULL << 10)

/**
 * source_open - open the kind asked for, or the best one that is permitted
 * @source: to be closed by the caller; NULL on error
 *
 * Return: 0, or -errno. -EPROTONOSUPPORT: the module speaks another version, which is not passed
 * over in silence.
 */
int source_open(const struct source_plan *plan, struct source **source);

/** source_close - end it and free it; NULL is fine */
void source_close(struct source *source);

/** source_message - what the last call of this thread that failed at, one line; never NULL */
const char *source_message(void);

/**
 * source_segment - what a recording of it begins with: kind, version, period, what it cannot see
 *
 * Return: complete but for the command; it goes with the source.
 */
const struct faultline_segment *source_segment(const struct source *source);

/** source_why - why no better kind was taken: one line, "" if it is the best; goes with it */
const char *source_why(const struct source *source);

/**
 * source_add - follow a target from now on
 * @number: PID, TID or descriptor of a cgroup's folder, by @kind
 *
 * Return: 0, or -errno as faultline_session_add(); -EOPNOTSUPP if this source cannot follow that.
 */
int source_add(struct source *source, enum fl_target_kind kind, int number);

/** source_start - take samples, the first one period from now: 0 or -errno */
int source_start(struct source *source);

/** source_stop - take no more; what is there can still be read: 0 or -errno */
int source_stop(struct source *source);

/** source_sample - take one sample of all targets now: 0 or -errno */
int source_sample(struct source *source);

/** source_fd - readable when source_next() has something; for poll(2); it stays the source's */
int source_fd(const struct source *source);

/**
 * source_next - the next record; does not wait
 * @record: valid until the next call
 *
 * Return: 1, 0 if there is none now, or -errno: final.
 */
int source_next(struct source *source, const struct fl_record **record);

/** source_targets - how many processes and threads are followed now */
size_t source_targets(const struct source *source);

/**
 * source_figures - what it lost and cost so far; size is set by the caller
 *
 * What passes of the module cost, pass_ns, comes on top of this process's CPU time. Those of the
 * other kinds are this process's own, so their pass_ns is a part of that.
 */
void source_figures(const struct source *source, struct faultline_figures *figures);

/* What a kind of source is made of: each member as the function of its name. */
struct source_kind {
	enum faultline_source kind;
	int (*open)(const struct source_plan *plan, struct source **source);
	void (*close)(struct source *source);
	int (*add)(struct source *source, enum fl_target_kind kind, int number);
	int (*start)(struct source *source);
	int (*stop)(struct source *source);
	int (*sample)(struct source *source);
	int (*next)(struct source *source, const struct fl_record **record);
	void (*figures)(const struct source *source, struct faultline_figures *figures);
};

/* The first member of each kind's own struct; kinds fill it when they open. */
struct source {
	const struct source_kind *kind;
	struct faultline_segment segment;
	char why[256];
	int fd;
};

extern const struct source_kind source_module;
extern const struct source_kind source_perf;
extern const struct source_kind source_proc;

/** source_failed - for kinds: keep a line for source_message(), return @error */
int source_failed(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
