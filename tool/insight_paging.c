// SPDX-License-Identifier: MIT
/*
 * Waiting for pages: major faults, swap, and thrashing, which is when pages that were driven out
 * are needed again so soon that processes mostly wait for them. Study 2t judges two runs, with
 * enough memory and without; here the crowded time of one run is judged against its calm time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "insight_scene.h"

#define MAJOR_FAULTS  10 /* fewer are a program being read for the first time */
#define CLUSTER_SHARE 80 /* percent of the major faults that a cluster holds */
#define CLUSTER_TIME  50 /* percent of the time that it may last: else they are everywhere */

#define SWAP_BYTES (1ULL << 20) /* less is what nobody will ever need again */

#define SLICE_NS	200000000ULL /* a disk that is slow serves some dozens of faults in it */
#define SLICES_MOST	2000
#define CROWDED_RATE	100  /* major faults a second: as many as one slow disk can serve */
#define THRASHING_MAJOR 1000 /* major faults, as in study 2t */
#define THRASHING_TIME	10   /* percent of the time crowded: study 2t's stretch of 1.1 */
#define THRASHING_CPU	80   /* percent of the calm CPU use that is left at most, as in study 2t */
#define BUSY_CPU	50   /* percent of a CPU: who gets that much does not mostly wait */
#define CALM_TIME	5    /* percent of the time: less is nothing to compare with, unless */
#define CALM_NS		2e9  /* it is as long as this: crowds begin in the calm, and go on */

struct paging {
	double crowded_ns;
	double crowded_cpu; /* CPU time of a process and second, 0 to 1 */
	double calm_ns;
	double calm_cpu;
	uint64_t from_ns; /* from the first crowded slice to the last one */
	uint64_t to_ns;
};

enum verdict {
	CALM,	    /* few major faults */
	BUSY,	    /* many, and yet the CPU is used as much as without them */
	FIRST_TIME, /* many, all of pages that were not there before */
	LIKELY,	    /* thrashing, but there is no time of work without it to compare with */
	IS_THRASHING,
};

/* How many processes there were in each slice, on average. */
static double *count_lives(const struct scene *scene, const struct series *series)
{
	double *lives = calloc(series->number, sizeof(*lives));

	for (size_t i = 0; lives && i < scene->number; i++) {
		const struct history_process *process = scene_process(scene, i);

		for (size_t at = (process->first_ns - series->from_ns) / series->step_ns;
		     at < series->number; at++) {
			uint64_t begin = series->from_ns + at * series->step_ns;
			uint64_t end = begin + series->step_ns;

			if (begin >= process->last_ns)
				break;
			if (begin < process->first_ns)
				begin = process->first_ns;
			if (end > process->last_ns)
				end = process->last_ns;
			lives[at] += (double)(end - begin) / series->step_ns;
		}
	}
	return lives;
}

static void divide(const struct series *series, const double *lives, struct paging *paging)
{
	double crowded_lives = 0;
	double calm_lives = 0;

	for (size_t i = 0; i < series->number; i++) {
		uint64_t begin = series->from_ns + i * series->step_ns;

		if (series->slices[i].major >= CROWDED_RATE) {
			if (paging->crowded_ns <= 0)
				paging->from_ns = begin;
			paging->to_ns = begin + series->step_ns;
			paging->crowded_ns += series->step_ns;
			paging->crowded_cpu += series->slices[i].cpu;
			crowded_lives += lives[i];
		} else if (lives[i] > 0) {
			paging->calm_ns += series->step_ns;
			paging->calm_cpu += series->slices[i].cpu;
			calm_lives += lives[i];
		}
	}
	if (crowded_lives > 0)
		paging->crowded_cpu /= crowded_lives;
	if (calm_lives > 0)
		paging->calm_cpu /= calm_lives;
}

static int measure(const struct scene *scene, struct paging *paging)
{
	uint64_t number = scene->summary.elapsed_ns / SLICE_NS;
	size_t most = series_slices(scene->history, scene->segment, SLICES_MOST);
	struct series series;
	double *lives = NULL;
	int error;

	number = number < 1 ? 1 : number > most ? most : number;
	error = series_make(scene->history, scene->segment, HISTORY_NONE, number, &series);
	if (!error) {
		lives = count_lives(scene, &series);
		error = lives ? 0 : -ENOMEM;
	}
	if (!error)
		divide(&series, lives, paging);
	free(lives);
	series_free(&series);
	return error;
}

