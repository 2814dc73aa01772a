// SPDX-License-Identifier: MIT
/* faultline export: a recording for other programs. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "draft.h"
#include "export.h"
#include "files.h"
#include "losses.h"
#include "origin.h"
#include "say.h"
#include "units.h"

struct options {
	const struct export_format *format; /* NULL: by the ending of the output */
	const char *output;		    /* NULL: standard output */
	const char *recording;
	bool events;
};

/* Formats, and what names of files that have them end in. */
static const struct ending {
	const char *text;
	const struct export_format *format;
} endings[] = {
	{ ".csv", &export_csv },
	{ ".json", &export_json },
	{ ".jsonl", &export_json },
	{ ".ndjson", &export_json },
	{ ".perfetto-trace", &export_perfetto },
	{ ".pftrace", &export_perfetto },
};

#define ENDINGS (sizeof(endings) / sizeof(endings[0]))

enum {
	KEY_EVENTS = 256
};

static const struct argp_option known[] = {
	{ "format", 'f', "csv|json|perfetto", 0,
	  "csv: a table with a row a sample; json: a line for everything that was recorded; "
	  "perfetto: a trace for ui.perfetto.dev; without it, as FILE ends",
	  0 },
	{ "output", 'o', "FILE", 0, "write to FILE; without it, to standard output", 0 },
	{ "events", KEY_EVENTS, NULL, 0,
	  "with csv: a row for each fork, exec, end and loss instead of each sample", 0 },
	{ 0 },
};

static const struct export_format *format_of(const char *name)
{
	for (size_t i = 0; i < ENDINGS; i++)
		if (!strcmp(endings[i].format->name, name))
			return endings[i].format;
	return NULL;
}

static const struct export_format *format_by_ending(const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < ENDINGS; i++) {
		size_t bytes = strlen(endings[i].text);

		if (length > bytes && !strcmp(path + length - bytes, endings[i].text))
			return endings[i].format;
	}
	return NULL;
}

static void check(struct argp_state *state, struct options *options)
{
	if (!options->format && options->output)
		options->format = format_by_ending(options->output);
	if (!options->format)
		argp_error(state, "needs --format csv, json or perfetto");
	if (options->events && options->format != &export_csv)
		argp_error(state, "--events is for csv: json and perfetto have events anyway");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'f':
		options->format = format_of(argument);
		if (!options->format)
			argp_error(state, "%s is no format: take csv, json or perfetto", argument);
		return 0;
	case 'o':
		options->output = argument;
		return 0;
	case KEY_EVENTS:
		options->events = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_error(state, "takes one recording: export them one by one");
		options->recording = argument;
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
	.doc = "Write a recording in a format that other programs read.\v"
	       "Without RECORDING, ./" RECORDING_NAME " is read.",
};

/* Where it goes: to what is open, or into a draft of a file. */
struct output {
	FILE *to;
	struct draft draft;
	bool drafted;
};

/* A pipe, a device, a file of several names, and what a link leads to are written as they are. */
static bool is_replaceable(const char *path)
{
	struct stat status;

	if (lstat(path, &status))
		return errno == ENOENT;
	return S_ISREG(status.st_mode) && status.st_nlink == 1 && !access(path, W_OK);
}

static int open_file(const char *path, struct output *output)
{
	int error = is_replaceable(path) ? draft_begin(&output->draft, path) : -EACCES;

	output->drafted = !error;
	output->to = output->draft.to;
	/* Where none may be made, the file may be there all the same, and be written. */
	if (error == -EACCES || error == -ENAMETOOLONG) {
		output->to = fopen(path, "we");
		error = output->to ? 0 : -errno;
	}
	if (error)
		say("cannot write %s: %s", path, strerror(-error));
	return error;
}

/* 0, or not after a line was said. */
static int open_output(const struct options *options, struct output *output)
{
	*output = (struct output){ .to = stdout };
	if (options->output) {
		if (!files_same(options->output, options->recording))
			return open_file(options->output, output);
		say("%s is the recording itself: give -o another name", options->output);
		return -EINVAL;
	}
	if (!options->format->binary || !isatty(STDOUT_FILENO))
		return 0;
	say("a %s trace is not for terminals: give it a file with -o FILE", options->format->name);
	return -EINVAL;
}

static int close_output(const struct options *options, struct output *output, int err)
{
	const char *what = options->output ? options->output : "standard output";
	int saved = errno;

	if (output->drafted) {
		saved = -draft_end(&output->draft, err == -EIO && saved ? -saved : err);
		if (!err && saved)
			err = -EIO;
	} else if (output->to != stdout && fclose(output->to) && !err) {
		err = -EIO;
		saved = errno;
	}
	if (err == -EIO)
		say("cannot write %s: %s", what, strerror(saved));
	else if (err == -ENOMEM)
		say("no memory: end some programs and try again");
	else if (err)
		say("%s: %s", options->recording, faultline_message());
	return err;
}

/* What the recording lacks, whatever the format has of it. */
static void say_state(const char *name, const struct export *out,
		      const struct faultline_segment *segment, const struct faultline_state *state)
{
	const struct losses losses = { out->lost, out->missed, out->shed, 0 };
	char words[LOSSES_BYTES], bytes[UNITS_BYTES];

	if (*segment->blind)
		say("%s: recorded by %s; cannot see: %s", name, origin_name(segment->source),
		    segment->blind);
	if (*losses_words(words, &losses))
		say("%s: %s: totals are right all the same", name, words);
	if (state->damaged)
		say("%s: damaged: %s were left out", name,
		    units_bytes(bytes, (double)state->damaged_bytes));
	if (state->unfinished)
		say("%s: cut off, or still being written: what is there was exported", name);
}

static int run(const struct options *options, struct faultline_recording *recording)
{
	struct export out = { .events = options->events };
	struct faultline_state state = { .size = sizeof(state) };
	struct output output;
	int err;

	if (open_output(options, &output))
		return EXIT_TROUBLE;
	out.to = output.to;
	err = export_run(&out, options->format, recording, &state);
	err = close_output(options, &output, err);
	if (!err)
		say_state(options->recording, &out, faultline_recording_segment(recording), &state);
	return err ? EXIT_TROUBLE : EXIT_SUCCESS;
}

int command_export(int argc, char **argv)
{
	struct options options = { .recording = RECORDING_NAME };
	struct faultline_recording *recording;
	int status;
	int error;

	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return EXIT_USAGE;
	error = faultline_recording_open(options.recording, &recording);
	if (error) {
		say_unread(error);
		return EXIT_TROUBLE;
	}
	status = run(&options, recording);
	faultline_recording_close(recording);
	return status;
}
