// SPDX-License-Identifier: MIT
/*
 * JSON lines: an object a line, one for every record and everything else that the recording has,
 * so that nothing is lost. Its keys are in faultline-export(1).
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "export.h"
#include "object.h"
#include "origin.h"

static json_t *line_of(const char *type)
{
	json_t *line = json_object();

	json_object_set_new(line, "type", json_string(type));
	return line;
}

/* Writes a line and frees it. */
static void write_line(const struct export *out, json_t *line)
{
	json_dumpf(line, out->to, JSON_COMPACT);
	putc('\n', out->to);
	json_decref(line);
}

static void segment(struct export *out)
{
	const struct faultline_segment *segment = out->segment;
	json_t *line = line_of("segment");

	object_number(line, "segment", out->number);
	object_text(line, "source", origin_name(segment->source));
	object_text(line, "source_version", segment->source_version);
	object_text(line, "blind", segment->blind);
	object_text(line, "command", segment->command);
	object_text(line, "node", segment->node);
	object_text(line, "machine", segment->machine);
	object_text(line, "kernel", segment->kernel);
	object_number(line, "cpus", segment->cpus);
	object_number(line, "page_bytes", segment->page_bytes);
	object_text(line, "clock",
		    segment->clock == FL_CLOCK_MONOTONIC ? "CLOCK_MONOTONIC" : "unknown");
	object_number(line, "period_ns", segment->period_ns);
	object_number(line, "start_ns", segment->start_ns);
	object_number(line, "wall_ns", (uint64_t)segment->wall_ns);
	object_number(line, "ring_flags", segment->ring_flags);
	write_line(out, line);
}

static void put_counts(json_t *line, const struct fl_counts *counts, uint64_t page)
{
	object_number(line, "minor_faults", counts->minor);
	object_number(line, "major_faults", counts->major);
	object_number(line, "cpu_ns", counts->cpu_ns);
	object_number(line, "system_ns", counts->system_ns);
	object_number(line, "resident_bytes", counts->resident * page);
	object_number(line, "swapped_bytes", counts->swapped * page);
	object_number(line, "voluntary_switches", counts->voluntary);
	object_number(line, "involuntary_switches", counts->involuntary);
}

static void put_exit(json_t *line, const struct fl_exit *ended, uint64_t page)
{
	uint64_t peak = faultline_exit_peak(ended);
	int status = ended->status;

	object_number(line, "status", (uint64_t)status);
	if (WIFSIGNALED(status)) {
		object_number(line, "signal", (uint64_t)WTERMSIG(status));
		json_object_set_new(line, "core_dumped", json_boolean(WCOREDUMP(status)));
	} else {
		object_number(line, "exit_code", (uint64_t)WEXITSTATUS(status));
	}
	if (peak)
		object_number(line, "peak_resident_bytes", peak * page);
}

/* A record of a type that is newer than this tool: its bytes. */
static void put_unknown(json_t *line, const struct fl_record *record)
{
	const unsigned char *bytes = (const void *)record;
	char *text = malloc(2 * (size_t)record->size + 1);

	object_number(line, "number", record->type);
	for (size_t i = 0; text && i < record->size; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	if (text)
		object_text(line, "bytes", text);
	free(text);
}

static void put_own(json_t *line, const struct fl_record *record, uint64_t page)
{
	const struct fl_join *join = (const void *)record;
	const struct fl_missed *missed = (const void *)record;
	const struct fl_lost *lost = (const void *)record;

	switch (record->type) {
	case FL_RECORD_TARGET:
	case FL_RECORD_FORK:
		object_number(line, "parent", join->parent);
		object_number(line, "birth_ns", join->birth_ns);
		break;
	case FL_RECORD_EXIT:
		put_exit(line, (const struct fl_exit *)record, page);
		break;
	case FL_RECORD_LEFT:
		object_text(line, "reason",
			    export_reason(((const struct fl_left *)record)->reason));
		break;
	case FL_RECORD_MISSED:
		object_number(line, "deadlines", missed->deadlines);
		object_number(line, "shed", missed->shed);
		break;
	case FL_RECORD_LOST:
		object_number(line, "records", lost->records);
		object_number(line, "unfollowed", lost->unfollowed);
		break;
	case FL_RECORD_SAMPLE:
	case FL_RECORD_EXEC:
		break;
	default:
		put_unknown(line, record);
	}
}

static void record(struct export *out, const struct fl_record *record, struct roster_entry *who)
{
	static const char *const types[] = {
		[FL_RECORD_SAMPLE] = "sample", [FL_RECORD_TARGET] = "target",
		[FL_RECORD_FORK] = "fork",     [FL_RECORD_EXEC] = "exec",
		[FL_RECORD_EXIT] = "exit",     [FL_RECORD_LEFT] = "left",
		[FL_RECORD_MISSED] = "missed", [FL_RECORD_LOST] = "lost",
	};
	const struct fl_counts *counts = roster_counts(record);
	const char *type = NULL;
	json_t *line;

	if (record->type < sizeof(types) / sizeof(types[0]))
		type = types[record->type];
	line = line_of(type ? type : "unknown");
	object_number(line, "segment", out->number);
	object_number(line, "seq", record->seq);
	object_number(line, "time_ns", record->time_ns);
	if (who) {
		object_number(line, "target", who->target);
		object_number(line, "pid", (uint64_t)who->pid);
		object_number(line, "tid", (uint64_t)who->tid);
		object_text(line, "name", who->name);
	}
	put_own(line, record, out->segment->page_bytes);
	if (counts)
		put_counts(line, counts, out->segment->page_bytes);
	write_line(out, line);
}

static void damage(struct export *out, uint64_t bytes)
{
	json_t *line = line_of("damage");

	object_number(line, "bytes", bytes);
	write_line(out, line);
}

static void end(struct export *out, const struct faultline_end *end)
{
	json_t *line = line_of(end ? "end" : "cut");

	object_number(line, "segment", out->number);
	if (end) {
		object_number(line, "end_ns", end->end_ns);
		object_number(line, "records", end->records);
		object_number(line, "own_cpu_ns", end->own_cpu_ns);
		object_number(line, "pass_ns", end->pass_ns);
		object_number(line, "passes", end->passes);
		object_number(line, "lost", end->lost);
		object_number(line, "missed", end->missed);
		object_number(line, "shed", end->shed);
		object_number(line, "overwritten", end->overwritten);
		object_number(line, "unfollowed", end->unfollowed);
		object_number(line, "skipped", end->skipped);
	}
	write_line(out, line);
}

static void finish(struct export *out, const struct faultline_state *state)
{
	json_t *line = line_of("state");

	object_number(line, "segments", state->segments);
	object_number(line, "unfinished", state->unfinished);
	object_number(line, "records", state->records);
	object_number(line, "damaged", state->damaged);
	object_number(line, "damaged_bytes", state->damaged_bytes);
	object_number(line, "ignored_bytes", state->ignored_bytes);
	write_line(out, line);
}

const struct export_format export_json = {
	.name = "json",
	.segment = segment,
	.record = record,
	.damage = damage,
	.end = end,
	.finish = finish,
};
