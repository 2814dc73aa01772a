/* SPDX-License-Identifier: MIT */
/* Walks over batches as a program does, and sees that records are what the library promises. */
#ifndef FL_WALK_H
#define FL_WALK_H

#include <stdlib.h>

#include "libfaultline.h"

/* Needs all that was read, so that no compiler leaves the reading out. */
static uint64_t walk_sum;

static inline size_t walk_least(uint16_t type)
{
	switch (type) {
	case FL_RECORD_SAMPLE:
		return sizeof(struct fl_sample);
	case FL_RECORD_TARGET:
	case FL_RECORD_FORK:
		return sizeof(struct fl_join);
	case FL_RECORD_EXEC:
		return sizeof(struct fl_exec);
	case FL_RECORD_EXIT:
		return FL_EXIT_BYTES_MINOR_0;
	case FL_RECORD_LEFT:
		return sizeof(struct fl_left);
	case FL_RECORD_MISSED:
		return sizeof(struct fl_missed);
	case FL_RECORD_LOST:
		return sizeof(struct fl_lost);
	default:
		return sizeof(struct fl_record);
	}
}

/* Reads all bytes of all records: how many records. */
static inline uint64_t walk_batch(struct faultline_batch *batch)
{
	const struct fl_record *record;
	uint64_t count = 0;

	for (; (record = faultline_next(batch)); count++) {
		const uint64_t *words = (const void *)record;

		if (record->type == FL_RECORD_PAD || record->size < walk_least(record->type) ||
		    record->size % 8)
			abort();
		for (size_t i = 0; i < record->size / sizeof(*words); i++)
			walk_sum += words[i];
	}
	return count;
}

#endif
