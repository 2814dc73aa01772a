// SPDX-License-Identifier: MIT
#include "diff_text.h"

#include <math.h>
#include <string.h>

#include "clean.h"
#include "units.h"
#include "utf8.h"

#define CELL_BYTES (2 * UNITS_BYTES + 8)

enum unit {
	UNIT_COUNT,
	UNIT_TIME,
	UNIT_BYTES,
};

static const struct {
	const char *label;
	enum unit unit;
} figures[COMPARE_FIGURES] = {
	[COMPARE_ELAPSED] = { "elapsed", UNIT_TIME },
	[COMPARE_MINOR] = { "minor faults", UNIT_COUNT },
	[COMPARE_MAJOR] = { "major faults", UNIT_COUNT },
	[COMPARE_CPU] = { "CPU time", UNIT_TIME },
	[COMPARE_SYSTEM] = { "  in the kernel", UNIT_TIME },
	[COMPARE_RESIDENT] = { "peak resident", UNIT_BYTES },
	[COMPARE_SWAPPED] = { "peak swapped", UNIT_BYTES },
	[COMPARE_SWITCHES] = { "switches", UNIT_COUNT },
	[COMPARE_PROCESSES] = { "processes", UNIT_COUNT },
};

const char *diff_label(enum compare_figure figure)
{
	return figures[figure].label + strspn(figures[figure].label, " ");
}

static const char *number(char *text, enum unit unit, double value)
{
	if (unit == UNIT_TIME)
		return units_time(text, value);
	if (unit == UNIT_BYTES)
		return units_bytes(text, value);
	/* Means of counts may be fractions: a digit of them says enough. */
	if (value < 100 && value != floor(value)) {
		snprintf(text, UNITS_BYTES, "%.1f", value);
		return text;
	}
	return units_count(text, llround(value));
}

/* Columns that what is aligned by printf() is short of, as it counts bytes. */
static int more(const char *text)
{
	size_t bytes = strlen(text);

	return (int)(bytes - utf8_columns(text, bytes));
}

/* "55,583 ± 120", or without the spread if there is none to tell. */
static const char *mean(char *text, const struct diff_view *view, enum unit unit,
			const struct statistics *of)
{
	char a[UNITS_BYTES] = "-";
	char b[UNITS_BYTES];

	if (of->number)
		number(a, unit, of->mean);
	if (of->number < 2)
		snprintf(text, CELL_BYTES, "%s", a);
	else
		snprintf(text, CELL_BYTES, "%s %s %s", a, view->wide ? "±" : "+-",
			 number(b, unit, of->deviation));
	return text;
}

static const char *sign(double difference)
{
	return difference > 0 ? "+" : difference < 0 ? "-" : "";
}

static void verdict(FILE *to, const struct compare_change *change)
{
	if (change->chance < 0)
		return;
	if (change->difference == 0)
		fputs("  same", to);
	else if (!compare_is_beyond(change))
		fprintf(to, "  within noise (p = %.2f)", change->chance);
	else if (change->chance < 0.0001)
		fputs("  beyond noise (p < 0.0001)", to);
	else
		fprintf(to, "  beyond noise (p = %.4f)", change->chance);
}

static void line(FILE *to, const struct diff_view *view, enum compare_figure figure,
		 const struct compare_change *change)
{
	enum unit unit = figures[figure].unit;
	char before[CELL_BYTES];
	char after[CELL_BYTES];
	char percent[UNITS_BYTES] = "new";
	char difference[UNITS_BYTES] = "-";
	int width = change->before.number > 1 || change->after.number > 1 ? 21 : 12;

	mean(before, view, unit, &change->before);
	mean(after, view, unit, &change->after);
	if (isnan(change->percent))
		strcpy(percent, "-");
	else
		number(difference, unit, fabs(change->difference));
	if (isfinite(change->percent))
		units_percent(percent, fabs(change->percent));
	fprintf(to, "  %-15s %*s %*s  %s%-11s%*s%s%s", figures[figure].label, width + more(before),
		before, width + more(after), after,
		*sign(change->difference) ? sign(change->difference) : " ", difference,
		9 - (int)strlen(percent) - (int)strlen(sign(change->difference)), "",
		isfinite(change->percent) ? sign(change->difference) : "", percent);
	verdict(to, change);
	fputc('\n', to);
}

static void subject(FILE *to, const struct diff_view *view, const struct compare_subject *of)
{
	char name[FL_COMM_BYTES];

	clean(name, sizeof(name), of->name);
	if (!view->wide)
		clean_ascii(name);
	if (!*of->name)
		fputs("All processes\n", to);
	else if (of->nth)
		fprintf(to, "\n%s, number %u of that name\n", name, of->nth);
	else
		fprintf(to, "\n%s\n", name);
	for (enum compare_figure i = 0; i < COMPARE_FIGURES; i++) {
		struct compare_change change = compare_change(view->compare, of, i);

		if (!(view->figures & 1U << i))
			continue;
		/* What nobody had, or nobody knows, says something only of all. */
		if (*of->name && change.before.mean == 0 && change.after.mean == 0)
			continue;
		line(to, view, i, &change);
	}
}

void diff_text(FILE *to, const struct diff_view *view)
{
	const struct compare *compare = view->compare;
	size_t names = compare->number ? compare->number - 1 : 0;
	size_t shown = view->number < names ? view->number : names;
	int width = compare->runs[0] > 1 || compare->runs[1] > 1 ? 21 : 12;

	fprintf(to, "%-17s %*s %*s   %s\n", "", width, "before", width, "after", "change");
	for (size_t i = 0; i <= shown && i < compare->number; i++)
		subject(to, view, &compare->subjects[i]);
	if (shown < names)
		fprintf(to, "\n%zu of %zu names (-n 0 shows all)\n", shown, names);
	if (compare->runs[0] < 2 || compare->runs[1] < 2)
		fputs("\nOne run on a side: how much of this is noise is not known. Record each "
		      "side some times,\nas segments of one recording or in one each, and name "
		      "all of them.\n",
		      to);
}
