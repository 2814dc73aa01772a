// SPDX-License-Identifier: MIT
/* What is wrong with the recording itself: findings may be for want of what is not in it. */
#include "insight_scene.h"

/* Of the elapsed time, in percent of one CPU: who is watched at this cost is no longer himself. */
#define COST_PERCENT 5

/* Of all deadlines, in percent: fewer do not show in any plot. */
#define MISSED_PERCENT 1

static int lost(struct scene *scene)
{
	const struct summary *summary = &scene->summary;
	const struct insight found = {
		.kind = INSIGHT_RECORDING,
		.process = HISTORY_NONE,
		.title = "Records are missing",
		.numbers = { { "lost_records", summary->lost },
			     { "unfollowed_processes", summary->unfollowed } },
	};
	char a[UNITS_BYTES];
	char b[UNITS_BYTES];

	if (!summary->lost && !summary->unfollowed)
		return 0;
	return scene_found(scene, &found,
			   "%s records were lost for want of room, %s processes were not followed. "
			   "Totals of processes that have ended are right all the same; samples "
			   "between them are not there. A larger ring or a longer period helps.",
			   units_count(a, summary->lost), units_count(b, summary->unfollowed));
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
		"%s deadlines for samples were missed, %s of all, and %s visits of "
		"processes shed: the machine was too busy, or the period too short for so "
		"many processes. No fault is missing in the totals.",
		units_count(a, summary->missed), units_percent(b, percent),
		units_count(c, summary->shed));
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
		"take a longer period, or load the module, which costs less.",
		units_time(a, cost_ns), units_percent(b, percent), COST_PERCENT);
}

int insight_recording(struct scene *scene)
{
	int error = lost(scene);

	if (!error)
		error = missed(scene);
	return error ? error : cost(scene);
}
