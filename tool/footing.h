/* SPDX-License-Identifier: MIT */
/*
 * The FOOTING of a view of what runs now: where its numbers come from, what that cannot see, what
 * was lost, and what the watching itself cost. Every view shows it.
 */
#ifndef FOOTING_H
#define FOOTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libfaultline.h"
#include "libfaultline_recording.h"

struct footing {
	const struct faultline_segment *segment; /* the source's */
	const char *why;			 /* source_why() */
	struct faultline_figures figures;	 /* the newest */
	uint64_t begin_ns;			 /* CLOCK_MONOTONIC */
	uint64_t begin_cpu_ns;			 /* of this process, before */
	uint64_t wall_ns;			 /* watched so long */
	uint64_t cpu_ns;			 /* CPU time of this process meanwhile */
};

struct source;

/** footing_begin - from now on it costs; @source outlives the footing */
void footing_begin(struct footing *footing, const struct source *source);

/** footing_update - ask what was lost and what it cost up to now */
void footing_update(struct footing *footing, const struct source *source);

/** footing_pass_ns - time of passes that is not in cpu_ns: only the module's is not */
uint64_t footing_pass_ns(const struct footing *footing);

/* Enough for each of the lines; they have no end of line and are written to the caller's text. */
#define FOOTING_BYTES 256

/** footing_source - "module 1.0, a sample every 10.0 ms" */
const char *footing_source(const struct footing *footing, char *text);

/** footing_lost - "nothing", or what, as losses_words() */
const char *footing_lost(const struct footing *footing, char *text);

/** footing_cost - "0.12 % of one CPU: 1.20 ms here, 310 us in the module" */
const char *footing_cost(const struct footing *footing, char *text);

#endif
