// SPDX-License-Identifier: MIT
/* faultline report: what a recording says. */
#include <argp.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "number.h"
#include "page.h"
#include "plot.h"
#include "report_json.h"
#include "report_text.h"
#include "say.h"

#define TABLE_LINES 10 /* if nobody asks for more */

struct options {
	struct report report;
	bool numbered; /* -n was given */
	bool json;
	const char *plot;
	const char *html;
};

enum {
	KEY_TREE = 256,
	KEY_JSON,
	KEY_PLOT,
	KEY_HTML,
	KEY_SEGMENT,
};

static const struct argp_option known[] = {
	{ "sort", 's', "KEY", 0,
	  "the processes with most of KEY first: faults, minor, major, cpu, resident, swapped, "
	  "switches, life; or birth, the oldest first; without it, faults",
	  0 },
	{ "number", 'n', "N", 0, "show N processes, 0: all; without it, 10, in JSON all", 0 },
	{ "tree", KEY_TREE, NULL, 0, "show those processes and their ancestors as a tree", 0 },
	{ "segment", KEY_SEGMENT, "N", 0, "only the Nth segment, from 1", 0 },
	{ "json", KEY_JSON, NULL, 0, "the same as JSON", 0 },
	{ "plot", KEY_PLOT, "FILE", 0,
	  "draw faults, CPU time and memory over time into FILE, .svg or .png, with gnuplot", 0 },
	{ "html", KEY_HTML, "FILE", 0, "write a page into FILE that needs nothing else", 0 },
	{ 0 },
};

/* A whole number from @least on. */
static size_t read_number(struct argp_state *state, const char *option, const char *text,
			  size_t least)
{
	uint64_t number = least;

	if (number_parse(text, least, HISTORY_NONE - 1, &number))
		argp_error(state, "%s must be a whole number from %zu on, not %s", option, least,
			   text);
	return number;
}

static void check(struct argp_state *state, const struct options *options)
{
	if (options->plot && options->html)
		argp_error(state, "takes one of --plot and --html at a time");
	if (options->json && (options->plot || options->html))
		argp_error(state, "--json goes to standard output, not with --plot or --html");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;
	int sort;

	switch (key) {
	case 's':
		sort = ranking_key(argument);
		if (sort < 0)
			argp_error(state,
				   "--sort takes faults, minor, major, cpu, resident, swapped, "
				   "switches, life or birth, not %s",
				   argument);
		options->report.sort = sort;
		return 0;
	case 'n':
		options->report.number = read_number(state, "-n", argument, 0);
		options->numbered = true;
		return 0;
	case KEY_TREE:
		options->report.tree = true;
		return 0;
	case KEY_SEGMENT:
		options->report.segment = read_number(state, "--segment", argument, 1) - 1;
		return 0;
	case KEY_JSON:
		options->json = true;
		return 0;
	case KEY_PLOT:
		if (!plot_kind(argument))
			argp_error(state, "--plot FILE must end in .svg or .png, not %s", argument);
		options->plot = argument;
		return 0;
	case KEY_HTML:
		options->html = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_error(state, "takes one recording: report them one by one");
		options->report.path = argument;
		return 0;
	case ARGP_KEY_END:
		check(state, options);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = known,
	.parser = parse,
	.args_doc = "[RECORDING]",
	.doc = "Say what was recorded, what it cost and what stands out."
	       "\v"
	       "Without RECORDING, ./" RECORDING_NAME
	       " is read. A recording that is damaged or was "
	       "cut off is reported as far as it can be read, which the report says first.",
};

static void progress(double share)
{
	say_progress("reading, %.0f %%", 100 * (share < 1 ? share : 1));
}

static int write_text(const struct options *options)
{
	int error;

	error = options->json ? report_json(stdout, &options->report)
			      : report_text(stdout, &options->report);
	return say_written("the report", error) ? EXIT_SUCCESS : EXIT_TROUBLE;
}

static int write_plot(const struct options *options)
{
	const struct history *history = options->report.history;
	struct plot plot = { .history = history,
			     .segment = options->report.segment,
			     .sort = options->report.sort,
			     .number = PLOT_CURVES };

	if (plot.segment == HISTORY_NONE && history->segment_number > 1) {
		say("%s has %zu segments: choose one to draw with --segment 1 to %zu",
		    options->report.path, history->segment_number, history->segment_number);
		return EXIT_TROUBLE;
	}
	if (plot.segment == HISTORY_NONE)
		plot.segment = 0;
	if (options->numbered && options->report.number && options->report.number < PLOT_CURVES)
		plot.number = options->report.number;
	return plot_draw(&plot, options->report.path, options->plot) ? EXIT_TROUBLE : EXIT_SUCCESS;
}

static int write_all(const struct options *options)
{
	const struct report *report = &options->report;

	if (report->segment != HISTORY_NONE && report->segment >= report->history->segment_number) {
		say("%s has %zu segment%s: there is no --segment %u", report->path,
		    report->history->segment_number,
		    report->history->segment_number == 1 ? "" : "s", report->segment + 1);
		return EXIT_TROUBLE;
	}
	if (options->plot)
		return write_plot(options);
	if (options->html)
		return page_write(report->history, report->path, options->html) ? EXIT_TROUBLE
										: EXIT_SUCCESS;
	return write_text(options);
}

int command_report(int argc, char **argv)
{
	struct options options = {
		.report = { .path = RECORDING_NAME, .segment = HISTORY_NONE, .number = TABLE_LINES }
	};
	struct history *history;
	int status;
	int error;

	setlocale(LC_CTYPE, "");
	options.report.wide = !strcmp(nl_langinfo(CODESET), "UTF-8");
	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return EXIT_USAGE;
	if (!options.report.number || (options.json && !options.numbered))
		options.report.number = REPORT_ALL;
	error = history_read(options.report.path, progress, &history);
	say_progress("%s", "");
	if (error) {
		say_unread(error);
		return EXIT_TROUBLE;
	}
	options.report.history = history;
	status = write_all(&options);
	history_free(history);
	return status;
}
