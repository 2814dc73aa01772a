/* SPDX-License-Identifier: MIT */
/*
 * What `record` writes to: a recording, at once, or the last seconds of one when asked to. It says
 * a line for each error (say()), and after one takes no more; what was written until then stays.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "flight.h"
#include "libfaultline_recording.h"
#include "tally.h"

struct recorder {
	const char *path;   /* of a symbolic link: becomes that of its file */
	bool append;	    /* to what is there; else that is renamed to PATH.old */
	uint64_t flight_ns; /* keep only the last of it; 0: all */

	/* Its own from here on. */
	struct faultline_segment segment;
	struct faultline_writer *writer;
	struct flight *flight;
	struct tally window; /* what recorder_snapshot() or _close() wrote of a flight */
	bool begun;	     /* PATH has a segment of this recorder's */
	bool made;	     /* and was not there before */
	bool renamed;	     /* what it was before */
	uint64_t before;     /* how long it was without that segment */
	char real[PATH_MAX]; /* where a symbolic link led to */
	int error;	     /* the first one: -errno */
};

/**
 * recorder_open - see that PATH can be written, rename what is there
 * @recorder: path, append and flight_ns set, the rest zeroed
 * @segment: its strings must stay
 *
 * Return: 0 or -errno.
 */
int recorder_open(struct recorder *recorder, const struct faultline_segment *segment);

/** recorder_add - take a record: 0 or -errno, from then on always */
int recorder_add(struct recorder *recorder, const struct fl_record *record);

/** recorder_flush - into the file with what was taken */
int recorder_flush(struct recorder *recorder);

/**
 * recorder_snapshot - write what a flight keeps to PATH, replacing it, and go on
 *
 * Return: 0 or -errno. It takes more in any case.
 */
int recorder_snapshot(struct recorder *recorder, const struct faultline_figures *figures);

/** recorder_close - write all that is left, end it: 0 or the first error */
int recorder_close(struct recorder *recorder, const struct faultline_figures *figures);

/** recorder_cancel - there was nothing to record: leave PATH as recorder_open() found it */
void recorder_cancel(struct recorder *recorder);

/** recorder_bytes - how long the file is, or what a flight keeps in memory */
uint64_t recorder_bytes(const struct recorder *recorder);

#endif
