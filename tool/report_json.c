// SPDX-License-Identifier: MIT
#include "report_json.h"

#include <errno.h>
#include <jansson.h>

#include "fate.h"
#include "insight.h"
#include "object.h"
#include "report_head.h"
#include "series.h"
#include "summary.h"

#define NS_PER_S 1e9

#define SERIES_SLICES 600 /* as many as a screen has room for */

#define DIGITS 9 /* of numbers with fractions */

static json_t *recording_of(const struct history_segment *segment, const struct summary *summary)
{
	const struct faultline_segment *head = &segment->head;
	char source[128];
	char when[REPORT_TIME_BYTES];
	json_t *object =
		json_pack("{sI, sf, sf, si, sI, sb, sI, sI, sI, sI}", "wall_ns",
			  (json_int_t)report_wall(segment, segment->first_ns), "elapsed_s",
			  summary->elapsed_ns / NS_PER_S, "period_s", head->period_ns / NS_PER_S,
			  "cpus", head->cpus, "page_bytes", (json_int_t)head->page_bytes,
			  "ended_well", segment->ended, "lost_records", (json_int_t)summary->lost,
			  "missed_deadlines", (json_int_t)summary->missed, "shed_visits",
			  (json_int_t)summary->shed, "unfollowed_processes",
			  (json_int_t)summary->unfollowed);

	object_text(object, "command", head->command);
	object_text(object, "node", head->node);
	object_text(object, "machine", head->machine);
	object_text(object, "kernel", head->kernel);
	object_text(object, "begin", report_when(when, segment, segment->first_ns));
	object_text(object, "source", report_source(source, sizeof(source), head));
	object_text(object, "cannot_see", head->blind);
	if (segment->ended)
		json_object_set_new(object, "cost",
				    json_pack("{sf, sf, sI, sf}", "own_cpu_s",
					      summary->own_cpu_ns / NS_PER_S, "pass_s",
					      summary->pass_ns / NS_PER_S, "passes",
					      (json_int_t)summary->passes, "percent_of_a_cpu",
					      report_cost_percent(summary)));
	return object;
}

static json_t *counts_of(const struct fl_counts *counts)
{
	return json_pack("{sI, sI, sf, sf, sI, sI}", "minor_faults", (json_int_t)counts->minor,
			 "major_faults", (json_int_t)counts->major, "cpu_s",
			 counts->cpu_ns / NS_PER_S, "system_s", counts->system_ns / NS_PER_S,
			 "voluntary_switches", (json_int_t)counts->voluntary,
			 "involuntary_switches", (json_int_t)counts->involuntary);
}

static json_t *total_of(const struct summary *summary, uint64_t page_bytes)
{
	json_t *object = counts_of(&summary->total);

	object_number_if(object, "peak_resident_bytes", summary->knows_resident,
			 summary->peak_resident * page_bytes);
	object_number_if(object, "peak_swapped_bytes", summary->sampled,
			 summary->peak_swapped * page_bytes);
	return object;
}

static json_t *process_of(const struct history *history, uint32_t index)
{
	const struct history_process *process = &history->processes[index];
	const struct history_segment *segment = &history->segments[process->segment];
	struct fl_counts counts = history_counts(process);
	uint64_t page = segment->head.page_bytes;
	json_t *object = counts_of(&counts);
	char end[FATE_BYTES];

	object_number_if(object, "peak_resident_bytes", history_knows_resident(process),
			 process->peak_resident * page);
	object_number_if(object, "peak_swapped_bytes", process->sampled,
			 process->peak_swapped * page);
	json_object_set_new(object, "pid", json_integer(process->pid));
	if (process->tid)
		json_object_set_new(object, "tid", json_integer(process->tid));
	if (process->parent != HISTORY_NONE)
		json_object_set_new(object, "parent_pid",
				    json_integer(history->processes[process->parent].pid));
	object_text(object, "name", process->name);
	object_text(object, "first_name", process->first);
	json_object_set_new(object, "from_s",
			    json_real((process->first_ns - segment->first_ns) / NS_PER_S));
	json_object_set_new(object, "life_s", json_real(ranking_life(process) / NS_PER_S));
	json_object_set_new(object, "whole_life", json_boolean(process->forked));
	object_text(object, "ended", fate(end, process));
	return object;
}

static int add_processes(json_t *to, const struct report *report, uint32_t segment)
{
	json_t *array = json_array();
	struct ranking ranking;
	int error = ranking_make(report->history, segment, report->sort, &ranking);

	for (size_t i = 0; !error && i < ranking.number && i < report->number; i++)
		json_array_append_new(array, process_of(report->history, ranking.processes[i]));
	ranking_free(&ranking);
	json_object_set_new(to, "processes", array);
	return error;
}

