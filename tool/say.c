// SPDX-License-Identifier: MIT
#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clean.h"
#include "libfaultline.h"

static const char *name = "faultline";
static bool shown; /* a line of say_progress() */

void say_name(const char *new_name)
{
	name = new_name;
}

static void wipe(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = false;
}

void say(const char *format, ...)
{
	char *line = NULL;
	va_list words;
	int length;

	va_start(words, format);
	length = vasprintf(&line, format, words);
	va_end(words);
	wipe();
	/* Names of files and words of recordings are in it; what is clean is never longer. */
	fprintf(stderr, "%s: %s\n", name,
		length < 0 ? "no memory" : clean(line, (size_t)length + 1, line));
	if (length >= 0)
		free(line);
}

/* A terminal that can wipe a line, and is ours: before a job in the background a shell asks. */
static bool is_watched(void)
{
	const char *terminal = getenv("TERM");
	pid_t front;

	if (!isatty(STDERR_FILENO) || !terminal || !strcmp(terminal, "dumb"))
		return false;
	front = tcgetpgrp(STDERR_FILENO);
	return front < 0 || front == getpgrp();
}

void say_progress(const char *format, ...)
{
	struct winsize size = { 0 };
	char line[512];
	int columns = 80;
	va_list words;

	if (!is_watched())
		return;
	if (!ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		columns = size.ws_col;
	va_start(words, format);
	vsnprintf(line, sizeof(line), format, words);
	va_end(words);
	wipe();
	fprintf(stderr, "%.*s", columns - 1, line);
	fflush(stderr);
	shown = true;
}

static void say_no_memory(void)
{
	say("no memory: end some programs and try again");
}

bool say_written(const char *what, int error)
{
	if (error == -ENOMEM) {
		say_no_memory();
		return false;
	}
	if (!error && !fflush(stdout) && !ferror(stdout))
		return true;
	say("cannot write %s: %s", what, strerror(errno));
	return false;
}

void say_unread(int error)
{
	if (error == -ENOMEM)
		say_no_memory();
	else
		say("%s%s", faultline_message(),
		    error == -ENOENT ? "; faultline record -- COMMAND makes a recording" : "");
}
