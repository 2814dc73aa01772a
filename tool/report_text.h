/* SPDX-License-Identifier: MIT */
/* The report as text. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdio.h>

#include "history.h"
#include "ranking.h"

#define REPORT_ALL SIZE_MAX

/* What of a recording is reported, and how. */
struct report {
	const struct history *history;
	const char *path;
	uint32_t segment; /* HISTORY_NONE: all, one after another */
	enum ranking_key sort;
	size_t number; /* of processes in a table; REPORT_ALL */
	bool tree;
	bool wide; /* to draw with characters beyond ASCII */
};

/** report_text - write it: 0 or -ENOMEM */
int report_text(FILE *to, const struct report *report);

#endif
