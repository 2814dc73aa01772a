// SPDX-License-Identifier: MIT
#include "screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "column.h"
#include "spark.h"
#include "units.h"

/* Columns that lines of totals have beside their sparkline. */
#define TOTALS 49

/* Columns for the names in front of lines of words. */
#define NAMES 12

/* From how many lines of the terminal on each part is there. */
#define MINOR_FROM  1
#define HEAD_FROM   3
#define KEYS_FROM   6
#define MAJOR_FROM  8
#define TITLE_FROM  9
#define SOURCE_FROM 10
#define LOST_FROM   11
#define BLIND_FROM  12

static const char *const key_names[TABLE_KEYS] = {
	[TABLE_MINOR] = "minor faults", [TABLE_MAJOR] = "major faults", [TABLE_CPU] = "CPU time",
	[TABLE_RESIDENT] = "resident",	[TABLE_SWAPPED] = "swapped",	[TABLE_PID] = "PID",
	[TABLE_NAME] = "name",
};

/* A further line, or the last one again if there is no room for it, which compose() sees to. */
static struct cell_line *add_line(struct screen *screen, enum screen_style style, int columns)
{
	struct screen_line *line = &screen->lines[screen->number];

	if (screen->number + 1 < screen->room)
		screen->number++;
	line->style = style;
	line->line.text[0] = '\0';
	line->line.bytes = 0;
	line->line.columns = 0;
	line->line.room = columns;
	return &line->line;
}

/* What is cut off shows that it is. */
static void put_rest(struct cell_line *line, const char *text)
{
	int room = line->room - line->columns;

	if (room < 8 || cell_columns(text) <= room) {
		cell_text(line, text);
		return;
	}
	cell_left(line, text, room - 3);
	cell_text(line, "...");
}

static void put_title(struct screen *screen, const struct screen_view *view, int columns)
{
	struct cell_line *line = add_line(screen, SCREEN_TITLE, columns);
	const struct table *table = view->table;
	size_t alive = table->number - table->ended;
	char count[UNITS_BYTES];
	char every[UNITS_BYTES];
	char left_out[64] = "";
	char ended[64] = "";
	char text[256];

	if (table->ended)
		snprintf(ended, sizeof(ended), ", %s ended", units_count(count, table->ended));
	if (view->left_out)
		snprintf(left_out, sizeof(left_out), ", %s not followed",
			 units_count(count, view->left_out));
	snprintf(text, sizeof(text), "faultline top  %s%s process%s%s%s, each %s, by %s%s%s",
		 view->paused ? "PAUSED  " : "", units_count(count, alive), alive == 1 ? "" : "es",
		 ended, left_out, units_time(every, view->length_ns), key_names[view->order.key],
		 view->order.reverse ? " reversed" : "", view->order.tree ? ", as a tree" : "");
	put_rest(line, text);
}

static void put_whole(struct cell_line *line, const char *text)
{
	if (cell_columns(text) <= line->room - line->columns)
		cell_text(line, text);
}

/* "minor 12.3k/s ▂▄▆█" and two figures, of which those that fit are shown. */
static void put_total(struct screen *screen, const struct screen_view *view, int columns,
		      const char *name, double rate, const float *cells, const char *const *more)
{
	struct cell_line *line = add_line(screen, SCREEN_PLAIN, columns);
	int number = columns - TOTALS > TABLE_SPARK ? TABLE_SPARK : columns - TOTALS;
	char spark[SPARK_BYTES(TABLE_SPARK)];
	char text[UNITS_BYTES];

	cell_left(line, name, columns < 16 ? 1 : 6);
	cell_right(line, units_short(text, rate < RATE_LEAST ? 0 : rate), columns < 16 ? 6 : 7);
	cell_text(line, "/s ");
	if (number > 0) {
		spark_draw(spark, cells + TABLE_SPARK - number, number, view->unicode);
		cell_left(line, spark, number);
		cell_text(line, " ");
	}
	put_whole(line, more[0]);
	put_whole(line, more[1]);
}

/* Where there is no room for the title, it says in its place that the table stands still. */
static void put_minor(struct screen *screen, const struct screen_view *view, int columns,
		      bool titled)
{
	const struct history_rates *total = &view->table->total;
	char text[UNITS_BYTES];
	char time[64];
	char memory[64];

	snprintf(time, sizeof(time), "CPU    %6s", units_percent(text, total->cpu * 100));
	snprintf(memory, sizeof(memory), "  resident %8s",
		 units_bytes(text, total->resident * view->footing->segment->page_bytes));
	put_total(screen, view, columns, view->paused && !titled ? "PAUSED" : "minor", total->minor,
		  view->table->minor, (const char *const[]){ time, memory });
}

