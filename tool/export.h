/* SPDX-License-Identifier: MIT */
/*
 * Exporting: a recording is read once, from its beginning to its end, and a FORMAT writes what it
 * makes of each part. Nothing is held but who is alive: recordings may be larger than memory.
 */
#ifndef EXPORT_H
#define EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "libfaultline_recording.h"
#include "roster.h"

/* Where an export is. */
struct export
{
	FILE *to;
	bool events; /* what is asked for is what happened, not samples */
	const struct faultline_segment *segment; /* that is read */
	uint32_t number;			 /* of it, from 0 */
	uint32_t segments;			 /* that began */
	int64_t first_wall_ns;			 /* wall_ns of the first one */
	struct roster *roster;			 /* of it */
	uint64_t last_ns;			 /* time of its newest record */
	/* What is not there, of all segments so far. */
	uint64_t lost;	 /* records */
	uint64_t missed; /* deadlines */
	uint64_t shed;	 /* visits */
};

/* Members that a format has no use for are NULL. A failure to write shows in ferror(to). */
struct export_format {
	const char *name;
	bool binary; /* not for terminals */
	void (*begin)(struct export *out);
	void (*segment)(struct export *out);
	/* @who: the record is about it, NULL if about none; its totals are those before */
	void (*record)(struct export *out, const struct fl_record *record,
		       struct roster_entry *who);
	void (*damage)(struct export *out, uint64_t bytes);
	/* @end: NULL if the segment did not end well */
	void (*end)(struct export *out, const struct faultline_end *end);
	void (*finish)(struct export *out, const struct faultline_state *state);
};

extern const struct export_format export_csv;
extern const struct export_format export_json;
extern const struct export_format export_perfetto;

/** export_reason - why one left, a word: "removed", "denied", "cgroup", or "unknown" */
const char *export_reason(uint32_t reason);

/**
 * export_run - write a whole recording
 * @out: to and events are set, the rest is 0
 * @state: its size set; filled
 *
 * Return: 0, or -errno as faultline_recording_read(), -ENOMEM, or -EIO: @out->to has failed.
 */
int export_run(struct export *out, const struct export_format *format,
	       struct faultline_recording *recording, struct faultline_state *state);

#endif
