// SPDX-License-Identifier: MIT
#include "summary.h"

#include <errno.h>
#include <stdlib.h>

#include "origin.h"

/* Memory that changes at a moment, in pages. */
struct change {
	uint64_t time_ns;
	uint64_t resident; /* pages more than before, modulo 2^64 */
	uint64_t swapped;
};

static int earlier(const void *one, const void *other)
{
	const struct change *a = one;
	const struct change *b = other;

	return (a->time_ns > b->time_ns) - (a->time_ns < b->time_ns);
}

/* One change for each point, and one for the end. Returns how many. */
static size_t changes_of(const struct history_process *process, struct change *changes)
{
	const struct fl_counts *last = NULL;
	size_t number = 0;

	for (size_t i = 0; i < process->number; i++) {
		const struct fl_counts *counts = &process->points[i].counts;

		changes[number++] = (struct change){
			process->points[i].time_ns,
			counts->resident - (last ? last->resident : 0),
			counts->swapped - (last ? last->swapped : 0),
		};
		last = counts;
	}
	if (last && process->end != HISTORY_ALIVE)
		changes[number++] =
			(struct change){ process->last_ns, 0 - last->resident, 0 - last->swapped };
	return number;
}

/* All changes of one moment count together: a pass gives them the same time. */
static void find_peaks(struct change *changes, size_t number, struct summary *summary)
{
	uint64_t resident = 0;
	uint64_t swapped = 0;

	qsort(changes, number, sizeof(*changes), earlier);
	for (size_t i = 0; i < number; i++) {
		resident += changes[i].resident;
		swapped += changes[i].swapped;
		if (i + 1 < number && changes[i + 1].time_ns == changes[i].time_ns)
			continue;
		/* Nonsense in a recording may go round, but no number of pages is that great. */
		if ((int64_t)resident > (int64_t)summary->peak_resident)
			summary->peak_resident = resident;
		if ((int64_t)swapped > (int64_t)summary->peak_swapped)
			summary->peak_swapped = swapped;
	}
}

/* A thread's memory is that of its process, which counts once. */
static bool has_memory(const struct history *history, size_t index)
{
	const struct history_process *thread = &history->processes[index];
	size_t first;
	size_t behind;

	if (!thread->tid)
		return true;
	history_range(history, thread->segment, &first, &behind);
	for (size_t i = first; i < behind; i++) {
		const struct history_process *other = &history->processes[i];

		if (other->pid == thread->pid && (!other->tid || i < index))
			return false;
	}
	return true;
}

static int add_peaks(const struct history *history, uint32_t segment, struct summary *summary)
{
	struct change *changes;
	size_t number = 0;
	size_t first;
	size_t behind;

	history_range(history, segment, &first, &behind);
	for (size_t i = first; i < behind; i++)
		number += history->processes[i].number + 1;
	if (!number)
		return 0;
	changes = calloc(number, sizeof(*changes));
	if (!changes)
		return -ENOMEM;
	number = 0;
	for (size_t i = first; i < behind; i++)
		if (has_memory(history, i))
			number += changes_of(&history->processes[i], changes + number);
	find_peaks(changes, number, summary);
	free(changes);
	return 0;
}

static void add_counts(const struct history_process *process, struct summary *summary)
{
	struct fl_counts counts = history_counts(process);

	summary->processes++;
	summary->threads += process->tid != 0;
	summary->knows_resident |= history_knows_resident(process);
	summary->sampled |= process->sampled;
	summary->total.minor += counts.minor;
	summary->total.major += counts.major;
	summary->total.cpu_ns += counts.cpu_ns;
	summary->total.system_ns += counts.system_ns;
	summary->total.voluntary += counts.voluntary;
	summary->total.involuntary += counts.involuntary;
	/* What samples saw of all at one time may be less than what the kernel knows of one. */
	if (history_knows_resident(process) && process->peak_resident > summary->peak_resident)
		summary->peak_resident = process->peak_resident;
}

static void add_lives(const struct history *history, uint32_t segment, struct summary *summary)
{
	uint64_t from = UINT64_MAX;
	uint64_t to = 0;
	size_t first;
	size_t behind;

	history_range(history, segment, &first, &behind);
	for (size_t i = first; i < behind; i++) {
		const struct history_process *process = &history->processes[i];

		add_counts(process, summary);
		if (process->first_ns < from)
			from = process->first_ns;
		if (process->last_ns > to)
			to = process->last_ns;
	}
	summary->life_ns = to > from ? to - from : 0;
}

static void add_missing(const struct history *history, uint32_t segment, struct summary *summary)
{
	const struct history_segment *of = &history->segments[segment];
	const struct faultline_end *end = &of->end;

	if (of->ended) {
		summary->missed = end->missed;
		summary->shed = end->shed;
		summary->lost = end->lost + end->overwritten + end->skipped;
		summary->unfollowed = end->unfollowed;
		summary->own_cpu_ns = end->own_cpu_ns;
		summary->pass_ns = end->pass_ns;
		summary->passes = end->passes;
		summary->cost_ns = origin_cost_ns(of->head.source, end->own_cpu_ns, end->pass_ns);
		return;
	}
	for (size_t i = 0; i < history->gap_number; i++) {
		const struct history_gap *gap = &history->gaps[i];

		if (gap->segment != segment)
			continue;
		summary->missed += gap->missed;
		summary->shed += gap->shed;
		summary->lost += gap->lost;
		summary->unfollowed += gap->unfollowed;
	}
}

int summary_make(const struct history *history, uint32_t segment, struct summary *summary)
{
	uint64_t from;
	uint64_t to;

	*summary = (struct summary){ 0 };
	history_span(history, segment, &from, &to);
	summary->elapsed_ns = to - from;
	add_lives(history, segment, summary);
	add_missing(history, segment, summary);
	return add_peaks(history, segment, summary);
}
