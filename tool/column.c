// SPDX-License-Identifier: MIT
#include "column.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "spark.h"
#include "units.h"

#define NAME_LEAST  8
#define NAME_USUAL  (FL_COMM_BYTES - 1)
#define SPARK_LEAST 8
#define INDENT	    2 /* columns for each level of the tree */
#define ENDED	    " (ended)"
#define ENDED_WIDTH ((int)sizeof(ENDED) - 1)

struct column_kind {
	const char *name;
	enum table_key key;
	int width; /* the least */
};

static const struct column_kind kinds[COLUMNS] = {
	[COLUMN_PID] = { "PID", TABLE_PID, 7 },
	[COLUMN_MINOR] = { "minor/s", TABLE_MINOR, 8 },
	[COLUMN_MAJOR] = { "major/s", TABLE_MAJOR, 8 },
	[COLUMN_CPU] = { "CPU", TABLE_CPU, 7 },
	[COLUMN_RESIDENT] = { "resident", TABLE_RESIDENT, 9 },
	[COLUMN_SWAPPED] = { "swapped", TABLE_SWAPPED, 8 },
	[COLUMN_SPARK] = { "faults", TABLE_KEYS, SPARK_LEAST },
	[COLUMN_NAME] = { "name", TABLE_NAME, NAME_LEAST },
};

/* Take from @left what the column can use up to a width. */
static int widen(int *width, int most, int left)
{
	int more = most - *width;

	if (!*width || more <= 0)
		return left;
	if (more > left)
		more = left;
	*width += more;
	return left - more;
}

void column_widths(struct column_plan *plan, int columns)
{
	static const enum column wanted[] = { COLUMN_MINOR, COLUMN_NAME,   COLUMN_MAJOR,
					      COLUMN_PID,   COLUMN_CPU,	   COLUMN_RESIDENT,
					      COLUMN_SPARK, COLUMN_SWAPPED };
	int left = columns + 1;

	memset(plan->widths, 0, sizeof(plan->widths));
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		int width = kinds[wanted[i]].width;

		if (left < width + 1 && i > 0)
			break;
		plan->widths[wanted[i]] = width;
		left -= width + 1;
	}
	if (left < 0)
		left = 0;
	left = widen(&plan->widths[COLUMN_NAME], NAME_USUAL, left);
	left = widen(&plan->widths[COLUMN_SPARK], TABLE_SPARK, left);
	widen(&plan->widths[COLUMN_NAME], columns, left);
}

static void put_gap(struct cell_line *line)
{
	if (line->columns)
		cell_text(line, " ");
}

void column_heads(const struct column_plan *plan, struct cell_line *line)
{
	const char *down = plan->unicode ? "▼" : "v";
	const char *up = plan->unicode ? "▲" : "^";

	for (int i = 0; i < COLUMNS; i++) {
		const char *mark =
			kinds[i].key == plan->order.key ? (plan->order.reverse ? up : down) : "";
		char text[64];

		if (!plan->widths[i])
			continue;
		put_gap(line);
		if (i == COLUMN_SPARK) {
			snprintf(text, sizeof(text), "last %.0f s",
				 plan->widths[i] * (plan->length_ns / 1e9));
			cell_left(line, text, plan->widths[i]);
			continue;
		}
		snprintf(text, sizeof(text), "%s%s", mark, kinds[i].name);
		if (i == COLUMN_NAME)
			cell_left(line, text, plan->widths[i]);
		else
			cell_right(line, text, plan->widths[i]);
	}
}

static void put_spark(const struct column_plan *plan, const struct table_row *row,
		      struct cell_line *line)
{
	char text[SPARK_BYTES(TABLE_SPARK)];
	int number = plan->widths[COLUMN_SPARK];

	spark_draw(text, row->spark + TABLE_SPARK - number, number, plan->unicode);
	cell_left(line, text, number);
}

/* Those who are deep in the tree keep room for their names. */
static void put_name(const struct column_plan *plan, const struct table_row *row,
		     struct cell_line *line)
{
	int width = plan->widths[COLUMN_NAME];
	int level = (width - NAME_LEAST) / INDENT;
	const char *branch = plan->unicode ? "└ " : "` ";
	char text[64];

	if ((unsigned int)level > row->depth)
		level = (int)row->depth;
	if (level > 0) {
		cell_left(line, "", (level - 1) * INDENT);
		cell_left(line, branch, INDENT);
		width -= level * INDENT;
	}
	snprintf(text, sizeof(text), "%s%s", row->name, row->ended ? ENDED : "");
	if (!row->ended || cell_columns(text) <= width) {
		cell_left(line, text, width);
	} else if (width < NAME_LEAST + ENDED_WIDTH / 2) {
		cell_left(line, row->name, width);
	} else {
		/* A long name gives way to the mark. */
		cell_left(line, row->name, width - ENDED_WIDTH);
		cell_text(line, ENDED);
	}
}

static double snapped(double rate)
{
	return rate < RATE_LEAST ? 0 : rate;
}

static const char *text_of(char *text, const struct column_plan *plan, const struct table_row *row,
			   enum column column)
{
	switch (column) {
	case COLUMN_PID:
		snprintf(text, UNITS_BYTES, "%d", row->tid ? row->tid : row->pid);
		return text;
	case COLUMN_MINOR:
		return units_short(text, snapped(row->rates.minor));
	case COLUMN_MAJOR:
		return units_short(text, snapped(row->rates.major));
	case COLUMN_CPU:
		return units_percent(text, snapped(row->rates.cpu * 100));
	case COLUMN_RESIDENT:
		return units_bytes(text, row->rates.resident * plan->page_bytes);
	default:
		return units_bytes(text, row->rates.swapped * plan->page_bytes);
	}
}

void column_row(const struct column_plan *plan, const struct table_row *row, struct cell_line *line)
{
	char text[UNITS_BYTES];

	for (int i = 0; i < COLUMNS; i++) {
		if (!plan->widths[i])
			continue;
		put_gap(line);
		if (i == COLUMN_SPARK)
			put_spark(plan, row, line);
		else if (i == COLUMN_NAME)
			put_name(plan, row, line);
		else
			cell_right(line, text_of(text, plan, row, i), plan->widths[i]);
	}
}
