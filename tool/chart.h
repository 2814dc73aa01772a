/* SPDX-License-Identifier: MIT */
/* A CHART is a small plot made of text: columns over time, with axes. */
#ifndef CHART_H
#define CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CHART_COLUMNS 64 /* so that it fits into 79 with its axis */

struct chart {
	const char *title;    /* what is drawn, and its unit */
	const double *values; /* one for each column, 0 or more; CHART_COLUMNS at most */
	size_t number;	      /* of them */
	size_t rows;	      /* high, at least 2 */
	double seconds;	      /* that all columns last together */
	bool blocks;	      /* of the 8 heights that Unicode has; else of '#' and '.' */
};

/** chart_draw - draw it, a title line above it and the time below it */
void chart_draw(FILE *to, const struct chart *chart);

/** chart_top - where an axis ends that is to hold this: a round number, as is half of it */
double chart_top(double largest);

/** chart_step - between the marks of an axis, at least so much: 1, 2 or 5 times a power of ten */
double chart_step(double least);

#endif
