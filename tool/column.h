/* SPDX-License-Identifier: MIT */
/* The COLUMNS of the table on a screen: which of them fit, how wide they are, what is in them. */
#ifndef COLUMN_H
#define COLUMN_H

#include "cell.h"
#include "table.h"

/* Less of a rate is nothing: what a straight line between samples leaves over. */
#define RATE_LEAST 0.005

enum column {
	COLUMN_PID,
	COLUMN_MINOR,
	COLUMN_MAJOR,
	COLUMN_CPU,
	COLUMN_RESIDENT,
	COLUMN_SWAPPED,
	COLUMN_SPARK,
	COLUMN_NAME,
	COLUMNS,
};

struct column_plan {
	int widths[COLUMNS]; /* 0: not there */
	struct table_order order;
	bool unicode;
	uint64_t page_bytes;
	uint64_t length_ns; /* of an interval of a sparkline */
};

/** column_widths - share out the columns of a terminal; what is most asked for stays longest */
void column_widths(struct column_plan *plan, int columns);

/** column_heads - append the names of the columns; the one that is sorted by has an arrow */
void column_heads(const struct column_plan *plan, struct cell_line *line);

/** column_row - append a row's cells */
void column_row(const struct column_plan *plan, const struct table_row *row,
		struct cell_line *line);

#endif