static int add_series(json_t *to, const struct report *report, uint32_t segment)
{
	uint64_t page = report->history->segments[segment].head.page_bytes;
	size_t number = series_slices(report->history, segment, SERIES_SLICES);
	json_t *minor = json_array();
	json_t *major = json_array();
	json_t *cpu = json_array();
	json_t *resident = json_array();
	json_t *swapped = json_array();
	struct series series;
	int error = series_make(report->history, segment, HISTORY_NONE, number, &series);

	for (size_t i = 0; !error && i < series.number; i++) {
		const struct history_rates *slice = &series.slices[i];

		json_array_append_new(minor, json_real(slice->minor));
		json_array_append_new(major, json_real(slice->major));
		json_array_append_new(cpu, json_real(slice->cpu));
		json_array_append_new(resident, json_integer(slice->resident * page));
		json_array_append_new(swapped, json_integer(slice->swapped * page));
	}
	json_object_set_new(to, "series",
			    json_pack("{sf, so, so, so, so, so}", "step_s",
				      series.step_ns / NS_PER_S, "minor_faults_per_s", minor,
				      "major_faults_per_s", major, "cpus", cpu, "resident_bytes",
				      resident, "swapped_bytes", swapped));
	series_free(&series);
	return error;
}

static json_t *finding_of(const struct report *report, uint32_t segment,
			  const struct insight *insight)
{
	const struct history *history = report->history;
	uint64_t begin = history->segments[segment].first_ns;
	json_t *numbers = json_object();
	json_t *object = json_object();

	object_text(object, "kind", insight_name(insight->kind));
	object_text(object, "title", insight->title);
	object_text(object, "text", insight->text);
	if (insight->process != HISTORY_NONE)
		json_object_set_new(object, "pid",
				    json_integer(history->processes[insight->process].pid));
	if (insight->to_ns) {
		json_object_set_new(object, "from_s",
				    json_real((insight->from_ns - begin) / NS_PER_S));
		json_object_set_new(object, "to_s", json_real((insight->to_ns - begin) / NS_PER_S));
	}
	for (size_t i = 0; i < INSIGHT_NUMBERS && insight->numbers[i].name; i++)
		json_object_set_new(numbers, insight->numbers[i].name,
				    json_real(insight->numbers[i].value));
	json_object_set_new(object, "numbers", numbers);
	return object;
}

static int add_findings(json_t *to, const struct report *report, uint32_t segment)
{
	json_t *array = json_array();
	struct insights insights;
	int error = insights_find(report->history, segment, &insights);

	for (size_t i = 0; !error && i < insights.number; i++)
		json_array_append_new(array, finding_of(report, segment, &insights.all[i]));
	insights_free(&insights);
	json_object_set_new(to, "findings", array);
	return error;
}

static int add_segment(json_t *segments, const struct report *report, uint32_t index)
{
	const struct history_segment *segment = &report->history->segments[index];
	json_t *object = json_object();
	struct summary summary;
	int error = summary_make(report->history, index, &summary);

	json_array_append_new(segments, object);
	if (error)
		return error;
	json_object_set_new(object, "recording", recording_of(segment, &summary));
	json_object_set_new(object, "total", total_of(&summary, segment->head.page_bytes));
	error = add_processes(object, report, index);
	if (!error)
		error = add_series(object, report, index);
	return error ? error : add_findings(object, report, index);
}

int report_json(FILE *to, const struct report *report)
{
	const struct faultline_state *state = &report->history->state;
	json_t *segments = json_array();
	json_t *whole =
		json_pack("{sI, si, si, sI, sI, sb, sO}", "records", (json_int_t)state->records,
			  "unfinished_segments", state->unfinished, "damaged_parts", state->damaged,
			  "damaged_bytes", (json_int_t)state->damaged_bytes, "ignored_bytes",
			  (json_int_t)state->ignored_bytes, "whole",
			  !state->damaged && !state->unfinished, "segments", segments);
	int error = whole ? 0 : -ENOMEM;

	object_text(whole, "file", report->path);
	for (uint32_t i = 0; !error && i < report->history->segment_number; i++)
		if (report->segment == HISTORY_NONE || report->segment == i)
			error = add_segment(segments, report, i);
	if (!error && (json_dumpf(whole, to, JSON_INDENT(1) | JSON_REAL_PRECISION(DIGITS)) ||
		       fputc('\n', to) == EOF))
		error = -EIO;
	json_decref(segments);
	json_decref(whole);
	return error;
}
