// SPDX-License-Identifier: MIT
#include "export.h"

#include <errno.h>

const char *export_source(uint32_t source)
{
	static const char *const names[] = { "unknown", "module", "perf", "proc" };

	return names[source < sizeof(names) / sizeof(names[0]) ? source : 0];
}

const char *export_reason(uint32_t reason)
{
	static const char *const names[] = { "unknown", "removed", "denied", "cgroup" };

	return names[reason < sizeof(names) / sizeof(names[0]) ? reason : 0];
}

static int begin_segment(struct export *export, const struct export_format *format,
			 const struct faultline_segment *segment)
{
	export->segment = segment;
	export->number = export->segments++;
	export->last_ns = segment->start_ns;
	if (!export->number)
		export->first_wall_ns = segment->wall_ns;
	roster_free(export->roster);
	export->roster = roster_new();
	if (!export->roster)
		return -ENOMEM;
	if (format->segment)
		format->segment(export);
	return 0;
}

/* Each gap has a record behind it. */
static void count_gap(struct export *export, const struct fl_record *record)
{
	if (record->type == FL_RECORD_LOST) {
		export->lost += ((const struct fl_lost *)record)->records;
	} else if (record->type == FL_RECORD_MISSED) {
		export->missed += ((const struct fl_missed *)record)->deadlines;
		export->shed += ((const struct fl_missed *)record)->shed;
	}
}

static int write_records(struct export *export, const struct export_format *format,
			 struct faultline_batch *batch)
{
	const struct fl_record *record;
	struct roster_entry *who;

	while ((record = faultline_next(batch))) {
		who = roster_before(export->roster, record);
		if (!who && roster_target(record))
			return -ENOMEM;
		format->record(export, record, who);
		roster_after(export->roster, who, record);
		count_gap(export, record);
		export->last_ns = record->time_ns;
	}
	return ferror(export->to) ? -EIO : 0;
}

static void end_segment(struct export *export, const struct export_format *format,
			const struct faultline_end *end)
{
	if (export->segment && format->end)
		format->end(export, end);
	export->segment = NULL;
}

/* Tells of the damage that was met since the bytes before. */
static void tell_damage(struct export *export, const struct export_format *format,
			const struct faultline_recording *recording, uint64_t before)
{
	struct faultline_state state = { .size = sizeof(state) };

	faultline_recording_state(recording, &state);
	if (format->damage)
		format->damage(export, state.damaged_bytes - before);
}

static int write_parts(struct export *export, const struct export_format *format,
		       struct faultline_recording *recording)
{
	struct faultline_state state = { .size = sizeof(state) };
	struct faultline_batch *batch;
	int part, err;

	for (;;) {
		faultline_recording_state(recording, &state);
		part = faultline_recording_read(recording, &batch);
		if (part == FAULTLINE_PART_SEGMENT) {
			end_segment(export, format, NULL);
			err = begin_segment(export, format, faultline_recording_segment(recording));
		} else if (part == FAULTLINE_PART_RECORDS) {
			err = write_records(export, format, batch);
		} else if (part == FAULTLINE_PART_END) {
			end_segment(export, format, faultline_recording_end(recording));
			err = 0;
		} else if (part == -EBADMSG) {
			tell_damage(export, format, recording, state.damaged_bytes);
			err = 0;
		} else {
			end_segment(export, format, NULL);
			return part;
		}
		if (err)
			return err;
	}
}

int export_run(struct export *export, const struct export_format *format,
	       struct faultline_recording *recording, struct faultline_state *state)
{
	int err;

	if (format->begin)
		format->begin(export);
	err = write_parts(export, format, recording);
	faultline_recording_state(recording, state);
	if (!err && format->finish)
		format->finish(export, state);
	roster_free(export->roster);
	export->roster = NULL;
	if (!err && (fflush(export->to) || ferror(export->to)))
		err = -EIO;
	return err;
}
