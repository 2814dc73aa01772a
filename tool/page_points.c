// SPDX-License-Identifier: MIT
#include "page_points.h"

#include <errno.h>
#include <stdlib.h>

/* Of points of the same time the last counts: nothing can be drawn between them. */
static void add(struct page_points *points, const struct history_process *process, uint64_t time_ns,
		const struct fl_counts *counts)
{
	struct history_point fresh = { time_ns, *counts };
	const struct fl_counts *begin = &process->begin;

	fresh.counts.minor -= begin->minor;
	fresh.counts.major -= begin->major;
	fresh.counts.cpu_ns -= begin->cpu_ns;
	if (points->number && points->all[points->number - 1].time_ns >= time_ns)
		fresh.time_ns = points->all[--points->number].time_ns;
	points->all[points->number++] = fresh;
}

int page_points_make(struct page_points *points, const struct history *history,
		     const struct history_process *process)
{
	const struct fl_counts nothing = process->begin;
	uint64_t last_ns = history->segments[process->segment].last_ns;

	if (!points->all || points->room < process->number + 2) {
		void *larger = reallocarray(points->all, process->number + 2, sizeof(*points->all));

		if (!larger)
			return -ENOMEM;
		points->all = larger;
		points->room = process->number + 2;
	}
	points->number = 0;
	if (process->forked)
		add(points, process, process->first_ns, &nothing);
	for (size_t i = 0; i < process->number; i++)
		add(points, process, process->points[i].time_ns, &process->points[i].counts);
	if (process->end == HISTORY_ALIVE && points->number && last_ns > process->last_ns)
		add(points, process, last_ns, &process->last);
	return 0;
}

void page_points_free(struct page_points *points)
{
	free(points->all);
	*points = (struct page_points){ 0 };
}

static int earlier(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one;
	uint64_t b = *(const uint64_t *)other;

	return (a > b) - (a < b);
}

/* Each time once. */
static void sort(struct page_times *times)
{
	size_t kept = 0;

	qsort(times->ns, times->number, sizeof(*times->ns), earlier);
	for (size_t i = 0; i < times->number; i++)
		if (!kept || times->ns[kept - 1] != times->ns[i])
			times->ns[kept++] = times->ns[i];
	times->number = kept;
}

static size_t most_points(const struct history *history, size_t first, size_t behind)
{
	size_t most = 0;

	for (size_t i = first; i < behind; i++)
		most += history->processes[i].number + 2;
	return most;
}

int page_times_make(struct page_times *times, const struct history *history, uint32_t segment)
{
	struct page_points points = { 0 };
	size_t first;
	size_t behind;
	int error = 0;

	history_range(history, segment, &first, &behind);
	*times = (struct page_times){ 0 };
	times->ns = calloc(most_points(history, first, behind) + 1, sizeof(*times->ns));
	if (!times->ns)
		return -ENOMEM;
	for (size_t i = first; !error && i < behind; i++) {
		error = page_points_make(&points, history, &history->processes[i]);
		for (size_t j = 0; !error && j < points.number; j++)
			times->ns[times->number++] = points.all[j].time_ns;
	}
	page_points_free(&points);
	sort(times);
	return error;
}

size_t page_times_find(const struct page_times *times, uint64_t time_ns, size_t from)
{
	size_t low = from;
	size_t high = times->number;

	if (low < high && times->ns[low] == time_ns)
		return low;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (times->ns[middle] < time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void page_times_free(struct page_times *times)
{
	free(times->ns);
	*times = (struct page_times){ 0 };
}
