/* SPDX-License-Identifier: MIT */
/*
 * A condition that ends a recording: NAME>NUMBER or NAME<NUMBER, all processes together.
 *
 *	minor-rate, major-rate	faults a second
 *	cpu			percent, 100 for one CPU
 *	resident, swapped	bytes: 64k, 16M, 1G
 *	processes		how many are followed
 *
 * Rates are those of the last second, or of the time between two samples if that is longer. Before
 * there was a second, what there was is taken as if it had been all of one; less than a rate is
 * nothing before.
 */
#ifndef UNTIL_H
#define UNTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tally.h"

enum until_name {
	UNTIL_MINOR_RATE,
	UNTIL_MAJOR_RATE,
	UNTIL_CPU,
	UNTIL_RESIDENT,
	UNTIL_SWAPPED,
	UNTIL_PROCESSES,
};

/* Totals at a moment. */
struct until_mark {
	uint64_t time_ns;
	uint64_t minor;
	uint64_t major;
	uint64_t cpu_ns;
};

/* A second of them, and the one before that second. */
#define UNTIL_MARKS   128
#define UNTIL_MARK_NS 10000000ULL

/* Filled by until_parse(); nothing to be freed. */
struct until {
	enum until_name name;
	bool less;			      /* less than it; else more */
	double number;			      /* of the name's unit */
	struct until_mark marks[UNTIL_MARKS]; /* the newest at first + number - 1, in a circle */
	unsigned int first;
	unsigned int marked;
	uint64_t begin_ns; /* of the first mark there was */
};

/**
 * until_parse - read a condition
 * @problem: filled with one line if it is none
 *
 * Return: 0 or -EINVAL.
 */
int until_parse(struct until *until, const char *text, char *problem, size_t bytes);

/**
 * until_holds - look at a tally, of which all records of a moment are in
 * @page_bytes: the unit of its resident and swapped
 *
 * To be called for each moment that has records, in the order of time. Nothing holds before there
 * is a sample.
 */
bool until_holds(struct until *until, const struct tally *tally, uint32_t page_bytes);

#endif