static void put_major(struct screen *screen, const struct screen_view *view, int columns)
{
	const struct history_rates *total = &view->table->total;
	char text[UNITS_BYTES];
	char time[64];
	char memory[64];

	snprintf(time, sizeof(time), "kernel %6s", units_percent(text, total->system * 100));
	snprintf(memory, sizeof(memory), "  swapped  %8s",
		 units_bytes(text, total->swapped * view->footing->segment->page_bytes));
	put_total(screen, view, columns, "major", total->major, view->table->major,
		  (const char *const[]){ time, memory });
}

static void put_pair(struct screen *screen, int columns, const char *name, const char *text)
{
	struct cell_line *line = add_line(screen, SCREEN_PLAIN, columns);

	cell_left(line, name, NAMES);
	put_rest(line, text);
}

static void put_source(struct screen *screen, const struct screen_view *view, int columns)
{
	char text[FOOTING_BYTES];

	put_pair(screen, columns, "source", footing_source(view->footing, text));
}

static void put_lost(struct screen *screen, const struct screen_view *view, int columns)
{
	char lost[FOOTING_BYTES];
	char cost[FOOTING_BYTES];
	char text[2 * FOOTING_BYTES + 32];

	snprintf(text, sizeof(text), "%s; own cost %s", footing_lost(view->footing, lost),
		 footing_cost(view->footing, cost));
	put_pair(screen, columns, "lost", text);
}

static const char *blind_of(const struct screen_view *view)
{
	return view->footing->segment->blind ? view->footing->segment->blind : "";
}

static void put_keys(struct screen *screen, const struct screen_view *view, int columns)
{
	static const char *const texts[] = {
		"sort: m minor  M major  c CPU  r resident  s swapped  p PID  n name   "
		"R reverse  t tree  space pause  h help  q quit",
		"sort: m M c r s p n  R reverse  t tree  space pause  h help  q quit",
		"h help  q quit",
	};
	struct cell_line *line = add_line(screen, SCREEN_KEYS, columns);
	size_t i = 0;

	while (i + 1 < sizeof(texts) / sizeof(texts[0]) && cell_columns(texts[i]) > columns)
		i++;
	cell_text(line, view->help ? "any key: back" : texts[i]);
	cell_left(line, "", columns - line->columns);
}

static enum screen_style style_of(const struct screen_view *view, size_t row)
{
	const struct table_row *shown = &view->table->rows[row];

	if (!view->plain && row == view->cursor)
		return SCREEN_CURSOR;
	if (shown->ended)
		return SCREEN_ENDED;
	return shown->rates.major > 0 ? SCREEN_MAJOR : SCREEN_PLAIN;
}

static void put_rows(struct screen *screen, const struct screen_view *view,
		     const struct column_plan *plan, int columns)
{
	for (size_t i = 0; i < screen->rows; i++) {
		size_t row = view->first + i;
		struct cell_line *line;

		if (row >= view->table->number) {
			add_line(screen, SCREEN_PLAIN, columns);
			continue;
		}
		line = add_line(screen, style_of(view, row), columns);
		column_row(plan, &view->table->rows[row], line);
		if (!view->plain)
			cell_left(line, "", columns - line->columns);
	}
}

static void put_heads(struct screen *screen, const struct screen_view *view,
		      const struct column_plan *plan, int columns)
{
	struct cell_line *line = add_line(screen, SCREEN_HEAD, columns);

	column_heads(plan, line);
	if (!view->plain)
		cell_left(line, "", columns - line->columns);
}

/* Words of a text, on as many lines as they take. */
static void put_wrapped(struct screen *screen, int columns, const char *name, const char *text)
{
	struct cell_line *line = add_line(screen, SCREEN_PLAIN, columns);
	char word[128];

	cell_left(line, name, NAMES);
	for (; *text; text += strspn(text, " ")) {
		size_t bytes = strcspn(text, " ");

		snprintf(word, sizeof(word), "%.*s ", (int)bytes, text);
		if (line->columns > NAMES && line->columns + cell_columns(word) > columns) {
			line = add_line(screen, SCREEN_PLAIN, columns);
			cell_left(line, "", NAMES);
		}
		cell_text(line, word);
		text += bytes;
	}
}

