// SPDX-License-Identifier: MIT
#include "chart.h"

#include <math.h>
#include <string.h>

#include "units.h"

#define AXIS_WIDTH  8  /* of what is left of the axis */
#define MARK_APART  12 /* columns between two marks of the time, at least */
#define BLOCK_PARTS 8  /* heights of a block */

/* The first of some steps, times a power of ten, that is not less; the steps end with 10. */
static double round_up(double number, const double *steps)
{
	double power;

	if (!(number > 0))
		return 1;
	power = pow(10, floor(log10(number)));
	while (*steps < 10 && number > *steps * power * (1 + 1e-9))
		steps++;
	return *steps * power;
}

double chart_top(double largest)
{
	static const double steps[] = { 1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10 };

	return round_up(largest, steps);
}

double chart_step(double least)
{
	static const double steps[] = { 1, 2, 5, 10 };

	return round_up(least, steps);
}

/* What of a column is in a row, in parts of BLOCK_PARTS; the lowest row is 0. */
static int height_in(const struct chart *chart, double value, double top, size_t row)
{
	double parts = value / top * chart->rows * BLOCK_PARTS;
	double here;

	/* Little is not nothing: it shows. */
	if (value > 0 && parts < 1)
		parts = 1;
	here = round(parts) - (double)row * BLOCK_PARTS;
	if (here < 0)
		return 0;
	return here > BLOCK_PARTS ? BLOCK_PARTS : (int)here;
}

static const char *cell(const struct chart *chart, int height)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

	if (chart->blocks)
		return blocks[height];
	if (!height)
		return " ";
	return height * 2 > BLOCK_PARTS ? "#" : ".";
}

/* Two digits are enough for a top and its half, and both are whole: rounded they may be alike. */
static void write_mark(char *text, double value)
{
	if (value < 10)
		snprintf(text, UNITS_BYTES, "%.3g", value);
	else
		units_short(text, value);
}

static void draw_row(FILE *to, const struct chart *chart, double top, size_t row)
{
	size_t used = 0;
	char text[UNITS_BYTES] = "";

	if (row + 1 == chart->rows)
		write_mark(text, top);
	else if (chart->rows % 2 == 0 && row + 1 == chart->rows / 2)
		write_mark(text, top / 2);
	fprintf(to, "%*s %s", AXIS_WIDTH, text, chart->blocks ? (*text ? "┤" : "│") : "|");
	/* Nothing behind the last column that has something. */
	for (size_t i = 0; i < chart->number; i++)
		if (height_in(chart, chart->values[i], top, row))
			used = i + 1;
	for (size_t i = 0; i < used; i++)
		fputs(cell(chart, height_in(chart, chart->values[i], top, row)), to);
	fputc('\n', to);
}

/* A length of time between two marks that is 1, 2 or 5 times a power of ten. */
static double mark_seconds(const struct chart *chart)
{
	return chart_step(chart->seconds / (double)chart->number * MARK_APART);
}

static size_t mark_column(const struct chart *chart, double seconds)
{
	return lround(seconds / chart->seconds * (double)chart->number);
}

static void draw_axis(FILE *to, const struct chart *chart)
{
	double step = mark_seconds(chart);
	double next = 0;

	fprintf(to, "%*s %s", AXIS_WIDTH, "0", chart->blocks ? "└" : "+");
	for (size_t i = 0; i < chart->number; i++) {
		if (i != mark_column(chart, next)) {
			fputs(chart->blocks ? "─" : "-", to);
			continue;
		}
		fputs(i == 0 ? chart->blocks ? "─" : "-" : chart->blocks ? "┴" : "+", to);
		next += step;
	}
	fputc('\n', to);
}

static void draw_times(FILE *to, const struct chart *chart)
{
	double step = mark_seconds(chart);
	size_t at = 0;

	fprintf(to, "%*s ", AXIS_WIDTH + 1, "");
	for (unsigned int mark = 0; mark * step < chart->seconds; mark++) {
		char text[UNITS_BYTES];
		size_t column = mark_column(chart, mark * step);
		int length = snprintf(text, sizeof(text), "%g s", mark * step);

		if (column < at || column >= chart->number)
			break;
		fprintf(to, "%*s%s", (int)(column - at), "", text);
		at = column + (size_t)length;
	}
	fputc('\n', to);
}

void chart_draw(FILE *to, const struct chart *chart)
{
	double largest = 0;

	for (size_t i = 0; i < chart->number; i++)
		if (chart->values[i] > largest)
			largest = chart->values[i];
	fprintf(to, "  %s\n", chart->title);
	for (size_t row = chart->rows; row--;)
		draw_row(to, chart, chart_top(largest), row);
	draw_axis(to, chart);
	draw_times(to, chart);
}
