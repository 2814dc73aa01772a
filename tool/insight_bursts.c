// SPDX-License-Identifier: MIT
/* Bursts of minor faults: many in a short time, against what is usual in this segment. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "insight_scene.h"
#include "statistics.h"

#define BURST_SLICES  20   /* fewer have no median to speak of */
#define BURST_MEDIANS 10   /* times the median rate: what is usual here varies less */
#define BURST_MEANS   3	   /* times the mean, too: where most slices are idle the median is 0 */
#define BURST_FAULTS  1000 /* 4 MiB of small pages: what any program takes to begin is less */
#define BURST_LENGTH  10   /* at most one part in so many of the segment: else it is a phase */

struct burst {
	uint64_t from_ns;
	uint64_t to_ns;
	double faults;
};

struct bursts {
	size_t number;
	double faults;
	uint64_t length_ns;
	struct burst largest;
};

static double median_rate(const struct series *series)
{
	double *rates = calloc(series->number, sizeof(*rates));
	double median;

	if (!rates)
		return -1;
	for (size_t i = 0; i < series->number; i++)
		rates[i] = series->slices[i].minor;
	median = statistics_median(rates, series->number);
	free(rates);
	return median;
}

static void add_burst(struct bursts *bursts, struct burst burst, uint64_t longest_ns)
{
	uint64_t length = burst.to_ns - burst.from_ns;

	if (burst.faults < BURST_FAULTS || length > longest_ns)
		return;
	bursts->number++;
	bursts->faults += burst.faults;
	bursts->length_ns += length;
	if (burst.faults > bursts->largest.faults)
		bursts->largest = burst;
}

static struct bursts find_bursts(const struct series *series, double least)
{
	double seconds = series->step_ns / 1e9;
	uint64_t longest = series->step_ns * series->number / BURST_LENGTH;
	struct bursts bursts = { 0 };
	struct burst burst = { 0 };

	for (size_t i = 0; i < series->number; i++) {
		uint64_t from = series->from_ns + i * series->step_ns;

		if (series->slices[i].minor < least) {
			add_burst(&bursts, burst, longest);
			burst = (struct burst){ 0 };
			continue;
		}
		if (burst.faults == 0)
			burst.from_ns = from;
		burst.to_ns = from + series->step_ns;
		burst.faults += series->slices[i].minor * seconds;
	}
	add_burst(&bursts, burst, longest);
	return bursts;
}

static int tell(struct scene *scene, const struct bursts *bursts, double median, double all)
{
	const struct burst *largest = &bursts->largest;
	double length = largest->to_ns - largest->from_ns;
	double rate = largest->faults / length * 1e9;
	double share;
	uint32_t process = scene_busiest(scene, false, largest->from_ns, largest->to_ns, &share);
	const struct insight found = {
		.kind = INSIGHT_BURST,
		.process = process,
		.from_ns = largest->from_ns,
		.to_ns = largest->to_ns,
		.title = bursts->number == 1 ? "Burst of faults" : "Bursts of faults",
		.numbers = { { "bursts", bursts->number },
			     { "all_bursts_percent", 100 * bursts->faults / all },
			     { "largest_faults", largest->faults },
			     { "largest_rate_per_s", rate },
			     { "median_rate_per_s", median },
			     { "process_percent", 100 * share },
			     { "least_medians", BURST_MEDIANS },
			     { "least_faults", BURST_FAULTS } },
	};
	char who[SCENE_WHO_BYTES] = "nobody";
	char text[9][UNITS_BYTES];

	if (process != HISTORY_NONE)
		scene_who(who, &scene->history->processes[process]);
	return scene_found(
		scene, &found,
		"%zu burst%s of minor faults: %s of all in %s of the time. The largest began at "
		"%s and lasted %s: %s faults, %s/s against a median of %s/s, %s of them by %s. (A "
		"burst: %d times the median and %d times the mean, and %s faults, or more.)",
		bursts->number, bursts->number == 1 ? "" : "s",
		units_percent(text[0], 100 * bursts->faults / all),
		units_percent(text[1], 100.0 * bursts->length_ns /
					       (scene->series.step_ns * scene->series.number)),
		scene_when(text[2], scene, largest->from_ns), units_time(text[3], length),
		units_count(text[4], llround(largest->faults)), units_short(text[5], rate),
		units_short(text[6], median), units_percent(text[7], 100 * share), who,
		BURST_MEDIANS, BURST_MEANS, units_count(text[8], BURST_FAULTS));
}

int insight_bursts(struct scene *scene)
{
	const struct series *series = &scene->series;
	double all = scene->summary.total.minor;
	double mean = all / series->number / (series->step_ns / 1e9);
	double median;
	struct bursts bursts;

	if (series->number < BURST_SLICES)
		return 0;
	median = median_rate(series);
	if (median < 0)
		return -ENOMEM;
	bursts = find_bursts(series, median * BURST_MEDIANS > mean * BURST_MEANS
					     ? median * BURST_MEDIANS
					     : mean * BURST_MEANS);
	return bursts.number ? tell(scene, &bursts, median, all) : 0;
}
