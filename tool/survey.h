/* SPDX-License-Identifier: MIT */
/* A SURVEY is a recording in a row of a table: when it was made, of what, is it whole? */
#ifndef SURVEY_H
#define SURVEY_H

#include "libfaultline_recording.h"

enum survey_state {
	SURVEY_WHOLE,
	SURVEY_CUT,	/* a segment did not end */
	SURVEY_WRITING, /* the same, and somebody writes to it now */
	SURVEY_DAMAGED,
	SURVEY_EMPTY, /* nothing was recorded: only path, bytes and written_ns are filled */
	SURVEY_OTHER, /* it is of another version: likewise */
};

struct survey {
	char *path;
	enum survey_state state;
	uint64_t bytes;
	int64_t written_ns; /* since 1970 UTC: the file's last change */
	int64_t began_ns;   /* since 1970 UTC: its first segment; as written_ns if there is none */
	uint64_t length_ns; /* of all segments together */
	uint32_t segments;
	uint32_t source; /* enum faultline_source, of the first segment */
	char *command;	 /* of the first segment */
	uint64_t processes;
	uint64_t samples;
	uint64_t lost;	 /* records */
	uint64_t missed; /* deadlines */
	uint64_t shed;	 /* visits */
};

/** survey_state - a word or two: "whole", "cut off" ... */
const char *survey_state(enum survey_state state);

/**
 * survey_looks - does a file begin like a recording? It is opened for that; pipes are not
 *
 * Return: true also for one that is empty, or of another version.
 */
bool survey_looks(const char *path);

/**
 * survey_read - read a whole recording
 * @survey: survey_free() it, whatever is returned
 *
 * Return: 0, or -errno as faultline_recording_open(), but for -ENODATA and -EPROTONOSUPPORT, which
 * are states; faultline_message() says more.
 */
int survey_read(const char *path, struct survey *survey);

/** survey_free - what it holds, not itself; fine when zeroed */
void survey_free(struct survey *survey);

#endif
