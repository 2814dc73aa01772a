// SPDX-License-Identifier: MIT
/* What processes cost in a stretch of time. */
#include "history.h"

#define NS_PER_S 1e9

struct fl_counts history_counts(const struct history_process *process)
{
	struct fl_counts counts = process->last;

	counts.minor -= process->begin.minor;
	counts.major -= process->begin.major;
	counts.cpu_ns -= process->begin.cpu_ns;
	counts.system_ns -= process->begin.system_ns;
	counts.voluntary -= process->begin.voluntary;
	counts.involuntary -= process->begin.involuntary;
	/* Some sources see system time in ticks, CPU time in nanoseconds. */
	if (counts.system_ns > counts.cpu_ns)
		counts.system_ns = counts.cpu_ns;
	return counts;
}

/* The last point that is not after a time; -1 if all are. */
static ptrdiff_t point_at(const struct history_process *process, uint64_t time_ns)
{
	size_t low = 0;
	size_t high = process->number;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (process->points[middle].time_ns <= time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return (ptrdiff_t)low - 1;
}

/* What the totals were at a moment, in fractions. */
static void totals_at(const struct history_process *process, uint64_t time_ns, double totals[6])
{
	struct history_point before = { process->first_ns, process->begin };
	struct history_point after;
	ptrdiff_t at = point_at(process, time_ns);
	double part = 0;

	if (at >= 0)
		before = process->points[at];
	after = at + 1 < (ptrdiff_t)process->number ? process->points[at + 1] : before;
	if (time_ns > before.time_ns && after.time_ns > before.time_ns)
		part = (double)(time_ns - before.time_ns) / (after.time_ns - before.time_ns);
#define BETWEEN(field)                 \
	((double)before.counts.field + \
	 part * ((double)after.counts.field - (double)before.counts.field))
	totals[0] = BETWEEN(minor);
	totals[1] = BETWEEN(major);
	totals[2] = BETWEEN(cpu_ns);
	totals[3] = BETWEEN(system_ns);
	totals[4] = BETWEEN(voluntary);
	totals[5] = BETWEEN(involuntary);
#undef BETWEEN
}

/* Memory is what the newest sample said, and nothing before the first and after the end. */
static void memory_at(const struct history_process *process, uint64_t time_ns,
		      struct history_rates *rates)
{
	ptrdiff_t at = point_at(process, time_ns);

	if (at < 0 || (process->end != HISTORY_ALIVE && time_ns > process->last_ns))
		return;
	rates->resident = process->points[at].counts.resident;
	rates->swapped = process->points[at].counts.swapped;
}

struct history_rates history_between(const struct history_process *process, uint64_t from_ns,
				     uint64_t to_ns)
{
	struct history_rates rates = { 0 };
	double seconds = ((double)to_ns - (double)from_ns) / NS_PER_S;
	double from[6];
	double to[6];

	memory_at(process, to_ns, &rates);
	if (to_ns <= from_ns)
		return rates;
	totals_at(process, from_ns, from);
	totals_at(process, to_ns, to);
	rates.minor = (to[0] - from[0]) / seconds;
	rates.major = (to[1] - from[1]) / seconds;
	rates.cpu = (to[2] - from[2]) / seconds / NS_PER_S;
	rates.system = (to[3] - from[3]) / seconds / NS_PER_S;
	rates.voluntary = (to[4] - from[4]) / seconds;
	rates.involuntary = (to[5] - from[5]) / seconds;
	return rates;
}

void history_span(const struct history *history, uint32_t segment, uint64_t *from_ns,
		  uint64_t *to_ns)
{
	*from_ns = history->segments[segment].first_ns;
	*to_ns = history->segments[segment].last_ns;
}