/* Were pages needed again that had been there before? */
static bool came_back(const struct scene *scene)
{
	const struct summary *summary = &scene->summary;

	return summary->peak_swapped * scene->page_bytes >= SWAP_BYTES ||
	       summary->total.major > summary->peak_resident;
}

static enum verdict judge(const struct scene *scene, const struct paging *paging)
{
	double all = paging->crowded_ns + paging->calm_ns;

	if (scene->summary.total.major < THRASHING_MAJOR ||
	    100 * paging->crowded_ns < THRASHING_TIME * all)
		return CALM;
	if (!came_back(scene))
		return FIRST_TIME;
	if (100 * paging->calm_ns < CALM_TIME * all && paging->calm_ns < CALM_NS)
		return 100 * paging->crowded_cpu >= BUSY_CPU ? BUSY : LIKELY;
	if (100 * paging->crowded_cpu <= THRASHING_CPU * paging->calm_cpu)
		return IS_THRASHING;
	/* They rest in calm time, too, if they do not get much in either. */
	return 100 * paging->crowded_cpu >= BUSY_CPU ? BUSY : LIKELY;
}

static int tell_thrashing(struct scene *scene, const struct paging *paging, enum verdict verdict)
{
	const struct summary *summary = &scene->summary;
	double time = 100 * paging->crowded_ns / (paging->crowded_ns + paging->calm_ns);
	const struct insight found = {
		.kind = INSIGHT_THRASHING,
		.process = HISTORY_NONE,
		.from_ns = paging->from_ns,
		.to_ns = paging->to_ns,
		.title = verdict == LIKELY ? "Probably thrashing" : "Thrashing",
		.numbers = { { "major_faults", summary->total.major },
			     { "crowded_percent", time },
			     { "crowded_cpu_percent", 100 * paging->crowded_cpu },
			     { "calm_cpu_percent", 100 * paging->calm_cpu },
			     { "peak_swapped_bytes",
			       (double)summary->peak_swapped * scene->page_bytes },
			     { "least_rate_per_s", CROWDED_RATE },
			     { "least_crowded_percent", THRASHING_TIME },
			     { "most_of_calm_cpu_percent", THRASHING_CPU } },
	};
	char calm[120];
	char text[9][UNITS_BYTES];

	if (verdict == LIKELY)
		snprintf(calm, sizeof(calm), "; there was no calm time with more to compare with");
	else
		snprintf(calm, sizeof(calm), ", against %s in calm time (%d %% of that or less)",
			 units_percent(text[7], 100 * paging->calm_cpu), THRASHING_CPU);
	return scene_found(
		scene, &found,
		"%s major faults, from %s to %s, %d a second or more in %s of the time (%d %% or "
		"more), and meanwhile a process got %s of a CPU%s. Pages that were driven out "
		"are needed again: %s were in swap, %s resident at most, %s were read. What the "
		"processes need does not fit into memory: give them more, or run fewer at a time.",
		units_count(text[0], summary->total.major),
		scene_when(text[1], scene, paging->from_ns),
		scene_when(text[2], scene, paging->to_ns), CROWDED_RATE,
		units_percent(text[3], time), THRASHING_TIME,
		units_percent(text[6], 100 * paging->crowded_cpu), calm,
		units_bytes(text[4], (double)summary->peak_swapped * scene->page_bytes),
		units_bytes(text[5], (double)summary->peak_resident * scene->page_bytes),
		units_bytes(text[8], (double)summary->total.major * scene->page_bytes));
}

/* The shortest time that holds CLUSTER_SHARE of the major faults, in slices from @first. */
static size_t cluster(const struct series *series, size_t *first)
{
	size_t shortest = series->number;
	double all = 0;
	double held = 0;
	size_t from = 0;

	*first = 0;
	for (size_t i = 0; i < series->number; i++)
		all += series->slices[i].major;
	for (size_t i = 0; i < series->number; i++) {
		held += series->slices[i].major;
		/* A hair less: sums of fractions are not exact. */
		while (100 * (held - series->slices[from].major) >=
			       CLUSTER_SHARE * all * (1 - 1e-9) &&
		       from < i)
			held -= series->slices[from++].major;
		if (100 * held < CLUSTER_SHARE * all * (1 - 1e-9) || i - from + 1 >= shortest)
			continue;
		shortest = i - from + 1;
		*first = from;
	}
	return shortest;
}

