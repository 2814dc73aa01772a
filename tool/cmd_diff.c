// SPDX-License-Identifier: MIT
/* faultline diff: what changed between two recordings, or two sets of them. */
#include <argp.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clean.h"
#include "command.h"
#include "compare.h"
#include "diff_text.h"
#include "number.h"
#include "say.h"
#include "units.h"

#define NAMES_SHOWN 5 /* if nobody asks for more */

#define OLD_NAME RECORDING_NAME ".old" /* what `record` renames an older one to */

struct options {
	const char **paths[COMPARE_SIDES];
	size_t number[COMPARE_SIDES];
	bool split; /* --after was given */
	uint32_t figures;
	bool chosen; /* -f was given */
	size_t names;
	bool numbered; /* -n was given */
	bool each;
	bool json;
	double fail_above; /* percent; NAN: never */
};

enum {
	KEY_AFTER = 256,
	KEY_EACH,
	KEY_JSON,
	KEY_FAIL,
};

static const struct argp_option known[] = {
	{ "after", KEY_AFTER, NULL, 0,
	  "recordings named before it are the runs before, those behind it the runs after", 0 },
	{ "figure", 'f', "FIGURE", 0,
	  "only this one, and others so named: elapsed, minor, major, cpu, system, resident, "
	  "swapped, switches or processes",
	  0 },
	{ "number", 'n', "N", 0, "show N names of processes, 0: all; without it, 5, in JSON all",
	  0 },
	{ "each", KEY_EACH, NULL, 0,
	  "compare the first process of a name with the first, the second with the second...; "
	  "without it, all of a name together",
	  0 },
	{ "fail-above", KEY_FAIL, "PERCENT", 0,
	  "end with status 1 if a figure of all processes grew by more, and by more than the noise "
	  "if that is known",
	  0 },
	{ "json", KEY_JSON, NULL, 0, "the same as JSON", 0 },
	{ 0 },
};

static size_t read_number(struct argp_state *state, const char *text)
{
	uint64_t number = 0;

	if (number_parse(text, 0, SIZE_MAX, &number))
		argp_error(state, "-n must be a whole number from 0 on, not %s", text);
	return number;
}

static double read_percent(struct argp_state *state, const char *text)
{
	char *end;
	double percent = strtod(text, &end);

	if (end == text || (*end && strcmp(end, "%") != 0) || !(percent >= 0) || isinf(percent))
		argp_error(state, "--fail-above must be a percentage from 0 on, not %s", text);
	return percent;
}

static uint32_t read_figure(struct argp_state *state, const char *text)
{
	for (int i = 0; compare_names[i]; i++)
		if (!strcmp(compare_names[i], text))
			return 1U << i;
	argp_error(state,
		   "-f takes elapsed, minor, major, cpu, system, resident, swapped, switches or "
		   "processes, not %s",
		   text);
	return 0;
}

static int add_path(struct options *options, enum compare_side side, const char *path)
{
	const char **larger;

	larger = reallocarray(options->paths[side], options->number[side] + 1, sizeof(*larger));
	if (!larger)
		return ENOMEM;
	options->paths[side] = larger;
	larger[options->number[side]++] = path;
	return 0;
}

/* Without --after there are at most two; those that are not named are `record`'s own. */
static int complete(struct argp_state *state, struct options *options)
{
	size_t *number = options->number;

	if (options->split) {
		if (!number[COMPARE_BEFORE] || !number[COMPARE_AFTER])
			argp_error(state, "--after needs recordings before it and behind it");
		return 0;
	}
	if (number[COMPARE_BEFORE] > 2)
		argp_error(state, "which of them are the later ones? Put --after before those");
	if (number[COMPARE_BEFORE] == 2) {
		number[COMPARE_BEFORE] = 1;
		return add_path(options, COMPARE_AFTER, options->paths[COMPARE_BEFORE][1]);
	}
	if (!number[COMPARE_BEFORE] && add_path(options, COMPARE_BEFORE, OLD_NAME))
		return ENOMEM;
	return add_path(options, COMPARE_AFTER, RECORDING_NAME);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_AFTER:
		if (options->split)
			argp_error(state, "takes --after once");
		options->split = true;
		return 0;
	case 'f':
		options->figures |= read_figure(state, argument);
		options->chosen = true;
		return 0;
	case 'n':
		options->names = read_number(state, argument);
		options->numbered = true;
		return 0;
	case KEY_EACH:
		options->each = true;
		return 0;
	case KEY_JSON:
		options->json = true;
		return 0;
	case KEY_FAIL:
		options->fail_above = read_percent(state, argument);
		return 0;
	case ARGP_KEY_ARG:
		return add_path(options, options->split ? COMPARE_AFTER : COMPARE_BEFORE, argument);
	case ARGP_KEY_END:
		return complete(state, options);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = known,
	.parser = parse,
	.args_doc = "[BEFORE [AFTER]]\nBEFORE... --after AFTER...",
	.doc = "Say what changed between two recordings, or two sets of them, and whether that is "
	       "more than the noise."
	       "\v"
	       "Each segment of a recording is a run. With two runs or more on both sides, Welch's "
	       "t-test tells changes from noise. Without AFTER, ./" RECORDING_NAME
	       " is it, and without BEFORE, ./" OLD_NAME ", which `record` keeps.",
};

/* What runs have in common, or should have. */
struct circumstances {
	struct faultline_segment heads[COMPARE_SIDES];
	char kernels[COMPARE_SIDES][64];
	bool known[COMPARE_SIDES];
	bool damaged;
};

