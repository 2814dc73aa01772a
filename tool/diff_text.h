/* SPDX-License-Identifier: MIT */
/* A comparison for people, and for programs. */
#ifndef DIFF_TEXT_H
#define DIFF_TEXT_H

#include <stdio.h>

#include "compare.h"

struct diff_view {
	const struct compare *compare;
	uint32_t figures; /* bit for each enum compare_figure that is wanted */
	size_t number;	  /* of names that are shown */
	bool wide;	  /* the terminal's characters are UTF-8 */
};

/** diff_label - of a figure, for people: "minor faults" */
const char *diff_label(enum compare_figure figure);

/** diff_text - tables: of all, and of names */
void diff_text(FILE *to, const struct diff_view *view);

/** diff_json - one object, a newline behind it: 0, -ENOMEM or -EIO */
int diff_json(FILE *to, const struct diff_view *view);

#endif
