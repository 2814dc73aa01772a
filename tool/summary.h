/* SPDX-License-Identifier: MIT */
/* A SUMMARY is a segment in a few numbers: what all its processes took, and what is not in it. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "history.h"

struct summary {
	uint64_t elapsed_ns; /* of the whole segment */
	uint64_t life_ns;    /* from the first process followed to the last record of any */
	size_t processes;
	size_t threads;		/* of them, followed alone */
	struct fl_counts total; /* of all; its memory is 0 */
	uint64_t peak_resident; /* pages; the most that all had at one time, as far as is known */
	bool knows_resident;	/* of any of them */
	uint64_t peak_swapped;
	bool sampled; /* memory of any was looked at: else what was swapped is not known */
	/* What is missing, as in struct faultline_end; without an end, what records tell. */
	uint64_t missed;
	uint64_t shed;
	uint64_t lost; /* also overwritten, or gone before the recorder came */
	uint64_t unfollowed;
	/* What recording cost; known only if the segment has an end. */
	uint64_t cost_ns; /* CPU time in all: of the recorder, and of the module's passes */
	uint64_t own_cpu_ns;
	uint64_t pass_ns;
	uint64_t passes;
};

/** summary_make - of a segment: 0 or -ENOMEM */
int summary_make(const struct history *history, uint32_t segment, struct summary *summary);

#endif