static void put_help(struct screen *screen, const struct screen_view *view, int columns)
{
	static const char *const pairs[][2] = {
		{ "m M", "sort by minor faults, by major faults a second" },
		{ "c r s", "sort by CPU time, resident, swapped" },
		{ "p n", "sort by PID, by name" },
		{ "R", "reverse the order" },
		{ "t", "children below their parents" },
		{ "space", "pause; what happens meanwhile is still counted" },
		{ "arrows", "move the cursor; also page up, page down, home, end" },
		{ "q", "quit; a command that top began is ended" },
	};
	char text[FOOTING_BYTES];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		put_pair(screen, columns, pairs[i][0], pairs[i][1]);
	add_line(screen, SCREEN_PLAIN, columns);
	put_wrapped(
		screen, columns, "sparklines",
		"are faults, minor and major, an interval a block, each row by its own highest");
	put_wrapped(screen, columns, "CPU", "is 100 % for one CPU all the time");
	put_wrapped(screen, columns, "source", footing_source(view->footing, text));
	if (*view->footing->why)
		put_wrapped(screen, columns, "because", view->footing->why);
	if (*blind_of(view))
		put_wrapped(screen, columns, "cannot see", blind_of(view));
	put_wrapped(screen, columns, "lost", footing_lost(view->footing, text));
	put_wrapped(screen, columns, "own cost", footing_cost(view->footing, text));
}

/* How many rows of the table there is room for below and above the rest. */
static size_t rows_left(const struct screen_view *view, size_t rows)
{
	size_t rest = (rows >= MINOR_FROM) + (rows >= HEAD_FROM) + (rows >= KEYS_FROM) +
		      (rows >= MAJOR_FROM) + (rows >= TITLE_FROM) + (rows >= SOURCE_FROM) +
		      (rows >= LOST_FROM) + (rows >= BLIND_FROM && *blind_of(view));

	return rows > rest ? rows - rest : 0;
}

/* The cursor into the table, the rows shown to where the cursor is. */
static void scroll(struct screen_view *view, size_t rows)
{
	size_t number = view->table->number;

	if (view->cursor >= number)
		view->cursor = number ? number - 1 : 0;
	if (view->first + rows > number)
		view->first = number > rows ? number - rows : 0;
	if (view->cursor < view->first)
		view->first = view->cursor;
	if (rows && view->cursor >= view->first + rows)
		view->first = view->cursor - rows + 1;
}

static void put_table(struct screen *screen, struct screen_view *view, size_t rows, int columns)
{
	struct column_plan plan = {
		.order = view->order,
		.unicode = view->unicode,
		.page_bytes = view->footing->segment->page_bytes,
		.length_ns = view->length_ns,
	};

	column_widths(&plan, columns);
	scroll(view, screen->rows);
	if (rows >= TITLE_FROM)
		put_title(screen, view, columns);
	put_minor(screen, view, columns, rows >= TITLE_FROM);
	if (rows >= MAJOR_FROM)
		put_major(screen, view, columns);
	if (rows >= SOURCE_FROM)
		put_source(screen, view, columns);
	if (rows >= BLIND_FROM && *blind_of(view))
		put_pair(screen, columns, "cannot see", blind_of(view));
	if (rows >= LOST_FROM)
		put_lost(screen, view, columns);
	if (rows >= HEAD_FROM)
		put_heads(screen, view, &plan, columns);
	put_rows(screen, view, &plan, columns);
	if (rows >= KEYS_FROM && !view->plain)
		put_keys(screen, view, columns);
}

/* One line more than can be needed, which is never shown. */
static int make_room(struct screen *screen, size_t rows)
{
	struct screen_line *larger;

	if (screen->room >= rows + 1)
		return 0;
	larger = reallocarray(screen->lines, rows + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	screen->lines = larger;
	screen->room = rows + 1;
	return 0;
}

/* Lines of help that there is no room for are left out, but for the one that says how to go on. */
static void compose_help(struct screen *screen, const struct screen_view *view, size_t rows,
			 int columns)
{
	put_help(screen, view, columns);
	if (screen->number > rows - 1)
		screen->number = rows - 1;
	while (screen->number < rows - 1)
		add_line(screen, SCREEN_PLAIN, columns);
	put_keys(screen, view, columns);
}

int screen_compose(struct screen *screen, struct screen_view *view, size_t rows, int columns)
{
	int error;

	if (view->plain)
		rows = view->table->number + rows_left(view, 0) + BLIND_FROM;
	error = make_room(screen, rows);
	if (error)
		return error;
	screen->number = 0;
	screen->rows = view->plain ? view->table->number : rows_left(view, rows);
	if (view->help)
		compose_help(screen, view, rows, columns);
	else
		put_table(screen, view, rows, columns);
	if (screen->number > rows)
		screen->number = rows;
	return 0;
}

void screen_clear(struct screen *screen)
{
	free(screen->lines);
	*screen = (struct screen){ 0 };
}
