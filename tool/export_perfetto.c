// SPDX-License-Identifier: MIT
/*
 * A trace as Perfetto's own tools write it: a row of TracePackets, each a field of a Trace. The
 * numbers below are those of its published protocol, perfetto/trace/trace_packet.proto and
 * perfetto/trace/track_event/.
 *
 * Each process has a track, on which a slice for each program shows how long it ran, with instants
 * where it executes and ends; below it there is a counter track for each figure. Faults, CPU time
 * and switches are rates, as totals that only grow show nothing to the eye: a value holds from the
 * sample before to this one. The exact totals are with the end of the last slice. A value that is
 * the one before is left out.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "export.h"
#include "fate.h"
#include "origin.h"
#include "protobuf.h"

enum trace {
	TRACE_PACKET = 1
};
enum packet {
	PACKET_CLOCK_SNAPSHOT = 6,
	PACKET_TIMESTAMP = 8,
	PACKET_SEQUENCE = 10,
	PACKET_TRACK_EVENT = 11,
	PACKET_TRACK_DESCRIPTOR = 60,
};
enum snapshot {
	SNAPSHOT_CLOCKS = 1,
	SNAPSHOT_PRIMARY = 2
};
enum clock {
	CLOCK_ID = 1,
	CLOCK_TIMESTAMP = 2
};
enum builtin_clock {
	REALTIME = 1,
	MONOTONIC = 3
};
enum descriptor {
	DESCRIPTOR_UUID = 1,
	DESCRIPTOR_NAME = 2,
	DESCRIPTOR_PROCESS = 3,
	DESCRIPTOR_THREAD = 4,
	DESCRIPTOR_PARENT = 5,
	DESCRIPTOR_COUNTER = 8,
};
enum process {
	PROCESS_PID = 1,
	PROCESS_NAME = 6,
	PROCESS_START = 7
};
enum thread {
	THREAD_PID = 1,
	THREAD_TID = 2,
	THREAD_NAME = 5
};
enum counter {
	COUNTER_UNIT = 3,
	COUNTER_UNIT_NAME = 6
};
enum unit {
	UNIT_NAMED = 0,
	UNIT_BYTES = 3
};
enum event {
	EVENT_ANNOTATION = 4,
	EVENT_TYPE = 9,
	EVENT_TRACK = 11,
	EVENT_NAME = 23,
	EVENT_DOUBLE = 44,
};
enum event_type {
	SLICE_BEGIN = 1,
	SLICE_END = 2,
	INSTANT = 3,
	COUNTER = 4
};
enum annotation {
	ANNOTATION_NUMBER = 3,
	ANNOTATION_TEXT = 6,
	ANNOTATION_NAME = 10
};

/* All packets are of one writer. */
#define SEQUENCE 1

/* The counter tracks of each process. */
static const struct figure {
	const char *name;
	enum unit unit;
	const char *unit_name;
} figures[ROSTER_SHOWN] = {
	{ "minor faults", UNIT_NAMED, "faults/s" },
	{ "major faults", UNIT_NAMED, "faults/s" },
	{ "CPU", UNIT_NAMED, "% of a CPU" },
	{ "CPU in the kernel", UNIT_NAMED, "% of a CPU" },
	{ "voluntary switches", UNIT_NAMED, "switches/s" },
	{ "involuntary switches", UNIT_NAMED, "switches/s" },
	{ "resident", UNIT_BYTES, NULL },
	{ "swapped", UNIT_BYTES, NULL },
};

#define RATES 6 /* so many of them, the first ones */

/* Ids of tracks: of a target, and behind it of its figures. Target 0 is the recording. */
static uint64_t track_of(const struct export *out, uint32_t target)
{
	return ((uint64_t)out->number + 1) << 40 | (uint64_t)target << 4;
}

/* All segments by the first one's clock, whatever theirs was: that of another boot, perhaps. */
static uint64_t moment(const struct export *out, uint64_t time_ns)
{
	/* Unsigned, as what a recording says may be anything. */
	const uint64_t wall = (uint64_t)out->segment->wall_ns;
	const uint64_t first = (uint64_t)out->first_wall_ns;
	int64_t time = (int64_t)(time_ns + wall - first);

	return time < 0 ? 0 : (uint64_t)time;
}

