// SPDX-License-Identifier: MIT
#include "origin.h"
#include "page_data.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "export.h"
#include "fate.h"
#include "insight.h"
#include "object.h"
#include "page_pack.h"
#include "page_points.h"
#include "summary.h"

#define NS_PER_S  1e9
#define NS_PER_MS 1000000

/* Times in a segment are seconds since it began. */
static double since(const struct history *history, uint32_t segment, uint64_t time_ns)
{
	uint64_t start_ns = history->segments[segment].head.start_ns;

	return (double)(int64_t)(time_ns - start_ns) / NS_PER_S;
}

static void object_real(json_t *object, const char *key, double number)
{
	json_object_set_new(object, key, json_real(number));
}

static void object_truth(json_t *object, const char *key, bool truth)
{
	json_object_set_new(object, key, json_boolean(truth));
}

/* Its number in its segment, which is that of its first less; -1: none. */
static json_int_t number_in(uint32_t process, uint32_t first)
{
	return process == HISTORY_NONE ? -1 : (json_int_t)process - first;
}

static void pack_columns(struct page_pack *pack, const struct page_points *points,
			 const struct page_times *times)
{
	size_t at = 0;

	page_pack_begin(pack);
	for (size_t i = 0; i < points->number; i++) {
		at = page_times_find(times, points->all[i].time_ns, at);
		page_pack_add(pack, at);
	}
#define COLUMN(field)                                                     \
	do {                                                              \
		page_pack_begin(pack);                                    \
		for (size_t i = 0; i < points->number; i++)               \
			page_pack_add(pack, points->all[i].counts.field); \
	} while (0)
	COLUMN(minor);
	COLUMN(major);
	COLUMN(cpu_ns);
	COLUMN(resident);
	COLUMN(swapped);
#undef COLUMN
}

static json_t *process_of(const struct history *history, const struct history_process *process,
			  uint32_t first, size_t points)
{
	struct fl_counts counts = history_counts(process);
	json_t *object = json_object();
	char text[FATE_BYTES];

	object_text(object, "name", process->name);
	object_text(object, "first", process->first);
	object_number(object, "pid", process->pid);
	object_number(object, "tid", process->tid);
	object_number(object, "parent", number_in(process->parent, first));
	object_real(object, "first_s", since(history, process->segment, process->first_ns));
	object_real(object, "last_s", since(history, process->segment, process->last_ns));
	object_truth(object, "forked", process->forked && process->parent != HISTORY_NONE);
	object_truth(object, "ended", process->end == HISTORY_EXITED);
	object_truth(object, "bad", process->end == HISTORY_EXITED && process->status);
	object_text(object, "how", fate(text, process));
	object_number(object, "minor", counts.minor);
	object_number(object, "major", counts.major);
	object_real(object, "cpu_s", counts.cpu_ns / NS_PER_S);
	object_real(object, "system_s", counts.system_ns / NS_PER_S);
	object_number(object, "voluntary", counts.voluntary);
	object_number(object, "involuntary", counts.involuntary);
	object_number_if(object, "peak_resident", history_knows_resident(process),
			 process->peak_resident);
	object_number_if(object, "peak_swapped", process->sampled, process->peak_swapped);
	object_number(object, "points", points);
	return object;
}

/* Packs their points on the way. Processes of a segment are in a row. */
static int add_processes(json_t *object, const struct history *history, uint32_t segment,
			 uint32_t first, struct page_pack *pack)
{
	json_t *processes = json_array();
	struct page_points points = { 0 };
	struct page_times times;
	int error;

	json_object_set_new(object, "processes", processes);
	error = page_times_make(&times, history, segment);
	page_pack_begin(pack);
	for (size_t i = 0; !error && i < times.number; i++)
		page_pack_add(pack, times.ns[i] - history->segments[segment].head.start_ns);
	for (size_t i = first; !error && i < history->process_number; i++) {
		const struct history_process *process = &history->processes[i];

		if (process->segment != segment)
			break;
		error = page_points_make(&points, history, process);
		if (error)
			break;
		pack_columns(pack, &points, &times);
		json_array_append_new(processes,
				      process_of(history, process, first, points.number));
	}
	object_number(object, "times", times.number);
	page_points_free(&points);
	page_times_free(&times);
	return error;
}

static void add_gaps(json_t *object, const struct history *history, uint32_t segment)
{
	json_t *gaps = json_array();

	for (size_t i = 0; i < history->gap_number; i++) {
		const struct history_gap *gap = &history->gaps[i];
		json_t *one;

		if (gap->segment != segment)
			continue;
		one = json_object();
		object_real(one, "t", since(history, segment, gap->time_ns));
		object_number(one, "missed", gap->missed);
		object_number(one, "shed", gap->shed);
		object_number(one, "lost", gap->lost);
		object_number(one, "unfollowed", gap->unfollowed);
		json_array_append_new(gaps, one);
	}
	json_object_set_new(object, "gaps", gaps);
}

static void add_execs(json_t *object, const struct history *history, uint32_t segment,
		      uint32_t first)
{
	json_t *execs = json_array();

	for (size_t i = 0; i < history->exec_number; i++) {
		const struct history_exec *exec = &history->execs[i];
		json_t *one;

		if (history->processes[exec->process].segment != segment)
			continue;
		one = json_object();
		object_number(one, "process", number_in(exec->process, first));
		object_real(one, "t", since(history, segment, exec->time_ns));
		object_text(one, "name", exec->name);
		json_array_append_new(execs, one);
	}
	json_object_set_new(object, "execs", execs);
}

