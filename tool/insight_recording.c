// SPDX-License-Identifier: MIT
/* What is wrong with the recording itself: findings may be for want of what is not in it. */
#include "insight_scene.h"

/* Of the elapsed time, in percent of one CPU: who is watched at this cost is no longer himself. */
#define COST_PERCENT 5

/* Of all deadlines, in percent: fewer do not show in any plot. */
#define MISSED_PERCENT 1

static bool by_module(const struct scene *scene)
{
	return scene->history->segments[scene->segment].head.source == FAULTLINE_SOURCE_MODULE;
}

static int lost(struct scene *scene)
{
	const struct summary *summary = &scene->summary;
	const struct insight found = {
		.kind = INSIGHT_RECORDING,
		.process = HISTORY_NONE,
		.title = "Records are missing",
		.numbers = { { "lost_records", summary->lost } },
	};
	char a[UNITS_BYTES];

	if (!summary->lost)
		return 0;
	return scene_found(scene, &found,
			   "%s records were lost for want of room. Totals of processes that have "
			   "ended are right all the same; samples between them are not there. A "
			   "longer period helps.",
			   units_count(a, summary->lost));
}

static int unfollowed(struct scene *scene)
{
	const struct summary *summary = &scene->summary;
	const struct insight found = {
		.kind = INSIGHT_RECORDING,
		.process = HISTORY_NONE,
		.title = "Processes are missing",
		.numbers = { { "unfollowed_processes", summary->unfollowed } },
	};
	char a[UNITS_BYTES];

	if (!summary->unfollowed)
		return 0;
	return scene_found(scene, &found, "%s processes are in no total: %s.",
			   units_count(a, summary->unfollowed),
			   by_module(scene) ? "there was no memory or no room to follow them"
					    : "they were gone before they could be read, which "
					      "the module would not have missed");
}

static int missed(struct scene *scene)
{
	const struct summary *summary = &scene->summary;
	uint64_t due = summary->missed + summary->passes;
	double percent = due ? 100.0 * summary->missed / due : 0;
	const struct insight found = {
		.kind = INSIGHT_RECORDING,
		.process = HISTORY_NONE,
		.title = "Deadlines were missed",
		.numbers = { { "missed", summary->missed },
			     { "missed_percent", percent },
			     { "shed_visits", summary->shed },
			     { "least_percent", MISSED_PERCENT } },
	};
	char a[UNITS_BYTES];
	char b[UNITS_BYTES];
	char c[UNITS_BYTES];

	if ((!summary->passes || percent < MISSED_PERCENT) && !summary->shed)
		return 0;
	return scene_found(
		scene, &found,
		"%s %s missed, %s of all, and %s visits of processes shed: the machine was too "
		"busy, or the period too short for so many processes. No fault is missing in the "
		"totals.",
		units_count(a, summary->missed),
		summary->missed == 1 ? "deadline for samples was" : "deadlines for samples were",
		units_percent(b, percent), units_count(c, summary->shed));
}

static int cost(struct scene *scene)
{
	const struct summary *summary = &scene->summary;
	double cost_ns = summary->cost_ns;
	double percent = summary->elapsed_ns ? 100 * cost_ns / summary->elapsed_ns : 0;
	const struct insight found = {
		.kind = INSIGHT_RECORDING,
		.process = HISTORY_NONE,
		.title = "Recording cost much",
		.numbers = { { "cost_ns", cost_ns },
			     { "cost_percent", percent },
			     { "least_percent", COST_PERCENT } },
	};
	char a[UNITS_BYTES];
	char b[UNITS_BYTES];

	if (percent < COST_PERCENT)
		return 0;
	return scene_found(
		scene, &found,
		"Recording took %s of CPU time, %s of one CPU (%d %% or more stand out): "
		"take a longer period%s.",
		units_time(a, cost_ns), units_percent(b, percent), COST_PERCENT,
		by_module(scene) ? "" : ", or load the module, which costs less");
}

int insight_recording(struct scene *scene)
{
	int error = lost(scene);

	if (!error)
		error = unfollowed(scene);
	if (!error)
		error = missed(scene);
	return error ? error : cost(scene);
}
