// SPDX-License-Identifier: MIT
#include "report_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "clean.h"
#include "insight.h"
#include "report_head.h"
#include "report_table.h"
#include "series.h"
#include "summary.h"
#include "units.h"

#define MAIN_ROWS 8 /* of the chart that matters most; both are even, to have a middle */
#define SIDE_ROWS 4

static void draw(FILE *to, const struct report *report, const struct series *series,
		 const char *title, size_t rows, double (*value)(const struct history_rates *rates))
{
	/* A slice of a short recording is some columns wide: there is nothing finer to show. */
	size_t each = CHART_COLUMNS / series->number;
	double values[CHART_COLUMNS];
	struct chart chart = { .title = title,
			       .values = values,
			       .number = each * series->number,
			       .rows = rows,
			       .seconds = series->step_ns * series->number / 1e9,
			       .blocks = report->wide };

	for (size_t i = 0; i < chart.number; i++)
		values[i] = value(&series->slices[i / each]);
	chart_draw(to, &chart);
}

static double minor(const struct history_rates *rates)
{
	return rates->minor;
}

static double major(const struct history_rates *rates)
{
	return rates->major;
}

static double cpu(const struct history_rates *rates)
{
	return 100 * rates->cpu;
}

static int charts(FILE *to, const struct report *report, uint32_t segment,
		  const struct summary *summary)
{
	size_t number = series_slices(report->history, segment, CHART_COLUMNS);
	struct series series;
	int error;

	error = series_make(report->history, segment, HISTORY_NONE, number, &series);
	if (error)
		return error;
	fputc('\n', to);
	draw(to, report, &series, "minor faults a second", MAIN_ROWS, minor);
	if (summary->total.major)
		draw(to, report, &series, "major faults a second", SIDE_ROWS, major);
	draw(to, report, &series, "CPU time, % of one CPU", SIDE_ROWS, cpu);
	series_free(&series);
	return 0;
}

static void totals(FILE *to, const struct history_segment *segment, const struct summary *summary)
{
	const struct fl_counts *total = &summary->total;
	double page = segment->head.page_bytes;
	double elapsed = summary->elapsed_ns ? summary->elapsed_ns : 1;
	char text[9][UNITS_BYTES];

	fprintf(to,
		"\nIn all: %s process%s\n"
		"  faults      %s minor (%s/s), %s major (%s/s)\n"
		"  CPU time    %s, %s of one CPU; %s of it in the kernel\n"
		"  memory      %s resident at most, ",
		units_count(text[0], summary->processes), summary->processes == 1 ? "" : "es",
		units_count(text[1], total->minor),
		units_short(text[2], total->minor / elapsed * 1e9),
		units_count(text[3], total->major),
		units_short(text[4], total->major / elapsed * 1e9),
		units_time(text[5], total->cpu_ns),
		units_percent(text[6], 100 * total->cpu_ns / elapsed),
		units_percent(text[7],
			      total->cpu_ns ? 100.0 * total->system_ns / total->cpu_ns : 0),
		units_bytes_if(text[8], summary->knows_resident, summary->peak_resident * page));
	fprintf(to, "%s swapped at most\n  switches    %s waited, %s were made to\n",
		units_bytes_if(text[0], summary->sampled, summary->peak_swapped * page),
		units_count(text[1], total->voluntary), units_count(text[2], total->involuntary));
}

static int table(FILE *to, const struct report *report, uint32_t segment,
		 const struct summary *summary)
{
	struct ranking ranking;
	struct ranking tree = { 0 };
	struct report_table shown = {
		.history = report->history,
		.ranking = &ranking,
		.number = report->number,
		.page_bytes = report->history->segments[segment].head.page_bytes,
		.elapsed_ns = summary->elapsed_ns,
		.wide = report->wide,
	};
	char a[UNITS_BYTES];
	char b[UNITS_BYTES];
	int error;

	error = ranking_make(report->history, segment, report->sort, &ranking);
	if (!error && report->tree) {
		error = ranking_tree(report->history, &ranking, report->number, &tree);
		shown.ranking = &tree;
		shown.number = tree.number;
	}
	if (!error) {
		size_t lines = shown.number < ranking.number ? shown.number : ranking.number;

		fprintf(to, "\nProcesses: %s of %s, %s %s\n\n", units_count(a, lines),
			units_count(b, ranking.number), report->tree ? "as a tree," : "by",
			report->tree ? "in order of birth" : ranking_names[report->sort]);
		report_table(to, &shown);
		if (lines < ranking.number)
			fputs("  (-n 0 shows all)\n", to);
	}
	ranking_free(&tree);
	ranking_free(&ranking);
	return error;
}

static int findings(FILE *to, const struct report *report, uint32_t segment)
{
	struct insights insights;
	int error;

	error = insights_find(report->history, segment, &insights);
	if (!error) {
		fputs("\nWhat stands out\n\n", to);
		if (!insights.number)
			fputs("  Nothing.\n", to);
		for (size_t i = 0; i < insights.number; i++) {
			struct insight *insight = &insights.all[i];
			int title = fprintf(to, "  %s: ", insight->title);

			if (!report->wide)
				clean_ascii(insight->text);
			report_wrap(to, insight->text, title > 0 ? title : 0, 4);
		}
	}
	insights_free(&insights);
	return error;
}

static int one(FILE *to, const struct report *report, uint32_t segment)
{
	const struct history_segment *of = &report->history->segments[segment];
	struct summary summary;
	int error;

	if (report->history->segment_number > 1)
		fprintf(to, "Segment %u of %zu\n", segment + 1, report->history->segment_number);
	error = summary_make(report->history, segment, &summary);
	if (error)
		return error;
	report_head(to, of, &summary);
	totals(to, of, &summary);
	if (!summary.processes) {
		fputs("\nNo process is in it: nobody was followed.\n", to);
		return 0;
	}
	error = charts(to, report, segment, &summary);
	if (!error)
		error = table(to, report, segment, &summary);
	return error ? error : findings(to, report, segment);
}

int report_text(FILE *to, const struct report *report)
{
	uint32_t first = report->segment == HISTORY_NONE ? 0 : report->segment;
	uint32_t last = report->segment == HISTORY_NONE ? report->history->segment_number - 1
							: report->segment;
	int error = 0;

	report_damage(to, report->history);
	for (uint32_t i = first; !error && i <= last; i++) {
		if (i > first)
			fputc('\n', to);
		error = one(to, report, i);
	}
	return error;
}
