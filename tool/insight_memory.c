// SPDX-License-Identifier: MIT
/* Memory that is taken over and over again, and memory that only grows. */
#include "insight_scene.h"
#include "statistics.h"

#define CHURN_FAULTS  10000 /* 40 MiB of small pages: fewer cost less than 10 ms */
#define CHURN_TIMES   10    /* as much memory as it ever held: starting programs reach 3 or 4 */
#define CHURN_SYSTEM  30    /* percent of its CPU time in the kernel: else it costs little */
#define CHURN_SAMPLES 10    /* fewer may have missed its peak */
#define CHURN_FORKS   10    /* each fork makes pages be copied: then it may be that */

#define GROWTH_LIFE_NS 10000000000ULL /* a shorter life says nothing of what goes on */
#define GROWTH_SETTLED 5	      /* the first part in so many is its start, and left out */
#define GROWTH_SAMPLES 20	      /* fewer make no line */
#define GROWTH_SLICES  64	      /* moments that the line is drawn through */
#define GROWTH_BYTES   (16ULL << 20)  /* a heap grows by less before it settles */
#define GROWTH_FIT     0.9	      /* R squared: it is a line */
#define GROWTH_HALF    0.5 /* the later half grows at least so fast: it does not settle */

#define TOLD 3 /* processes of a kind are told of, those with most of it */

/* Up to TOLD processes with most of something, the most first. */
struct leaders {
	size_t number;
	uint32_t processes[TOLD];
	double values[TOLD];
};

static void lead(struct leaders *leaders, uint32_t process, double value)
{
	size_t at = leaders->number;

	while (at && leaders->values[at - 1] < value)
		at--;
	if (at == TOLD)
		return;
	if (leaders->number < TOLD)
		leaders->number++;
	for (size_t i = leaders->number - 1; i > at; i--) {
		leaders->processes[i] = leaders->processes[i - 1];
		leaders->values[i] = leaders->values[i - 1];
	}
	leaders->processes[at] = process;
	leaders->values[at] = value;
}

static bool churns(const struct history_process *process, const struct fl_counts *counts)
{
	return counts->minor >= CHURN_FAULTS && process->number >= CHURN_SAMPLES &&
	       history_knows_resident(process) && process->peak_resident &&
	       counts->minor >= CHURN_TIMES * process->peak_resident &&
	       100 * counts->system_ns >= CHURN_SYSTEM * counts->cpu_ns;
}

static size_t children_of(const struct scene *scene, uint32_t index)
{
	size_t children = 0;

	for (size_t i = 0; i < scene->number; i++)
		children += scene_process(scene, i)->parent == index;
	return children;
}

static int tell_churn(struct scene *scene, uint32_t index)
{
	const struct history_process *process = &scene->history->processes[index];
	struct fl_counts counts = history_counts(process);
	double held = (double)process->peak_resident * scene->page_bytes;
	double faulted = (double)counts.minor * scene->page_bytes;
	double system = counts.cpu_ns ? 100.0 * counts.system_ns / counts.cpu_ns : 0;
	size_t children = children_of(scene, index);
	const struct insight found = {
		.kind = INSIGHT_CHURN,
		.process = index,
		.title = "Memory churn",
		.numbers = { { "minor_faults", counts.minor },
			     { "faulted_bytes", faulted },
			     { "peak_resident_bytes", held },
			     { "times", faulted / held },
			     { "system_percent", system },
			     { "children", children },
			     { "least_times", CHURN_TIMES },
			     { "least_system_percent", CHURN_SYSTEM } },
	};
	char who[SCENE_WHO_BYTES];
	char text[5][UNITS_BYTES];

	return scene_found(
		scene, &found,
		"%s took %s minor faults, enough for %s, but never held more than %s: %s times as "
		"much (%d or more stand out), and %s of its CPU time was in the kernel (%d %%). %s",
		scene_who(who, process), units_count(text[0], counts.minor),
		units_bytes(text[1], faulted), units_bytes(text[2], held),
		units_short(text[3], faulted / held), CHURN_TIMES, units_percent(text[4], system),
		CHURN_SYSTEM,
		children >= CHURN_FORKS
			? "It forks often, and each fork makes pages be copied again."
			: "It gives memory back and takes it again, as munmap(2) and mmap(2), or "
			  "free(3) of large blocks do (mallopt(3): M_TRIM_THRESHOLD).");
}