/* Writes a packet with one thing in it. */
static void write_packet(const struct export *out, uint64_t time_ns, enum packet field,
			 const struct protobuf *thing)
{
	struct protobuf packet, trace;

	packet.length = trace.length = 0;
	protobuf_number(&packet, PACKET_TIMESTAMP, moment(out, time_ns));
	protobuf_number(&packet, PACKET_SEQUENCE, SEQUENCE);
	protobuf_message(&packet, field, thing);
	protobuf_message(&trace, TRACE_PACKET, &packet);
	fwrite(trace.bytes, 1, trace.length, out->to);
}

static void begin_event(struct protobuf *event, enum event_type type, uint64_t track,
			const char *name)
{
	event->length = 0;
	protobuf_number(event, EVENT_TYPE, type);
	protobuf_number(event, EVENT_TRACK, track);
	if (name)
		protobuf_text(event, EVENT_NAME, name);
}

static void annotate(struct protobuf *event, const char *name, uint64_t number)
{
	struct protobuf annotation;

	annotation.length = 0;
	protobuf_text(&annotation, ANNOTATION_NAME, name);
	protobuf_number(&annotation, ANNOTATION_NUMBER, number);
	protobuf_message(event, EVENT_ANNOTATION, &annotation);
}

static void annotate_text(struct protobuf *event, const char *name, const char *text)
{
	char clean[1024];
	struct protobuf annotation;

	annotation.length = 0;
	protobuf_text(&annotation, ANNOTATION_NAME, name);
	protobuf_text(&annotation, ANNOTATION_TEXT, utf8_clean(clean, sizeof(clean), text));
	protobuf_message(event, EVENT_ANNOTATION, &annotation);
}

static void annotate_counts(struct protobuf *event, const struct fl_counts *counts)
{
	annotate(event, "minor faults", counts->minor);
	annotate(event, "major faults", counts->major);
	annotate(event, "CPU (ns)", counts->cpu_ns);
	annotate(event, "CPU in the kernel (ns)", counts->system_ns);
	annotate(event, "voluntary switches", counts->voluntary);
	annotate(event, "involuntary switches", counts->involuntary);
}

static void add_clock(struct protobuf *snapshot, enum builtin_clock id, uint64_t time_ns)
{
	struct protobuf clock;

	clock.length = 0;
	protobuf_number(&clock, CLOCK_ID, id);
	protobuf_number(&clock, CLOCK_TIMESTAMP, time_ns);
	protobuf_message(snapshot, SNAPSHOT_CLOCKS, &clock);
}

/* Times are of CLOCK_MONOTONIC; this says so, and what time of day they are. */
static void write_clocks(const struct export *out)
{
	uint64_t start = out->segment->start_ns;
	struct protobuf snapshot;

	snapshot.length = 0;
	add_clock(&snapshot, MONOTONIC, start);
	add_clock(&snapshot, REALTIME, start + (uint64_t)out->segment->wall_ns);
	protobuf_number(&snapshot, SNAPSHOT_PRIMARY, MONOTONIC);
	write_packet(out, start, PACKET_CLOCK_SNAPSHOT, &snapshot);
}

static void segment(struct export *out)
{
	const struct faultline_segment *segment = out->segment;
	struct protobuf message;

	if (!out->number)
		write_clocks(out);
	message.length = 0;
	protobuf_number(&message, DESCRIPTOR_UUID, track_of(out, 0));
	protobuf_text(&message, DESCRIPTOR_NAME, "faultline");
	write_packet(out, segment->start_ns, PACKET_TRACK_DESCRIPTOR, &message);
	begin_event(&message, SLICE_BEGIN, track_of(out, 0), "recording");
	annotate_text(&message, "command", segment->command);
	annotate_text(&message, "source", origin_name(segment->source));
	annotate_text(&message, "source version", segment->source_version);
	annotate_text(&message, "cannot see", segment->blind);
	annotate_text(&message, "machine", segment->node);
	annotate_text(&message, "kernel", segment->kernel);
	annotate(&message, "CPUs", segment->cpus);
	annotate(&message, "period (ns)", segment->period_ns);
	write_packet(out, segment->start_ns, PACKET_TRACK_EVENT, &message);
}

