// SPDX-License-Identifier: MIT
#include "page.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "draft.h"
#include "page_data.h"
#include "say.h"

/* Where `make page` and `make install` leave the template: by the program, below its prefix. */
static const char *const places[] = { "report.html", "../share/faultline/report.html" };

#define PLACES (sizeof(places) / sizeof(places[0]))

/* In the template stands, once, where the data go. */
#define MARK "<!--@DATA@-->"

static FILE *open_beside(const char *name)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (length < 0)
		return NULL;
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash + 1 - path) + strlen(name) >= sizeof(path))
		return NULL;
	memcpy(slash + 1, name, strlen(name) + 1);
	return fopen(path, "re");
}

/* All of a file, with a NUL behind it: NULL if it cannot be read. */
static char *read_all(FILE *from)
{
	struct stat file;
	char *text;

	if (fstat(fileno(from), &file))
		return NULL;
	text = calloc(1, file.st_size + 1);
	if (text && fread(text, 1, file.st_size, from) != (size_t)file.st_size) {
		free(text);
		return NULL;
	}
	return text;
}

/* The template, in two parts: what is behind the data, and, to be freed, what is before them. */
static char *read_template(char **behind)
{
	for (size_t i = 0; i < PLACES; i++) {
		FILE *from = open_beside(places[i]);
		char *text = from ? read_all(from) : NULL;

		if (from)
			fclose(from);
		*behind = text ? strstr(text, MARK) : NULL;
		if (*behind) {
			**behind = '\0';
			*behind += strlen(MARK);
			return text;
		}
		free(text);
	}
	say("built without the page: `make page` (needs npm), then again");
	return NULL;
}

static int write_page(const struct history *history, const char *recording_path,
		      const char *out_path, const char *before, const char *behind)
{
	struct draft draft;
	int error;

	error = draft_begin(&draft, out_path);
	if (error)
		return error;
	fputs(before, draft.to);
	error = page_data_write(history, recording_path, draft.to);
	fputs(behind, draft.to);
	return draft_end(&draft, error);
}

int page_write(const struct history *history, const char *recording_path, const char *out_path)
{
	char *before;
	char *behind;
	int error;

	error = draft_check(out_path, recording_path, "page");
	if (error)
		return error;
	before = read_template(&behind);
	if (!before)
		return -ENOENT;
	error = write_page(history, recording_path, out_path, before, behind);
	if (error)
		say("cannot write %s: %s", out_path, strerror(-error));
	free(before);
	return error;
}