static int find_churn(struct scene *scene)
{
	struct leaders leaders = { 0 };
	int error = 0;

	for (size_t i = 0; i < scene->number; i++) {
		struct fl_counts counts = history_counts(scene_process(scene, i));

		if (churns(scene_process(scene, i), &counts))
			lead(&leaders, scene->processes[i], counts.minor);
	}
	for (size_t i = 0; !error && i < leaders.number; i++)
		error = tell_churn(scene, leaders.processes[i]);
	return error;
}

struct growth {
	uint64_t from_ns;
	uint64_t to_ns;
	double first; /* pages, in memory and in swap: what leaks is swapped out */
	double last;
	double fit;
	double slope; /* pages a second */
};

/* Draws the line; returns whether it is one that goes up. */
static bool grows(const struct scene *scene, const struct history_process *process,
		  struct growth *growth)
{
	uint64_t life = process->last_ns - process->first_ns;
	double seconds[GROWTH_SLICES];
	double pages[GROWTH_SLICES];
	struct statistics_line all;
	struct statistics_line later;

	if (life < GROWTH_LIFE_NS || process->number < GROWTH_SAMPLES)
		return false;
	growth->from_ns = process->first_ns + life / GROWTH_SETTLED;
	growth->to_ns = process->last_ns;
	for (size_t i = 0; i < GROWTH_SLICES; i++) {
		uint64_t at =
			growth->from_ns + (growth->to_ns - growth->from_ns) / GROWTH_SLICES * i;
		struct history_rates rates = history_between(process, at, at);

		seconds[i] = (double)(at - growth->from_ns) / 1e9;
		pages[i] = rates.resident + rates.swapped;
	}
	all = statistics_line(seconds, pages, GROWTH_SLICES);
	later = statistics_line(seconds + GROWTH_SLICES / 2, pages + GROWTH_SLICES / 2,
				GROWTH_SLICES / 2);
	growth->first = pages[0];
	growth->last = pages[GROWTH_SLICES - 1];
	growth->fit = all.fit;
	growth->slope = all.slope;
	return all.slope > 0 && all.fit >= GROWTH_FIT && later.slope >= GROWTH_HALF * all.slope &&
	       (growth->last - growth->first) * scene->page_bytes >= GROWTH_BYTES;
}

static int tell_growth(struct scene *scene, uint32_t index)
{
	const struct history_process *process = &scene->history->processes[index];
	struct growth growth;
	struct insight found = { .kind = INSIGHT_GROWTH, .process = index, .title = "Growth" };
	double page = scene->page_bytes;
	char who[SCENE_WHO_BYTES];
	char text[5][UNITS_BYTES];

	grows(scene, process, &growth);
	found.from_ns = growth.from_ns;
	found.to_ns = growth.to_ns;
	found.numbers[0] = (struct insight_number){ "bytes_per_min", growth.slope * 60 * page };
	found.numbers[1] = (struct insight_number){ "first_bytes", growth.first * page };
	found.numbers[2] = (struct insight_number){ "last_bytes", growth.last * page };
	found.numbers[3] = (struct insight_number){ "r_squared", growth.fit };
	found.numbers[4] = (struct insight_number){ "least_r_squared", GROWTH_FIT };
	found.numbers[5] = (struct insight_number){ "least_bytes", GROWTH_BYTES };
	return scene_found(
		scene, &found,
		"%s grows by %s a minute, steadily for %s: from %s to %s, resident and swapped (R "
		"squared %.2f; %.1f and %s or more stand out), and hardly slower towards the end. "
		"That is what "
		"a leak looks like, or a cache that nobody limits.",
		scene_who(who, process), units_bytes(text[0], growth.slope * 60 * page),
		units_time(text[1], growth.to_ns - growth.from_ns),
		units_bytes(text[2], growth.first * page), units_bytes(text[3], growth.last * page),
		growth.fit, GROWTH_FIT, units_bytes(text[4], GROWTH_BYTES));
}

static int find_growth(struct scene *scene)
{
	struct leaders leaders = { 0 };
	struct growth growth;
	int error = 0;

	for (size_t i = 0; i < scene->number; i++)
		if (grows(scene, scene_process(scene, i), &growth))
			lead(&leaders, scene->processes[i], growth.slope);
	for (size_t i = 0; !error && i < leaders.number; i++)
		error = tell_growth(scene, leaders.processes[i]);
	return error;
}

int insight_memory(struct scene *scene)
{
	int error = find_churn(scene);

	return error ? error : find_growth(scene);
}