/* The descriptor of a target's track, with its name of now. */
static void describe(const struct export *out, uint64_t time_ns, const struct roster_entry *who)
{
	struct protobuf message, of;

	message.length = of.length = 0;
	protobuf_number(&message, DESCRIPTOR_UUID, track_of(out, who->target));
	if (who->tid) {
		protobuf_number(&of, THREAD_PID, (uint64_t)who->pid);
		protobuf_number(&of, THREAD_TID, (uint64_t)who->tid);
		protobuf_text(&of, THREAD_NAME, who->name);
		protobuf_message(&message, DESCRIPTOR_THREAD, &of);
	} else if (who->pid) {
		protobuf_number(&of, PROCESS_PID, (uint64_t)who->pid);
		protobuf_text(&of, PROCESS_NAME, who->name);
		protobuf_number(&of, PROCESS_START, moment(out, who->birth_ns));
		protobuf_message(&message, DESCRIPTOR_PROCESS, &of);
	} else {
		protobuf_text(&message, DESCRIPTOR_NAME, who->name);
	}
	write_packet(out, time_ns, PACKET_TRACK_DESCRIPTOR, &message);
}

static void describe_figures(const struct export *out, uint64_t time_ns,
			     const struct roster_entry *who)
{
	struct protobuf message, counter;

	for (size_t i = 0; i < ROSTER_SHOWN; i++) {
		message.length = counter.length = 0;
		protobuf_number(&message, DESCRIPTOR_UUID, track_of(out, who->target) + 1 + i);
		protobuf_number(&message, DESCRIPTOR_PARENT, track_of(out, who->target));
		protobuf_text(&message, DESCRIPTOR_NAME, figures[i].name);
		if (figures[i].unit_name)
			protobuf_text(&counter, COUNTER_UNIT_NAME, figures[i].unit_name);
		else
			protobuf_number(&counter, COUNTER_UNIT, figures[i].unit);
		protobuf_message(&message, DESCRIPTOR_COUNTER, &counter);
		write_packet(out, time_ns, PACKET_TRACK_DESCRIPTOR, &message);
	}
}

static void write_figure(const struct export *out, uint64_t time_ns, struct roster_entry *who,
			 size_t figure, double value)
{
	struct protobuf event;

	if (value == who->shown[figure])
		return;
	who->shown[figure] = value;
	begin_event(&event, COUNTER, track_of(out, who->target) + 1 + figure, NULL);
	protobuf_double(&event, EVENT_DOUBLE, value);
	write_packet(out, time_ns, PACKET_TRACK_EVENT, &event);
}

static void write_rates(const struct export *out, uint64_t time_ns, struct roster_entry *who,
			const struct fl_counts *now)
{
	const struct fl_counts *before = &who->counts;
	const double seconds = 1e9, percent = 100;
	const double scaled[RATES] = {
		seconds * (double)(now->minor - before->minor),
		seconds * (double)(now->major - before->major),
		percent * (double)(now->cpu_ns - before->cpu_ns),
		percent * (double)(now->system_ns - before->system_ns),
		seconds * (double)(now->voluntary - before->voluntary),
		seconds * (double)(now->involuntary - before->involuntary),
	};

	for (size_t i = 0; i < RATES; i++)
		write_figure(out, who->time_ns, who, i,
			     scaled[i] / (double)(time_ns - who->time_ns));
}

static void write_memory(const struct export *out, uint64_t time_ns, struct roster_entry *who,
			 const struct fl_counts *now)
{
	const double page = out->segment->page_bytes;

	write_figure(out, time_ns, who, RATES, (double)now->resident * page);
	write_figure(out, time_ns, who, RATES + 1, (double)now->swapped * page);
}

static void write_counts(const struct export *out, const struct fl_record *record,
			 struct roster_entry *who)
{
	const struct fl_counts *counts = roster_counts(record);

	if (!counts)
		return;
	if (who->counted && record->time_ns > who->time_ns)
		write_rates(out, record->time_ns, who, counts);
	write_memory(out, record->time_ns, who, counts);
}

static void write_program(const struct export *out, uint64_t time_ns, enum event_type type,
			  const struct roster_entry *who)
{
	struct protobuf event;

	begin_event(&event, type, track_of(out, who->target),
		    type == SLICE_BEGIN ? who->name : NULL);
	write_packet(out, time_ns, PACKET_TRACK_EVENT, &event);
}

static void write_instant(const struct export *out, uint64_t time_ns, uint32_t target,
			  const char *what, const char *which)
{
	char name[128];
	struct protobuf event;

	snprintf(name, sizeof(name), "%s%s%s", what, *which ? " " : "", which);
	begin_event(&event, INSTANT, track_of(out, target), name);
	write_packet(out, time_ns, PACKET_TRACK_EVENT, &event);
}

/* Before anything else of it, also if the record that told of it was lost. */
static void introduce(const struct export *out, uint64_t time_ns, struct roster_entry *who)
{
	if (who->told)
		return;
	who->told = true;
	describe(out, time_ns, who);
	describe_figures(out, time_ns, who);
	write_program(out, time_ns, SLICE_BEGIN, who);
}