static int add_insights(json_t *object, const struct history *history, uint32_t segment,
			uint32_t first)
{
	struct insights insights = { 0 };
	json_t *list = json_array();
	int error;

	error = insights_find(history, segment, &insights);
	for (size_t i = 0; !error && i < insights.number; i++) {
		const struct insight *insight = &insights.all[i];
		bool whole = !insight->from_ns && !insight->to_ns;
		json_t *one = json_object();

		object_text(one, "kind", insight_name(insight->kind));
		object_text(one, "title", insight->title);
		object_text(one, "text", insight->text);
		object_number(one, "process", number_in(insight->process, first));
		object_real(one, "from", whole ? 0 : since(history, segment, insight->from_ns));
		object_real(one, "to", whole ? 0 : since(history, segment, insight->to_ns));
		json_array_append_new(list, one);
	}
	json_object_set_new(object, "insights", list);
	insights_free(&insights);
	return error;
}

static int add_summary(json_t *object, const struct history *history, uint32_t segment)
{
	struct summary summary;
	int error = summary_make(history, segment, &summary);

	if (error)
		return error;
	object_real(object, "elapsed_s", summary.elapsed_ns / NS_PER_S);
	object_number(object, "minor", summary.total.minor);
	object_number(object, "major", summary.total.major);
	object_real(object, "cpu_s", summary.total.cpu_ns / NS_PER_S);
	object_real(object, "system_s", summary.total.system_ns / NS_PER_S);
	object_number_if(object, "peak_resident", summary.knows_resident, summary.peak_resident);
	object_number_if(object, "peak_swapped", summary.sampled, summary.peak_swapped);
	object_number(object, "missed", summary.missed);
	object_number(object, "shed", summary.shed);
	object_number(object, "lost", summary.lost);
	object_number(object, "unfollowed", summary.unfollowed);
	object_real(object, "own_cpu_s", summary.own_cpu_ns / NS_PER_S);
	object_real(object, "pass_s", summary.pass_ns / NS_PER_S);
	object_number(object, "passes", summary.passes);
	return 0;
}

static void add_head(json_t *object, const struct history_segment *segment)
{
	const struct faultline_segment *head = &segment->head;

	object_text(object, "source", origin_name(head->source));
	object_text(object, "source_version", head->source_version);
	object_text(object, "blind", head->blind);
	object_text(object, "command", head->command);
	object_text(object, "node", head->node);
	object_text(object, "kernel", head->kernel);
	object_text(object, "machine", head->machine);
	object_number(object, "cpus", head->cpus);
	object_number(object, "page_bytes", head->page_bytes);
	object_number(object, "samples", segment->samples);
	object_real(object, "period_s", head->period_ns / NS_PER_S);
	object_number(object, "began_ms",
		      (int64_t)(head->start_ns + (uint64_t)head->wall_ns) / NS_PER_MS);
	object_truth(object, "ended", segment->ended);
}

static int add_segment(json_t *segments, const struct history *history, uint32_t segment,
		       struct page_pack *pack)
{
	json_t *object = json_object();
	size_t first;
	size_t behind;
	int error;

	json_array_append_new(segments, object);
	history_range(history, segment, &first, &behind);
	add_head(object, &history->segments[segment]);
	add_gaps(object, history, segment);
	add_execs(object, history, segment, first);
	error = add_summary(object, history, segment);
	if (!error)
		error = add_insights(object, history, segment, first);
	if (!error)
		error = add_processes(object, history, segment, first, pack);
	return error;
}

/* Of '<' a browser could make the end of the element, or a comment; it is in strings only. */
static int write_json(const char *text, size_t bytes, void *to)
{
	for (size_t i = 0; i < bytes; i++)
		if (text[i] == '<')
			fputs("\\u003c", to);
		else
			putc(text[i], to);
	return 0;
}

static int write_meta(const struct history *history, const char *recording_path, json_t *segments,
		      FILE *to)
{
	json_t *report = json_object();
	int error;

	object_text(report, "version", faultline_version());
	object_text(report, "recording", recording_path);
	object_number(report, "damaged_bytes", history->state.damaged_bytes);
	object_number(report, "ignored_bytes", history->state.ignored_bytes);
	json_object_set(report, "segments", segments);
	fputs("<script type=\"application/json\" id=\"report-meta\">", to);
	error = json_dump_callback(report, write_json, to,
				   JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));
	fputs("</script>\n", to);
	json_decref(report);
	return error ? -ENOMEM : 0;
}

int page_data_write(const struct history *history, const char *recording_path, FILE *to)
{
	struct page_pack *pack = page_pack_new(to);
	json_t *segments = json_array();
	int error = pack && segments ? 0 : -ENOMEM;

	fputs("<script type=\"text/plain\" id=\"report-data\">", to);
	for (uint32_t i = 0; !error && i < history->segment_number; i++)
		error = add_segment(segments, history, i, pack);
	if (pack)
		page_pack_finish(pack);
	fputs("</script>\n", to);
	if (!error)
		error = write_meta(history, recording_path, segments, to);
	json_decref(segments);
	return error;
}