static const char *why_not(enum verdict verdict)
{
	switch (verdict) {
	case BUSY:
		return " It is not thrashing: the CPU is used as much as without them.";
	case FIRST_TIME:
		return " It is not thrashing: none of these pages was there before.";
	default:
		return "";
	}
}

static int tell_major(struct scene *scene, enum verdict verdict)
{
	const struct series *series = &scene->series;
	uint64_t major = scene->summary.total.major;
	struct insight found = { .kind = INSIGHT_MAJOR, .title = "Major faults" };
	char who[SCENE_WHO_BYTES] = "nobody";
	char where[160] = "spread over the recording";
	char text[4][UNITS_BYTES];
	size_t first;
	size_t length = cluster(series, &first);
	double share;

	if (major < MAJOR_FAULTS)
		return 0;
	found.process = scene_busiest(scene, true, series->from_ns,
				      series->from_ns + series->number * series->step_ns, &share);
	if (found.process != HISTORY_NONE)
		scene_who(who, &scene->history->processes[found.process]);
	if (100 * length <= CLUSTER_TIME * series->number) {
		found.from_ns = series->from_ns + first * series->step_ns;
		found.to_ns = found.from_ns + length * series->step_ns;
		snprintf(where, sizeof(where), "%d %% of them within %s from %s on", CLUSTER_SHARE,
			 units_time(text[0], length * series->step_ns),
			 scene_when(text[1], scene, found.from_ns));
	}
	found.numbers[0] = (struct insight_number){ "major_faults", major };
	found.numbers[1] = (struct insight_number){ "process_percent", 100 * share };
	found.numbers[2] = (struct insight_number){ "least_major_faults", MAJOR_FAULTS };
	return scene_found(
		scene, &found,
		"%s faults waited for a disk (%d or more stand out), %s; %s of them were "
		"%s's.%s",
		units_count(text[2], major), MAJOR_FAULTS, where,
		units_percent(text[3], 100 * share), who, why_not(verdict));
}

static int tell_swap(struct scene *scene)
{
	double swapped = (double)scene->summary.peak_swapped * scene->page_bytes;
	const struct history_process *most = NULL;
	struct insight found = { .kind = INSIGHT_SWAP, .title = "Swap" };
	char who[SCENE_WHO_BYTES];
	char text[3][UNITS_BYTES];

	for (size_t i = 0; i < scene->number; i++) {
		const struct history_process *process = scene_process(scene, i);

		if (most && process->peak_swapped <= most->peak_swapped)
			continue;
		most = process;
		found.process = scene->processes[i];
	}
	if (!most || swapped < SWAP_BYTES)
		return 0;
	found.numbers[0] = (struct insight_number){ "peak_swapped_bytes", swapped };
	found.numbers[1] =
		(struct insight_number){ "process_peak_bytes",
					 (double)most->peak_swapped * scene->page_bytes };
	found.numbers[2] = (struct insight_number){ "least_bytes", SWAP_BYTES };
	return scene_found(scene, &found,
			   "Up to %s of the processes were in swap at a time (%s or more stand "
			   "out), of %s up to %s: memory was short, now or before.",
			   units_bytes(text[0], swapped), units_bytes(text[1], SWAP_BYTES),
			   scene_who(who, most),
			   units_bytes(text[2], (double)most->peak_swapped * scene->page_bytes));
}

int insight_paging(struct scene *scene)
{
	struct paging paging = { 0 };
	enum verdict verdict;
	int error;

	error = measure(scene, &paging);
	if (error)
		return error;
	verdict = judge(scene, &paging);
	if (verdict >= LIKELY)
		error = tell_thrashing(scene, &paging, verdict);
	if (!error)
		error = tell_major(scene, verdict);
	return error ? error : tell_swap(scene);
}
