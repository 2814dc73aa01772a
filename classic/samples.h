/* SPDX-License-Identifier: MIT */
/*
 * Taking samples out of the buffer that faultline_classic.h describes. Pure over memory: the buffer
 * may be the module's or any other of FL_CLASSIC_BYTES bytes.
 *
 * Taking is in two steps, so that what could not be printed stays in the buffer: copy some samples,
 * print them, then clear them. Other readers and the writer may be at work in the same buffer at
 * any time. A sample is copied whole or not at all, and only a slot that still holds the copied
 * sample is cleared; but two readers may both have copied it, unless they share a lock. One walk is
 * never longer than once round.
 */
#ifndef FL_SAMPLES_H
#define FL_SAMPLES_H

#include <stddef.h>

#include "faultline_classic.h"

struct sample {
	long value[FL_CLASSIC_FIELDS]; /* by enum fl_classic_field */
};

/* A walk over a buffer. */
struct samples {
	long *buffer;
	unsigned int slot; /* the next one to take */
	unsigned int left; /* slots until the walk has been once round */
};

/**
 * samples_begin - start a walk at the first slot that is not empty
 * @s: owned by the caller, needs no release
 * @buffer: FL_CLASSIC_BYTES bytes, aligned to a long; must outlive the walk
 */
void samples_begin(struct samples *s, long *buffer);

/**
 * samples_copy - copy the next samples, without clearing their slots or moving on
 * @out: room for @max samples
 *
 * Return: how many were copied; less than @max if an empty slot or the end of the round came first.
 */
size_t samples_copy(const struct samples *s, struct sample *out, size_t max);

/**
 * samples_clear - set the slots of copied samples back to FL_CLASSIC_EMPTY and move on behind them
 * @copied: what samples_copy() copied last, or the first ones of it
 * @count: how many
 */
void samples_clear(struct samples *s, const struct sample *copied, size_t count);

#endif
