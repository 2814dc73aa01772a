/* SPDX-License-Identifier: MIT */
/* Processes as a table for people, one a line. */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include <stdio.h>

#include "ranking.h"

struct report_table {
	const struct history *history;
	const struct ranking *ranking; /* a tree is drawn as one */
	size_t number;		       /* so many lines of it at most */
	uint64_t page_bytes;
	uint64_t elapsed_ns; /* what CPU time is a percentage of */
	bool wide;	     /* the terminal's characters are UTF-8 */
};

/** report_table - a heading and the lines */
void report_table(FILE *to, const struct report_table *table);

#endif
