/* SPDX-License-Identifier: MIT */
/*
 * A FLIGHT recorder: of the records that it is given it keeps the last seconds, in memory, and
 * what is needed to understand them: who the processes of these seconds are, and what their totals
 * were when the seconds began.
 */
#ifndef FLIGHT_H
#define FLIGHT_H

#include <stddef.h>
#include <stdint.h>

#include "faultline.h"

struct flight;

/** flight_new - one that keeps so much time: NULL if there is no memory */
struct flight *flight_new(uint64_t window_ns);

/** flight_free - NULL is fine */
void flight_free(struct flight *flight);

/**
 * flight_add - copy a record, forget what is older than the window
 *
 * Return: 0, or -ENOMEM: it was not taken.
 */
int flight_add(struct flight *flight, const struct fl_record *record);

/**
 * flight_begin_ns - when the window begins
 *
 * A recording of it has that as its segment's start_ns: what was born before counts from its
 * totals then, the rest from zero.
 */
uint64_t flight_begin_ns(const struct flight *flight);

/** flight_bytes - how much memory its records take */
size_t flight_bytes(const struct flight *flight);

/**
 * flight_write - give all that it keeps, in the order of time
 * @take: called for each record; what it returns, if not 0, ends this
 *
 * First comes, of each process that was alive when the window began, what told of it, its newest
 * name and its newest totals; then all records of the window. They are numbered anew.
 *
 * Return: 0, -ENOMEM, or what @take returned.
 */
int flight_write(const struct flight *flight,
		 int (*take)(void *context, const struct fl_record *record), void *context);

#endif
