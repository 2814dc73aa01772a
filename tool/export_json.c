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

static void put(json_t *line, const char *key, uint64_t number)
{
	json_object_set_new(line, key, json_integer((json_int_t)number));
}

static void put_text(json_t *line, const char *key, const char *text)
{
	size_t room = UTF8_ROOM(strlen(text));
	char *clean = malloc(room);

	if (clean)
		json_object_set_new(line, key, json_string(utf8_clean(clean, room, text)));
	free(clean);
}

static json_t *line_of(const char *type)
{
	json_t *line = json_object();

	json_object_set_new(line, "type", json_string(type));
	return line;
}

/* Writes a line and frees it. */
static void write_line(const struct export *export, json_t *line)
{
	json_dumpf(line, export->to, JSON_COMPACT);
	putc('\n', export->to);
	json_decref(line);
}

static void segment(struct export *export)
{
	const struct faultline_segment *segment = export->segment;
	json_t *line = line_of("segment");

	put(line, "segment", export->number);
	put_text(line, "source", export_source(segment->source));
	put_text(line, "source_version", segment->source_version);
	put_text(line, "blind", segment->blind);
	put_text(line, "command", segment->command);
	put_text(line, "node", segment->node);
	put_text(line, "machine", segment->machine);
	put_text(line, "kernel", segment->kernel);
	put(line, "cpus", segment->cpus);
	put(line, "page_bytes", segment->page_bytes);
	put_text(line, "clock",
		 segment->clock == FL_CLOCK_MONOTONIC ? "CLOCK_MONOTONIC" : "unknown");
	put(line, "period_ns", segment->period_ns);
	put(line, "start_ns", segment->start_ns);
	put(line, "wall_ns", (uint64_t)segment->wall_ns);
	put(line, "ring_flags", segment->ring_flags);
	write_line(export, line);
}

static void put_counts(json_t *line, const struct fl_counts *counts, uint64_t page)
{
	put(line, "minor_faults", counts->minor);
	put(line, "major_faults", counts->major);
	put(line, "cpu_ns", counts->cpu_ns);
	put(line, "system_ns", counts->system_ns);
	put(line, "resident_bytes", counts->resident * page);
	put(line, "swapped_bytes", counts->swapped * page);
	put(line, "voluntary_switches", counts->voluntary);
	put(line, "involuntary_switches", counts->involuntary);
}

static void put_exit(json_t *line, int status)
{
	put(line, "status", (uint64_t)status);
	if (WIFSIGNALED(status)) {
		put(line, "signal", (uint64_t)WTERMSIG(status));
		json_object_set_new(line, "core_dumped", json_boolean(WCOREDUMP(status)));
	} else {
		put(line, "exit_code", (uint64_t)WEXITSTATUS(status));
	}
}

/* A record of a type that is newer than this tool: its bytes. */
static void put_unknown(json_t *line, const struct fl_record *record)
{
	const unsigned char *bytes = (const void *)record;
	char *text = malloc(2 * (size_t)record->size + 1);

	put(line, "number", record->type);
	for (size_t i = 0; text && i < record->size; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	if (text)
		put_text(line, "bytes", text);
	free(text);
}

static void put_own(json_t *line, const struct fl_record *record)
{
	const struct fl_join *join = (const void *)record;
	const struct fl_missed *missed = (const void *)record;
	const struct fl_lost *lost = (const void *)record;

	switch (record->type) {
	case FL_RECORD_TARGET:
	case FL_RECORD_FORK:
		put(line, "parent", join->parent);
		put(line, "birth_ns", join->birth_ns);
		break;
	case FL_RECORD_EXIT:
		put_exit(line, ((const struct fl_exit *)record)->status);
		break;
	case FL_RECORD_LEFT:
		put_text(line, "reason", export_reason(((const struct fl_left *)record)->reason));
		break;
	case FL_RECORD_MISSED:
		put(line, "deadlines", missed->deadlines);
		put(line, "shed", missed->shed);
		break;
	case FL_RECORD_LOST:
		put(line, "records", lost->records);
		put(line, "unfollowed", lost->unfollowed);
		break;
	case FL_RECORD_SAMPLE:
	case FL_RECORD_EXEC:
		break;
	default:
		put_unknown(line, record);
	}
}

static void record(struct export *export, const struct fl_record *record, struct roster_entry *who)
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
	put(line, "segment", export->number);
	put(line, "seq", record->seq);
	put(line, "time_ns", record->time_ns);
	if (who) {
		put(line, "target", who->target);
		put(line, "pid", (uint64_t)who->pid);
		put(line, "tid", (uint64_t)who->tid);
		put_text(line, "name", who->name);
	}
	put_own(line, record);
	if (counts)
		put_counts(line, counts, export->segment->page_bytes);
	write_line(export, line);
}

static void damage(struct export *export, uint64_t bytes)
{
	json_t *line = line_of("damage");

	put(line, "bytes", bytes);
	write_line(export, line);
}

static void end(struct export *export, const struct faultline_end *end)
{
	json_t *line = line_of(end ? "end" : "cut");

	put(line, "segment", export->number);
	if (end) {
		put(line, "end_ns", end->end_ns);
		put(line, "records", end->records);
		put(line, "own_cpu_ns", end->own_cpu_ns);
		put(line, "pass_ns", end->pass_ns);
		put(line, "passes", end->passes);
		put(line, "lost", end->lost);
		put(line, "missed", end->missed);
		put(line, "shed", end->shed);
		put(line, "overwritten", end->overwritten);
		put(line, "unfollowed", end->unfollowed);
		put(line, "skipped", end->skipped);
	}
	write_line(export, line);
}

static void finish(struct export *export, const struct faultline_state *state)
{
	json_t *line = line_of("state");

	put(line, "segments", state->segments);
	put(line, "unfinished", state->unfinished);
	put(line, "records", state->records);
	put(line, "damaged", state->damaged);
	put(line, "damaged_bytes", state->damaged_bytes);
	put(line, "ignored_bytes", state->ignored_bytes);
	write_line(export, line);
}

const struct export_format export_json = {
	.name = "json",
	.segment = segment,
	.record = record,
	.damage = damage,
	.end = end,
	.finish = finish,
};
