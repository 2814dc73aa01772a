// SPDX-License-Identifier: MIT
#include "recorder.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "draft.h"
#include "files.h"
#include "say.h"

#define OLD ".old"

static int fail(struct recorder *recorder, int error, const char *what)
{
	if (recorder->error)
		return error;
	say("%s", what);
	recorder->error = error;
	return error;
}

static int fail_writing(struct recorder *recorder, int error)
{
	if (recorder->error)
		return error;
	say("cannot write %s: %s%s", recorder->path, strerror(-error),
	    recorder->flight ? "" : "; what was recorded until now is kept there");
	recorder->error = error;
	return error;
}

static int old_path(const struct recorder *recorder, char *path, size_t bytes)
{
	int length = snprintf(path, bytes, "%s" OLD, recorder->path);

	return (size_t)length < bytes ? 0 : -ENAMETOOLONG;
}

/*
 * The link itself is not to be renamed or removed: it may be the system's, as /dev/stdout is. One
 * that leads nowhere is left to who opens it.
 */
static void follow_link(struct recorder *recorder)
{
	struct stat file;

	if (!lstat(recorder->path, &file) && S_ISLNK(file.st_mode) &&
	    realpath(recorder->path, recorder->real))
		recorder->path = recorder->real;
}

static int rename_old(struct recorder *recorder)
{
	char old[PATH_MAX];
	struct stat file;
	int error;

	if (stat(recorder->path, &file) || !S_ISREG(file.st_mode) || !file.st_size)
		return 0; /* what is wrong with it, who opens it says */
	/* It would go on writing to what is renamed, and the next one would replace that. */
	if (files_recorded_into(recorder->path)) {
		say("%s: somebody records into it; write to another file with -o", recorder->path);
		return -EBUSY;
	}
	error = old_path(recorder, old, sizeof(old));
	if (!error && rename(recorder->path, old))
		error = -errno;
	if (error)
		say("cannot rename %s to %s" OLD ": %s; write to another file with -o",
		    recorder->path, recorder->path, strerror(-error));
	recorder->renamed = !error;
	return error;
}

static int open_writer(struct recorder *recorder, const char *path,
		       const struct faultline_segment *segment)
{
	uint32_t flags = recorder->append ? FAULTLINE_WRITER_APPEND : FAULTLINE_WRITER_REPLACE;
	int error;

	error = faultline_writer_open(path, flags, segment, &recorder->writer);
	if (error)
		return fail(recorder, error, faultline_message());
	return 0;
}

static int begin(struct recorder *recorder)
{
	struct stat file;
	int error;

	recorder->made = stat(recorder->path, &file) != 0;
	error = open_writer(recorder, recorder->path, &recorder->segment);
	if (error)
		return error;
	recorder->begun = true;
	if (recorder->append && !recorder->made)
		recorder->before = file.st_size - faultline_writer_cut(recorder->writer);
	return 0;
}

int recorder_open(struct recorder *recorder, const struct faultline_segment *segment)
{
	int error;

	recorder->segment = *segment;
	follow_link(recorder);
	error = recorder->append ? 0 : rename_old(recorder);
	if (!error)
		error = begin(recorder);
	if (error) {
		recorder_cancel(recorder);
		return error;
	}
	if (!recorder->flight_ns)
		return 0;
	/* A flight's segment begins later; this one has shown that the file can be written. */
	faultline_writer_close(recorder->writer, NULL);
	recorder->writer = NULL;
	recorder->flight = flight_new(recorder->flight_ns);
	return recorder->flight ? 0 : fail(recorder, -ENOMEM, "no memory to record into");
}

int recorder_add(struct recorder *recorder, const struct fl_record *record)
{
	int error;

	if (recorder->error)
		return recorder->error;
	if (recorder->flight) {
		error = flight_add(recorder->flight, record);
		return error ? fail(recorder, error,
				    "no memory for more records: keep less of "
				    "them with --flight, or none")
			     : 0;
	}
	error = faultline_writer_add(recorder->writer, record);
	return error ? fail_writing(recorder, error) : 0;
}

int recorder_flush(struct recorder *recorder)
{
	int error;

	if (recorder->error || !recorder->writer)
		return recorder->error;
	error = faultline_writer_flush(recorder->writer, false);
	return error ? fail_writing(recorder, error) : 0;
}

static int take(void *context, const struct fl_record *record)
{
	struct recorder *recorder = context;
	int error;

	error = faultline_writer_add(recorder->writer, record);
	return error ? error : tally_add(&recorder->window, record);
}

static int end_writer(struct recorder *recorder, const struct faultline_figures *figures)
{
	int error;

	error = faultline_writer_close(recorder->writer, figures);
	recorder->writer = NULL;
	return error;
}

static int write_window_to(struct recorder *recorder, const char *path,
			   const struct faultline_figures *figures)
{
	struct faultline_segment segment = recorder->segment;
	uint64_t begin_ns = flight_begin_ns(recorder->flight);
	int error;
	int end;

	if (begin_ns > segment.start_ns)
		segment.start_ns = begin_ns;
	error = open_writer(recorder, path, &segment);
	if (error)
		return error;
	recorder->window = (struct tally){ .start_ns = segment.start_ns };
	error = flight_write(recorder->flight, take, recorder);
	tally_clear(&recorder->window);
	end = end_writer(recorder, figures);
	if (!error)
		error = end;
	return error ? fail_writing(recorder, error) : 0;
}

/* One that was written before stays until the next one is whole. */
static int write_window(struct recorder *recorder, const struct faultline_figures *figures)
{
	struct draft draft;
	int error;

	error = draft_begin(&draft, recorder->path);
	if (!error)
		error = draft_end(&draft, write_window_to(recorder, draft.path, figures));
	return error ? fail_writing(recorder, error) : 0;
}

int recorder_snapshot(struct recorder *recorder, const struct faultline_figures *figures)
{
	int before = recorder->error;
	int error = write_window(recorder, figures);

	/* All of it is in memory still, and the next time there may be room. */
	recorder->error = before;
	return error;
}

int recorder_close(struct recorder *recorder, const struct faultline_figures *figures)
{
	int error;

	if (recorder->flight && (!recorder->error || recorder->error == -ENOMEM))
		write_window(recorder, figures);
	flight_free(recorder->flight);
	recorder->flight = NULL;
	if (!recorder->writer)
		return recorder->error;
	/* There was no room: what is whole stays, without an end. */
	error = end_writer(recorder, recorder->error ? NULL : figures);
	if (error)
		fail_writing(recorder, error);
	return recorder->error;
}

void recorder_cancel(struct recorder *recorder)
{
	char old[PATH_MAX];

	flight_free(recorder->flight);
	recorder->flight = NULL;
	if (recorder->writer)
		end_writer(recorder, NULL);
	if (recorder->begun && recorder->made)
		unlink(recorder->path);
	else if (recorder->begun && truncate(recorder->path, recorder->before))
		say("cannot cut off what was begun in %s: %s", recorder->path, strerror(errno));
	recorder->begun = false;
	if (recorder->renamed && !old_path(recorder, old, sizeof(old)))
		rename(old, recorder->path);
	recorder->renamed = false;
}

uint64_t recorder_bytes(const struct recorder *recorder)
{
	struct stat file;

	if (recorder->flight)
		return flight_bytes(recorder->flight);
	return stat(recorder->path, &file) ? 0 : (uint64_t)file.st_size;
}
