// SPDX-License-Identifier: MIT
/* How processes lived and ended: many short lives, deaths of signals. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "clean.h"
#include "fate.h"
#include "insight_scene.h"
#include "statistics.h"

#define STORM_LIFE_NS 1000000000ULL /* a life shorter than this is spent on its beginning and end */
#define STORM_NUMBER  50	    /* of them: a script has some dozens */
#define STORM_RATE    5		    /* of them a second, over the whole segment */
#define KILLED_NAMED  3		    /* so many are told of by name */

struct storm {
	size_t number;
	double *lives; /* ns */
	uint32_t *processes;
	struct fl_counts counts;
	double median_ns;
	char name[FL_COMM_BYTES]; /* the most frequent one */
	size_t called;
};

static bool short_lived(const struct history_process *process)
{
	return process->forked && process->end == HISTORY_EXITED &&
	       process->last_ns - process->birth_ns < STORM_LIFE_NS;
}

static const struct history *sorted; /* for compare_names() */

static int compare_names(const void *one, const void *other)
{
	return strcmp(sorted->processes[*(const uint32_t *)one].name,
		      sorted->processes[*(const uint32_t *)other].name);
}

static void find_name(const struct scene *scene, struct storm *storm)
{
	size_t called = 0;

	sorted = scene->history;
	qsort(storm->processes, storm->number, sizeof(*storm->processes), compare_names);
	for (size_t i = 0; i < storm->number; i++) {
		const char *name = sorted->processes[storm->processes[i]].name;

		if (i && strcmp(name, sorted->processes[storm->processes[i - 1]].name) != 0)
			called = 0;
		if (++called <= storm->called)
			continue;
		storm->called = called;
		clean(storm->name, sizeof(storm->name), name);
	}
}

static void gather(const struct scene *scene, struct storm *storm)
{
	for (size_t i = 0; i < scene->number; i++) {
		const struct history_process *process = scene_process(scene, i);
		struct fl_counts counts;

		if (!short_lived(process))
			continue;
		counts = history_counts(process);
		storm->counts.minor += counts.minor;
		storm->counts.cpu_ns += counts.cpu_ns;
		storm->processes[storm->number] = scene->processes[i];
		storm->lives[storm->number++] = process->last_ns - process->birth_ns;
	}
}

static double percent(double part, double all)
{
	return all > 0 ? 100 * part / all : 0;
}

static int tell_storm(struct scene *scene, const struct storm *storm, double rate)
{
	const struct fl_counts *all = &scene->summary.total;
	double cpu = percent(storm->counts.cpu_ns, all->cpu_ns);
	double faults = percent(storm->counts.minor, all->minor);
	const struct insight found = {
		.kind = INSIGHT_STORM,
		.process = HISTORY_NONE,
		.title = "Short-lived processes",
		.numbers = { { "processes", storm->number },
			     { "rate_per_s", rate },
			     { "median_life_ns", storm->median_ns },
			     { "cpu_percent", cpu },
			     { "minor_faults_percent", faults },
			     { "least_processes", STORM_NUMBER },
			     { "least_rate_per_s", STORM_RATE } },
	};
	char text[6][UNITS_BYTES];

	return scene_found(
		scene, &found,
		"%s processes lived for less than 1 s, %s of them a second, with a "
		"median life of %s; %s are called %s. They took %s of the CPU time and "
		"%s of the minor faults, much of it to begin and to end. (%d of them and "
		"%d a second, or more, stand out.)",
		units_count(text[0], storm->number), units_short(text[1], rate),
		units_time(text[2], storm->median_ns), units_count(text[3], storm->called),
		storm->name, units_percent(text[4], cpu), units_percent(text[5], faults),
		STORM_NUMBER, STORM_RATE);
}

static int find_storm(struct scene *scene)
{
	double seconds = scene->summary.elapsed_ns / 1e9;
	struct storm storm = { 0 };
	int error = -ENOMEM;

	if (scene->number < STORM_NUMBER)
		return 0;
	storm.lives = calloc(scene->number, sizeof(*storm.lives));
	storm.processes = calloc(scene->number, sizeof(*storm.processes));
	if (!storm.lives || !storm.processes)
		goto free;
	gather(scene, &storm);
	error = 0;
	if (storm.number < STORM_NUMBER || storm.number < STORM_RATE * seconds)
		goto free;
	storm.median_ns = statistics_median(storm.lives, storm.number);
	find_name(scene, &storm);
	error = tell_storm(scene, &storm, seconds > 0 ? storm.number / seconds : 0);
free:
	free(storm.processes);
	free(storm.lives);
	return error;
}

/* "work (PID 12) at 3.2 s of SIGKILL". */
static void add_death(const struct scene *scene, const struct history_process *process, size_t nth,
		      char *text, size_t size)
{
	size_t used = strlen(text);
	char who[SCENE_WHO_BYTES];
	char end[FATE_BYTES];
	char when[UNITS_BYTES];

	snprintf(text + used, size - used, "%s%s at %s of %s%s", nth ? ", " : "",
		 scene_who(who, process), scene_when(when, scene, process->last_ns),
		 fate_of_status(end, process->status),
		 WCOREDUMP(process->status) ? " (core dumped)" : "");
}

static int find_killed(struct scene *scene)
{
	struct insight found = { .kind = INSIGHT_KILLED,
				 .process = HISTORY_NONE,
				 .title = "Killed by a signal" };
	char named[KILLED_NAMED * (SCENE_WHO_BYTES + UNITS_BYTES + 40)] = "";
	char count[UNITS_BYTES];
	size_t number = 0;
	size_t kills = 0;

	for (size_t i = 0; i < scene->number; i++) {
		const struct history_process *process = scene_process(scene, i);

		if (process->end != HISTORY_EXITED || !WIFSIGNALED(process->status))
			continue;
		if (number < KILLED_NAMED)
			add_death(scene, process, number, named, sizeof(named));
		if (!number++)
			found.process = scene->processes[i];
		kills += WTERMSIG(process->status) == SIGKILL;
	}
	if (!number)
		return 0;
	found.numbers[0] = (struct insight_number){ "processes", number };
	found.numbers[1] = (struct insight_number){ "of_sigkill", kills };
	return scene_found(
		scene, &found, "%s process%s died of a signal: %s%s.%s", units_count(count, number),
		number == 1 ? "" : "es", named, number > KILLED_NAMED ? ", and so on" : "",
		kills ? " SIGKILL may be the kernel's, for want of memory: dmesg says." : "");
}

int insight_lives(struct scene *scene)
{
	int error = find_storm(scene);

	return error ? error : find_killed(scene);
}
