/* SPDX-License-Identifier: MIT */
/* A SERIES is what processes cost over time, in slices of the same length. */
#ifndef SERIES_H
#define SERIES_H

#include "history.h"

struct series {
	uint64_t from_ns;
	uint64_t step_ns;	      /* length of a slice, at least 1 */
	size_t number;		      /* of slices, at least 1 */
	struct history_rates *slices; /* memory is that at a slice's end, in pages */
};

/**
 * series_make - cut a segment into slices
 * @process: whose index; HISTORY_NONE: the sum of all of the segment
 * @number: of slices, at least 1
 * @series: to be freed by series_free(), also after an error
 *
 * Return: 0 or -ENOMEM.
 */
int series_make(const struct history *history, uint32_t segment, uint32_t process, size_t number,
		struct series *series);

/** series_free - zeroed is fine */
void series_free(struct series *series);

/** series_slices - into how many a segment is best cut: none shorter than two periods, @most */
size_t series_slices(const struct history *history, uint32_t segment, size_t most);

#endif
