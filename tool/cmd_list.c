// SPDX-License-Identifier: MIT
/* faultline list: a table of recordings. */
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clean.h"
#include "command.h"
#include "export.h"
#include "object.h"
#include "origin.h"
#include "say.h"
#include "survey.h"
#include "units.h"
#include "utf8.h"

#define NS_PER_S INT64_C(1000000000)

#define CELL_BYTES 256 /* of the terminal's, the widest that is not cut */

struct list {
	bool json;
	bool failed; /* one that was named could not be listed */
	struct survey *surveys;
	size_t number;
	char **named; /* NULL at its end */
};

enum {
	KEY_JSON = 256
};

static const struct argp_option known[] = {
	{ "json", KEY_JSON, NULL, 0, "print an array of objects instead of a table", 0 },
	{ 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct list *list = state->input;

	(void)argument;
	switch (key) {
	case KEY_JSON:
		list->json = true;
		return 0;
	case ARGP_KEY_ARGS:
		list->named = state->argv + state->next;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = known,
	.parser = parse,
	.args_doc = "[FILE|FOLDER]...",
	.doc = "List recordings, the oldest first: when they were made, of what, and whether they "
	       "are whole.\vOf a folder, all recordings in it; without any name, those in the "
	       "current folder.",
};

/* Takes a recording into the list: 0, or -errno after a line was said. */
static int add(struct list *list, const char *path)
{
	struct survey *grown;
	int err;

	grown = reallocarray(list->surveys, list->number + 1, sizeof(*grown));
	if (!grown) {
		say("no memory for %zu recordings: name fewer", list->number + 1);
		return -ENOMEM;
	}
	list->surveys = grown;
	err = survey_read(path, &grown[list->number]);
	if (err) {
		say("%s", faultline_message());
		survey_free(&grown[list->number]);
		return err;
	}
	list->number++;
	return 0;
}

static void add_folder(struct list *list, const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	char name[PATH_MAX];
	size_t before = list->number;

	if (!folder) {
		say("cannot read %s: %s", path, strerror(errno));
		list->failed = true;
		return;
	}
	while ((entry = readdir(folder))) {
		bool ends = *path && path[strlen(path) - 1] == '/';
		bool here = !strcmp(path, ".");

		snprintf(name, sizeof(name), "%s%s%s", here ? "" : path, here || ends ? "" : "/",
			 entry->d_name);
		if (survey_looks(name) && add(list, name))
			list->failed = true;
	}
	closedir(folder);
	if (list->number == before && !list->failed)
		say("no recordings in %s: faultline record -- COMMAND makes one", path);
}

/* Who names a file wants to read it: where `report` cannot, its row alone would not tell. */
static void add_named(struct list *list, const char *path)
{
	struct stat status;

	if (!stat(path, &status) && S_ISDIR(status.st_mode)) {
		add_folder(list, path);
		return;
	}
	if (add(list, path)) {
		list->failed = true;
		return;
	}
	if (!list->surveys[list->number - 1].command) {
		say("%s", faultline_message());
		list->failed = true;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct survey *x = a, *y = b;

	if (x->began_ns != y->began_ns)
		return x->began_ns < y->began_ns ? -1 : 1;
	return strcmp(x->path, y->path);
}

enum column {
	NAME,
	WHEN,
	LENGTH,
	SOURCE,
	PROCESSES,
	SAMPLES,
	LOST,
	SIZE,
	STATE,
	COMMAND,
	COLUMNS
};

static const struct column_head {
	const char *name;
	bool right; /* numbers */
} heads[COLUMNS] = {
	[NAME] = { "name", false },	     [WHEN] = { "when", false },
	[LENGTH] = { "length", true },	     [SOURCE] = { "source", false },
	[PROCESSES] = { "processes", true }, [SAMPLES] = { "samples", true },
	[LOST] = { "lost", true },	     [SIZE] = { "size", true },
	[STATE] = { "state", false },	     [COMMAND] = { "command", false },
};

typedef char cells[COLUMNS][CELL_BYTES];

static void fill(cells row, const struct survey *survey)
{
	time_t began = (time_t)(survey->began_ns / NS_PER_S);
	struct tm local;

	memset(row, 0, sizeof(cells));
	clean(row[NAME], CELL_BYTES, survey->path);
	if (localtime_r(&began, &local))
		strftime(row[WHEN], CELL_BYTES, "%Y-%m-%d %H:%M:%S", &local);
	units_bytes(row[SIZE], (double)survey->bytes);
	snprintf(row[STATE], CELL_BYTES, "%s", survey_state(survey->state));
	if (!survey->command)
		return;
	units_time(row[LENGTH], (double)survey->length_ns);
	snprintf(row[SOURCE], CELL_BYTES, "%s", origin_name(survey->source));
	units_count(row[PROCESSES], survey->processes);
	units_count(row[SAMPLES], survey->samples);
	units_count(row[LOST], survey->lost);
	clean(row[COMMAND], CELL_BYTES, survey->command);
}

static int width_of(const char *text)
{
	return (int)utf8_columns(text, strlen(text));
}

static void print_row(cells row, const int *widths, int room)
{
	int left = room;
	size_t length;

	for (size_t i = 0; i < COMMAND; i++) {
		int pad = widths[i] - width_of(row[i]);

		printf("%*s%s%*s  ", heads[i].right ? pad : 0, "", row[i], heads[i].right ? 0 : pad,
		       "");
		left -= widths[i] + 2;
	}
	/* The command is cut where the terminal ends, so that a row stays a row. */
	for (const char *next = row[COMMAND]; *next; next += length) {
		length = utf8_length(next);
		length += !length; /* a byte that is no character */
		left -= (int)utf8_columns(next, length);
		if (room && left < 0)
			break;
		fwrite(next, 1, length, stdout);
	}
	putchar('\n');
}

static void print_table(const struct list *list)
{
	cells *rows = calloc(list->number + 1, sizeof(cells));
	struct winsize size = { 0 };
	int widths[COLUMNS] = { 0 };

	if (!rows)
		return;
	for (size_t i = 0; i < COLUMNS; i++)
		snprintf(rows[0][i], CELL_BYTES, "%s", heads[i].name);
	for (size_t row = 0; row < list->number; row++)
		fill(rows[row + 1], &list->surveys[row]);
	for (size_t row = 0; row <= list->number; row++)
		for (size_t i = 0; i < COLUMNS; i++)
			if (width_of(rows[row][i]) > widths[i])
				widths[i] = width_of(rows[row][i]);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		size.ws_col = 0;
	for (size_t row = 0; row <= list->number; row++)
		print_row(rows[row], widths, size.ws_col);
	free(rows);
}

static json_t *object_of(const struct survey *survey)
{
	json_t *object = json_object();

	object_text(object, "name", survey->path);
	object_text(object, "state", survey_state(survey->state));
	object_number(object, "bytes", survey->bytes);
	object_number(object, "began_unix_ns", (uint64_t)survey->began_ns);
	object_number(object, "written_unix_ns", (uint64_t)survey->written_ns);
	if (!survey->command)
		return object;
	object_number(object, "length_ns", survey->length_ns);
	object_number(object, "segments", survey->segments);
	object_text(object, "source", origin_name(survey->source));
	object_text(object, "command", survey->command);
	object_number(object, "processes", survey->processes);
	object_number(object, "samples", survey->samples);
	object_number(object, "lost_records", survey->lost);
	object_number(object, "missed_deadlines", survey->missed);
	object_number(object, "shed_visits", survey->shed);
	return object;
}

static void print_json(const struct list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->number; i++)
		json_array_append_new(array, object_of(&list->surveys[i]));
	json_dumpf(array, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(array);
}

static int print(const struct list *list)
{
	if (list->json)
		print_json(list);
	else if (list->number)
		print_table(list);
	return say_written("the list", 0) && !list->failed ? EXIT_SUCCESS : EXIT_TROUBLE;
}

int command_list(int argc, char **argv)
{
	struct list list = { 0 };
	int status;

	setlocale(LC_CTYPE, "");
	if (argp_parse(&argp, argc, argv, 0, NULL, &list))
		return EXIT_USAGE;
	if (!list.named)
		add_folder(&list, ".");
	for (char **name = list.named; name && *name; name++)
		add_named(&list, *name);
	if (list.number)
		qsort(list.surveys, list.number, sizeof(*list.surveys), by_time);
	status = print(&list);
	for (size_t i = 0; i < list.number; i++)
		survey_free(&list.surveys[i]);
	free(list.surveys);
	return status;
}
