/* SPDX-License-Identifier: MIT */
/*
 * An INSIGHT is something that stands out in a segment: a sentence for people with its evidence in
 * numbers, the limits it was judged by among them.
 */
#ifndef INSIGHT_H
#define INSIGHT_H

#include "history.h"

#define INSIGHT_NUMBERS 8

enum insight_kind {
	INSIGHT_RECORDING, /* records or deadlines are missing, or it cost much itself */
	INSIGHT_THRASHING,
	INSIGHT_MAJOR, /* major faults, and where they cluster */
	INSIGHT_SWAP,
	INSIGHT_CHURN,	/* memory is given back and taken again */
	INSIGHT_GROWTH, /* resident memory that only grows */
	INSIGHT_BURST,
	INSIGHT_STORM,	/* of short-lived processes */
	INSIGHT_KILLED, /* by a signal */
};

/* One number of the evidence; its name ends in its unit: "rate_per_s", "memory_bytes". */
struct insight_number {
	const char *name;
	double value;
};

struct insight {
	enum insight_kind kind;
	uint32_t process; /* index of the one that it is about; HISTORY_NONE: of none alone */
	uint64_t from_ns; /* when it was; both 0: all the time */
	uint64_t to_ns;
	const char *title;				/* "Thrashing" */
	char text[640];					/* sentences; plain text, printable */
	struct insight_number numbers[INSIGHT_NUMBERS]; /* up to the first without a name */
};

struct insights {
	struct insight *all; /* in the order of their kinds, the weightier first */
	size_t number;
	size_t room;
};

/**
 * insights_find - look at a segment with all rules
 * @insights: to be freed by insights_free(), also after an error
 *
 * Return: 0 or -ENOMEM.
 */
int insights_find(const struct history *history, uint32_t segment, struct insights *insights);

/** insights_free - zeroed is fine */
void insights_free(struct insights *insights);

/** insight_name - of a kind, for programs: "thrashing" */
const char *insight_name(enum insight_kind kind);

#endif
