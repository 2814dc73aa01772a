// SPDX-License-Identifier: MIT
#include "report_head.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "clean.h"
#include "losses.h"
#include "origin.h"
#include "units.h"
#include "utf8.h"

#define NS_PER_S 1000000000LL

#define COLUMNS	    79
#define LABEL_WIDTH 14
#define LINE_BYTES  4096 /* of a command line; it is cut there */

void report_damage(FILE *to, const struct history *history)
{
	const struct faultline_state *state = &history->state;
	const char *is = state->damaged == 1 ? " of it is" : "s of it are";
	char text[5][UNITS_BYTES];
	size_t unfinished = 0;

	if (state->damaged)
		fprintf(to,
			"This recording is DAMAGED: %s part%s left out, %s.\n"
			"Totals of processes are right where their last records are there.\n",
			units_count(text[0], state->damaged), is,
			units_bytes(text[1], state->damaged_bytes));
	/* The state's own number has those whose end is there, but not all before it. */
	for (size_t i = 0; i < history->segment_number; i++)
		unfinished += !history->segments[i].ended;
	if (unfinished)
		fprintf(to,
			"This recording is NOT WHOLE: %s of its %s segment%s did not end well.\n"
			"What is there up to its end is right.\n",
			units_count(text[2], unfinished),
			units_count(text[3], history->segment_number),
			history->segment_number == 1 ? "" : "s");
	if (state->ignored_bytes)
		fprintf(to, "Behind its last whole part, %s are no part and were left out.\n",
			units_bytes(text[4], state->ignored_bytes));
	if (state->damaged || unfinished || state->ignored_bytes)
		fputc('\n', to);
}

int64_t report_wall(const struct history_segment *segment, uint64_t time_ns)
{
	return (int64_t)(time_ns + (uint64_t)segment->head.wall_ns);
}

const char *report_when(char *text, const struct history_segment *segment, uint64_t time_ns)
{
	int64_t wall = report_wall(segment, time_ns);
	time_t seconds = wall / NS_PER_S - (wall % NS_PER_S < 0);
	struct tm when;

	if (!localtime_r(&seconds, &when) ||
	    !strftime(text, REPORT_TIME_BYTES, "%Y-%m-%d %H:%M:%S %z", &when))
		snprintf(text, REPORT_TIME_BYTES, "unknown");
	return text;
}

const char *report_source(char *text, size_t size, const struct faultline_segment *head)
{
	char version[64];

	clean(version, sizeof(version), head->source_version);
	snprintf(text, size, "%s%s%s", origin_words(head->source), *version ? " faultline " : "",
		 version);
	return text;
}

double report_cost_percent(const struct summary *summary)
{
	return summary->elapsed_ns ? 100.0 * summary->cost_ns / summary->elapsed_ns : 0;
}

void report_wrap(FILE *to, const char *text, size_t first, size_t indent)
{
	size_t at = first;
	bool begun = false; /* a word stands in this line */

	while (*text) {
		size_t bytes = strcspn(text, " ");
		size_t columns = utf8_columns(text, bytes);

		if (begun && at + columns + 1 > COLUMNS) {
			fprintf(to, "\n%*s", (int)indent, "");
			at = indent;
		} else if (begun) {
			fputc(' ', to);
			at++;
		}
		begun = true;
		fwrite(text, 1, bytes, to);
		at += columns;
		text += bytes;
		text += strspn(text, " ");
	}
	fputc('\n', to);
}

static void line(FILE *to, const char *label, const char *text)
{
	char words[LINE_BYTES];
	char cleaned[LINE_BYTES];
	int used = fprintf(to, "  %-11s ", label);

	/* A command of several lines is one of words here. */
	snprintf(words, sizeof(words), "%s", text);
	for (char *at = words; (at = strpbrk(at, "\n\t")) != NULL;)
		*at = ' ';
	report_wrap(to, clean(cleaned, sizeof(cleaned), words), used > 0 ? used : 0, LABEL_WIDTH);
}

static void missing_line(FILE *to, const struct summary *summary)
{
	const struct losses losses = { summary->lost, summary->missed, summary->shed,
				       summary->unfollowed };
	char words[LOSSES_BYTES];

	line(to, "missing",
	     *losses_words(words, &losses)
		     ? words
		     : "nothing: no record lost, no deadline missed, no visit shed");
}

static void cost_line(FILE *to, const struct history_segment *segment,
		      const struct summary *summary)
{
	bool module = segment->head.source == FAULTLINE_SOURCE_MODULE;
	char text[4][UNITS_BYTES];

	if (!segment->ended) {
		line(to, "cost", "unknown: it did not end well, which is when that is written");
		return;
	}
	fprintf(to, "  %-11s %s of one CPU: %s of CPU time of the recorder%s %s for %s passes\n",
		"cost", units_percent(text[0], report_cost_percent(summary)),
		units_time(text[1], summary->own_cpu_ns), module ? "," : ", of it",
		units_time(text[2], summary->pass_ns), units_count(text[3], summary->passes));
}

void report_head(FILE *to, const struct history_segment *segment, const struct summary *summary)
{
	const struct faultline_segment *head = &segment->head;
	char source[128];
	char number[UNITS_BYTES];
	char when[REPORT_TIME_BYTES];
	char node[128];
	char machine[64];
	char kernel[128];

	line(to, "command", *head->command ? head->command : "unknown");
	fprintf(to, "  %-11s %s, %s, %u CPU%s, Linux %s\n", "machine",
		clean(node, sizeof(node), head->node),
		clean(machine, sizeof(machine), head->machine), head->cpus,
		head->cpus == 1 ? "" : "s", clean(kernel, sizeof(kernel), head->kernel));
	fprintf(to, "  %-11s %s, for %s\n", "when", report_when(when, segment, segment->first_ns),
		units_time(number, summary->elapsed_ns));
	report_source(source, sizeof(source), head);
	if (head->period_ns)
		fprintf(to, "  %-11s %s, every %s\n", "source", source,
			units_time(number, head->period_ns));
	else
		fprintf(to, "  %-11s %s, only when asked\n", "source", source);
	line(to, "cannot see", *head->blind ? head->blind : "nothing is hidden from it");
	missing_line(to, summary);
	cost_line(to, segment, summary);
}
