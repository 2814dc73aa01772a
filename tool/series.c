// SPDX-License-Identifier: MIT
#include "series.h"

#include <errno.h>
#include <stdlib.h>

/* Fewer samples than two in a slice, and its rate is that of a neighbour. */
#define SLICE_PERIODS 2

static void add(struct history_rates *to, const struct history_rates *from)
{
	to->minor += from->minor;
	to->major += from->major;
	to->cpu += from->cpu;
	to->system += from->system;
	to->voluntary += from->voluntary;
	to->involuntary += from->involuntary;
	to->resident += from->resident;
	to->swapped += from->swapped;
}

/* Only the slices that a process lived in: there may be many short lives. */
static void add_process(struct series *series, const struct history_process *process)
{
	/* Who lives on holds its memory, however long ago the last sample was. */
	uint64_t last = process->end == HISTORY_ALIVE ? UINT64_MAX : process->last_ns;
	uint64_t from = process->first_ns > series->from_ns ? process->first_ns : series->from_ns;
	size_t i = (from - series->from_ns) / series->step_ns;

	for (; i < series->number; i++) {
		uint64_t begin = series->from_ns + i * series->step_ns;
		struct history_rates rates;

		if (begin > last)
			break;
		rates = history_between(process, begin, begin + series->step_ns);
		add(&series->slices[i], &rates);
	}
}

int series_make(const struct history *history, uint32_t segment, uint32_t process, size_t number,
		struct series *series)
{
	size_t first = process;
	size_t behind = first + 1;
	uint64_t from;
	uint64_t to;

	history_span(history, segment, &from, &to);
	series->from_ns = from;
	series->number = number ? number : 1;
	/* Rounded up: the last slice may be longer than the segment, never shorter. */
	series->step_ns = (to - from + series->number - 1) / series->number;
	if (!series->step_ns)
		series->step_ns = 1;
	series->slices = calloc(series->number, sizeof(*series->slices));
	if (!series->slices)
		return -ENOMEM;
	if (process == HISTORY_NONE)
		history_range(history, segment, &first, &behind);
	for (size_t i = first; i < behind; i++)
		add_process(series, &history->processes[i]);
	return 0;
}

void series_free(struct series *series)
{
	free(series->slices);
	*series = (struct series){ 0 };
}

size_t series_slices(const struct history *history, uint32_t segment, size_t most)
{
	uint64_t period = history->segments[segment].head.period_ns;
	uint64_t from;
	uint64_t to;
	uint64_t number;

	history_span(history, segment, &from, &to);
	if (!period)
		return most;
	/* One by one: twice what a recording says may be 0. */
	number = (to - from) / period / SLICE_PERIODS;
	if (number < 1)
		return 1;
	return number < most ? number : most;
}
