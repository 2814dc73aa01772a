// SPDX-License-Identifier: MIT
#include "export.h"

#include <errno.h>

const char *export_reason(uint32_t reason)
{
	static const char *const names[] = { "unknown", "removed", "denied", "cgroup" };

	return names[reason < sizeof(names) / sizeof(names[0]) ? reason : 0];
}

static int begin_segment(struct export *out, const struct export_format *format,
			 const struct faultline_segment *segment)
{
	out->segment = segment;
	out->number = out->segments++;
	out->last_ns = segment->start_ns;
	if (!out->number)
		out->first_wall_ns = segment->wall_ns;
	roster_free(out->roster);
	out->roster = roster_new();
	if (!out->roster)
		return -ENOMEM;
	if (format->segment)
		format->segment(out);
	return 0;
}

/* Each gap has a record behind it. */
static void count_gap(struct export *out, const struct fl_record *record)
{
	if (record->type == FL_RECORD_LOST) {
		out->lost += ((const struct fl_lost *)record)->records;
	} else if (record->type == FL_RECORD_MISSED) {
		out->missed += ((const struct fl_missed *)record)->deadlines;
		out->shed += ((const struct fl_missed *)record)->shed;
	}
}

static int write_records(struct export *out, const struct export_format *format,
			 struct faultline_batch *batch)
{
	const struct fl_record *record;
	struct roster_entry *who;

	while ((record = faultline_next(batch))) {
		who = roster_before(out->roster, record);
		if (!who && roster_target(record))
			return -ENOMEM;
		format->record(out, record, who);
		roster_after(out->roster, who, record);
		count_gap(out, record);
		out->last_ns = record->time_ns;
	}
	return ferror(out->to) ? -EIO : 0;
}

static void end_segment(struct export *out, const struct export_format *format,
			const struct faultline_end *end)
{
	if (out->segment && format->end)
		format->end(out, end);
	out->segment = NULL;
}

/* Tells of the damage that was met since the bytes before. */
static void tell_damage(struct export *out, const struct export_format *format,
			const struct faultline_recording *recording, uint64_t before)
{
	struct faultline_state state = { .size = sizeof(state) };

	faultline_recording_state(recording, &state);
	if (format->damage)
		format->damage(out, state.damaged_bytes - before);
}

static int write_parts(struct export *out, const struct export_format *format,
		       struct faultline_recording *recording)
{
	struct faultline_state state = { .size = sizeof(state) };
	struct faultline_batch *batch;
	int part, err;

	for (;;) {
		faultline_recording_state(recording, &state);
		part = faultline_recording_read(recording, &batch);
		if (part == FAULTLINE_PART_SEGMENT) {
			end_segment(out, format, NULL);
			err = begin_segment(out, format, faultline_recording_segment(recording));
		} else if (part == FAULTLINE_PART_RECORDS) {
			err = write_records(out, format, batch);
		} else if (part == FAULTLINE_PART_END) {
			end_segment(out, format, faultline_recording_end(recording));
			err = 0;
		} else if (part == -EBADMSG) {
			tell_damage(out, format, recording, state.damaged_bytes);
			err = 0;
		} else {
			end_segment(out, format, NULL);
			return part;
		}
		if (err)
			return err;
	}
}

int export_run(struct export *out, const struct export_format *format,
	       struct faultline_recording *recording, struct faultline_state *state)
{
	int err;

	if (format->begin)
		format->begin(out);
	err = write_parts(out, format, recording);
	faultline_recording_state(recording, state);
	if (!err && format->finish)
		format->finish(out, state);
	roster_free(out->roster);
	out->roster = NULL;
	if (!err && (fflush(out->to) || ferror(out->to)))
		err = -EIO;
	return err;
}
