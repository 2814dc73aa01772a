/* SPDX-License-Identifier: MIT */
/* A TALLY is what records come to so far, all processes together, in little memory. */
#ifndef TALLY_H
#define TALLY_H

#include <stdint.h>

#include "faultline.h"

/* Zeroed by the caller but for start_ns; read what you like. */
struct tally {
	uint64_t
		start_ns; /* what was born since counts from zero, the rest from its first sample */
	uint64_t time_ns; /* of the newest record */
	uint64_t samples;
	uint64_t processes; /* and threads, that were followed at any time */
	uint64_t alive;	    /* of them, that are followed now */
	uint64_t minor;	    /* faults while they were followed */
	uint64_t major;
	uint64_t cpu_ns;
	uint64_t resident; /* pages, of those alive */
	uint64_t swapped;  /* pages, of those alive */
	void *targets;	   /* those alive; its own */
};

/** tally_add - take in a record; of a target that was never told of it is left out: 0, -ENOMEM */
int tally_add(struct tally *tally, const struct fl_record *record);

/** tally_clear - free what it has; its numbers stay */
void tally_clear(struct tally *tally);

#endif