static void note(struct circumstances *seen, enum compare_side side, const struct history *history)
{
	seen->damaged |= history->state.damaged || history->state.unfinished;
	if (seen->known[side])
		return;
	seen->known[side] = true;
	seen->heads[side] = history->segments[0].head;
	clean(seen->kernels[side], sizeof(seen->kernels[side]), history->segments[0].head.kernel);
}

/* A line for what makes the sides hard to compare. */
static void warn(FILE *to, struct circumstances *seen)
{
	const struct faultline_segment *before = &seen->heads[COMPARE_BEFORE];
	const struct faultline_segment *after = &seen->heads[COMPARE_AFTER];
	char a[UNITS_BYTES];
	char b[UNITS_BYTES];

	if (seen->damaged)
		fputs("Careful: a recording is damaged or was cut off (faultline report says "
		      "which part): its figures are too small.\n",
		      to);
	if (before->source != after->source)
		fputs("Careful: the sources differ, and do not see the same.\n", to);
	if (strcmp(seen->kernels[COMPARE_BEFORE], seen->kernels[COMPARE_AFTER]) != 0)
		fprintf(to, "Careful: the kernels differ: %s and %s.\n",
			seen->kernels[COMPARE_BEFORE], seen->kernels[COMPARE_AFTER]);
	if (before->cpus != after->cpus)
		fprintf(to, "Careful: the machines differ: %u and %u CPUs.\n", before->cpus,
			after->cpus);
	if (before->period_ns != after->period_ns)
		fprintf(to, "Careful: the periods differ: %s and %s; peaks may, too.\n",
			units_time(a, before->period_ns), units_time(b, after->period_ns));
}

static int read_side(const struct options *options, enum compare_side side, struct compare *compare,
		     struct circumstances *seen)
{
	for (size_t i = 0; i < options->number[side]; i++) {
		struct history *history;
		int error = history_read(options->paths[side][i], NULL, &history);

		if (!error) {
			note(seen, side, history);
			error = compare_add(compare, side, history);
			history_free(history);
		}
		if (error) {
			say_unread(error);
			return error;
		}
	}
	return 0;
}

static void list_side(FILE *to, const struct options *options, const struct compare *compare,
		      enum compare_side side, const char *label)
{
	char path[256];

	fprintf(to, "%-7s %zu run%s: ", label, compare->runs[side],
		compare->runs[side] == 1 ? "" : "s");
	for (size_t i = 0; i < options->number[side]; i++)
		fprintf(to, "%s%s", i ? ", " : "",
			clean(path, sizeof(path), options->paths[side][i]));
	fputc('\n', to);
}

/* Did it grow too much? Then that was said; also if it was asked for and nobody can tell. */
static bool fails(const struct options *options, enum compare_figure figure,
		  const struct compare_change *change)
{
	char grown[UNITS_BYTES];
	char limit[UNITS_BYTES];

	if (isnan(change->percent) && options->chosen) {
		say("%s: not known %s, so nobody can tell whether it grew: leave it out of -f, or "
		    "record that side with the module",
		    diff_label(figure), change->before.number ? "after" : "before");
		return true;
	}
	if (!(change->percent > options->fail_above) ||
	    (change->chance >= 0 && !compare_is_beyond(change)))
		return false;
	say("%s: grew %s%s, more than --fail-above %s", diff_label(figure),
	    isfinite(change->percent) ? "by " : "from nothing",
	    isfinite(change->percent) ? units_percent(grown, change->percent) : "",
	    units_percent(limit, options->fail_above));
	return true;
}

static bool any_fails(const struct options *options, const struct compare *compare)
{
	bool failed = false;

	for (enum compare_figure i = 0; i < COMPARE_FIGURES; i++) {
		struct compare_change change = compare_change(compare, &compare->subjects[0], i);

		if (options->figures & 1U << i)
			failed |= fails(options, i, &change);
	}
	return failed;
}

static int write_all(const struct options *options, const struct compare *compare,
		     struct circumstances *seen)
{
	const struct diff_view view = {
		.compare = compare,
		.figures = options->figures,
		.number = options->names,
		.wide = !strcmp(nl_langinfo(CODESET), "UTF-8"),
	};
	int error = 0;

	if (options->json) {
		warn(stderr, seen);
		error = diff_json(stdout, &view);
	} else {
		warn(stdout, seen);
		list_side(stdout, options, compare, COMPARE_BEFORE, "before");
		list_side(stdout, options, compare, COMPARE_AFTER, "after");
		fputc('\n', stdout);
		diff_text(stdout, &view);
	}
	if (!say_written("the comparison", error))
		return EXIT_TROUBLE;
	return !isnan(options->fail_above) && any_fails(options, compare) ? EXIT_TROUBLE
									  : EXIT_SUCCESS;
}

int command_diff(int argc, char **argv)
{
	struct options options = { .names = NAMES_SHOWN, .fail_above = NAN };
	struct compare compare = { 0 };
	struct circumstances seen = { 0 };
	int status = EXIT_TROUBLE;
	int error;

	setlocale(LC_CTYPE, "");
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &options))
		return EXIT_USAGE;
	if (!options.figures)
		options.figures = (1U << COMPARE_FIGURES) - 1;
	if (!options.names || (options.json && !options.numbered))
		options.names = SIZE_MAX;
	compare.each = options.each;
	if (read_side(&options, COMPARE_BEFORE, &compare, &seen) ||
	    read_side(&options, COMPARE_AFTER, &compare, &seen))
		goto free;
	error = compare_finish(&compare);
	if (error) {
		say_unread(error);
		goto free;
	}
	status = write_all(&options, &compare, &seen);
free:
	compare_free(&compare);
	free(options.paths[COMPARE_BEFORE]);
	free(options.paths[COMPARE_AFTER]);
	return status;
}
