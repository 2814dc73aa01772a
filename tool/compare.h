/* SPDX-License-Identifier: MIT */
/*
 * A COMPARISON of two sets of runs, before and after. A run is a segment of a recording. Compared
 * are all processes of a run together, and those of a name, each by several figures.
 */
#ifndef COMPARE_H
#define COMPARE_H

#include <stdbool.h>

#include "history.h"
#include "statistics.h"

enum compare_side {
	COMPARE_BEFORE = 0,
	COMPARE_AFTER = 1,
	COMPARE_SIDES = 2,
};

enum compare_figure {
	COMPARE_ELAPSED,   /* ns: from the first process to the end of the last; of a name: lives */
	COMPARE_MINOR,	   /* faults */
	COMPARE_MAJOR,	   /* faults */
	COMPARE_CPU,	   /* ns */
	COMPARE_SYSTEM,	   /* ns, of CPU */
	COMPARE_RESIDENT,  /* bytes at most: of all at one time; of a name: of one process */
	COMPARE_SWAPPED,   /* bytes at most, likewise */
	COMPARE_SWITCHES,  /* voluntary and involuntary */
	COMPARE_PROCESSES, /* how many */
	COMPARE_FIGURES,
};

/* Their names, as programs have them: "elapsed", "minor"...; NULL at the end. */
extern const char *const compare_names[];

/*
 * Differences as large come about by chance once in a hundred comparisons at most. The usual one in
 * twenty would find something in every second report: it has eight figures and more.
 */
#define COMPARE_CHANCE 0.01

struct compare_subject {
	char name[FL_COMM_BYTES];      /* "": all processes */
	uint32_t nth;		       /* of those of the name, from 1; 0: all of them */
	double *values[COMPARE_SIDES]; /* COMPARE_FIGURES for each run; NAN: not known */
};

struct compare {
	bool each; /* compare the nth process of a name with the nth; else all of it together */
	size_t runs[COMPARE_SIDES];
	struct compare_subject *subjects; /* all first, then those with most faults */
	size_t number;
	struct compare_private *private;
};

/* Of runs whose figure is known; a side that has none has the number 0. */
struct compare_change {
	struct statistics before;
	struct statistics after;
	double difference; /* of the means; NAN if one is not known */
	double percent;	   /* of the mean before; INFINITY if that is 0 and the one after is not */
	double chance;	   /* that runs differ as much without a reason; -1: not known */
};

/** compare_add - runs of a side: all segments of a recording, which is not kept: 0 or -ENOMEM */
int compare_add(struct compare *compare, enum compare_side side, const struct history *history);

/** compare_finish - all runs were added; fill in the subjects: 0 or -ENOMEM */
int compare_finish(struct compare *compare);

/** compare_change - how a figure of a subject changed */
struct compare_change compare_change(const struct compare *compare,
				     const struct compare_subject *subject,
				     enum compare_figure figure);

/** compare_is_beyond - is that more than the noise? Never, if there is none to compare with */
bool compare_is_beyond(const struct compare_change *change);

/** compare_free - zeroed is fine */
void compare_free(struct compare *compare);

#endif