static void write_exec(const struct export *out, const struct fl_record *record,
		       const struct roster_entry *who)
{
	describe(out, record->time_ns, who);
	write_program(out, record->time_ns, SLICE_END, who);
	write_program(out, record->time_ns, SLICE_BEGIN, who);
	write_instant(out, record->time_ns, who->target, "exec", who->name);
}

/* Its rates end here: they would be drawn on for ever. */
static void write_zeroes(const struct export *out, uint64_t time_ns, struct roster_entry *who)
{
	for (size_t i = 0; i < ROSTER_SHOWN; i++)
		write_figure(out, time_ns, who, i, 0);
}

static void write_last(const struct export *out, const struct fl_record *record,
		       struct roster_entry *who)
{
	const struct fl_exit *ended = (const void *)record;
	const struct fl_counts *counts = roster_counts(record);
	uint64_t peak = record->type == FL_RECORD_EXIT ? faultline_exit_peak(ended) : 0;
	struct protobuf event;
	char end[FATE_BYTES];
	char how[40];

	write_zeroes(out, record->time_ns, who);
	if (record->type == FL_RECORD_LEFT)
		snprintf(how, sizeof(how), "left: %s",
			 export_reason(((const struct fl_left *)record)->reason));
	else
		snprintf(how, sizeof(how), "%s%s", WIFSIGNALED(ended->status) ? "killed by " : "",
			 fate_of_status(end, ended->status));
	write_instant(out, record->time_ns, who->target, how, "");
	begin_event(&event, SLICE_END, track_of(out, who->target), NULL);
	if (counts)
		annotate_counts(&event, counts);
	if (peak)
		annotate(&event, "peak resident (bytes)", peak * out->segment->page_bytes);
	write_packet(out, record->time_ns, PACKET_TRACK_EVENT, &event);
}

static void write_gap(const struct export *out, const struct fl_record *record)
{
	const struct fl_missed *missed = (const void *)record;
	const struct fl_lost *lost = (const void *)record;
	const bool is_lost = record->type == FL_RECORD_LOST;
	struct protobuf event;

	begin_event(&event, INSTANT, track_of(out, 0), is_lost ? "lost" : "missed");
	annotate(&event, is_lost ? "records" : "deadlines",
		 is_lost ? lost->records : missed->deadlines);
	annotate(&event, is_lost ? "processes not followed" : "visits shed",
		 is_lost ? lost->unfollowed : missed->shed);
	write_packet(out, record->time_ns, PACKET_TRACK_EVENT, &event);
}

static void record(struct export *out, const struct fl_record *record, struct roster_entry *who)
{
	if (record->type == FL_RECORD_MISSED || record->type == FL_RECORD_LOST)
		write_gap(out, record);
	if (!who)
		return;
	introduce(out, record->time_ns, who);
	write_counts(out, record, who);
	if (record->type == FL_RECORD_FORK && who->parent)
		write_instant(out, record->time_ns, who->parent, "fork", who->name);
	if (record->type == FL_RECORD_EXEC)
		write_exec(out, record, who);
	if (record->type == FL_RECORD_EXIT || record->type == FL_RECORD_LEFT)
		write_last(out, record, who);
}

static void end_program(struct roster_entry *who, void *with)
{
	const struct export *out = with;
	struct protobuf event;

	begin_event(&event, SLICE_END, track_of(out, who->target), NULL);
	annotate_counts(&event, &who->counts);
	write_packet(out, out->last_ns, PACKET_TRACK_EVENT, &event);
}

static void end(struct export *out, const struct faultline_end *end)
{
	struct protobuf event;

	roster_walk(out->roster, end_program, out);
	begin_event(&event, SLICE_END, track_of(out, 0), NULL);
	if (end) {
		annotate(&event, "CPU of the recorder (ns)", end->own_cpu_ns);
		annotate(&event, "passes of the kernel (ns)", end->pass_ns);
		annotate(&event, "records lost", end->lost);
		annotate(&event, "deadlines missed", end->missed);
		annotate(&event, "visits shed", end->shed);
	} else {
		annotate_text(&event, "end", "cut off");
	}
	write_packet(out, end ? end->end_ns : out->last_ns, PACKET_TRACK_EVENT, &event);
}

const struct export_format export_perfetto = {
	.name = "perfetto",
	.binary = true,
	.segment = segment,
	.record = record,
	.end = end,
};
