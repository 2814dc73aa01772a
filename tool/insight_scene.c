// SPDX-License-Identifier: MIT
#include "insight_scene.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "clean.h"

const char *scene_who(char *text, const struct history_process *process)
{
	char name[FL_COMM_BYTES];

	clean(name, sizeof(name), process->name);
	if (process->tid)
		snprintf(text, SCENE_WHO_BYTES, "%s (TID %d)", name, process->tid);
	else
		snprintf(text, SCENE_WHO_BYTES, "%s (PID %d)", name, process->pid);
	return text;
}

const char *scene_when(char *text, const struct scene *scene, uint64_t time_ns)
{
	double ns = (double)time_ns - (double)scene->series.from_ns;

	if (ns >= 100e9)
		return units_time(text, ns);
	snprintf(text, UNITS_BYTES, "%.2f s", ns / 1e9);
	return text;
}

uint32_t scene_busiest(const struct scene *scene, bool major, uint64_t from_ns, uint64_t to_ns,
		       double *share)
{
	uint32_t busiest = HISTORY_NONE;
	double most = 0;
	double all = 0;

	for (size_t i = 0; i < scene->number; i++) {
		const struct history_process *process = scene_process(scene, i);
		struct history_rates rates;
		double had;

		if (process->first_ns > to_ns || process->last_ns < from_ns)
			continue;
		rates = history_between(process, from_ns, to_ns);
		had = major ? rates.major : rates.minor;
		all += had;
		if (had > most) {
			most = had;
			busiest = scene->processes[i];
		}
	}
	*share = all > 0 ? most / all : 0;
	return busiest;
}

int scene_found(struct scene *scene, const struct insight *found, const char *format, ...)
{
	struct insights *insights = scene->found;
	struct insight *fresh;
	va_list words;

	if (insights->number == insights->room) {
		size_t room = insights->room ? 2 * insights->room : 16;

		fresh = reallocarray(insights->all, room, sizeof(*fresh));
		if (!fresh)
			return -ENOMEM;
		insights->all = fresh;
		insights->room = room;
	}
	fresh = &insights->all[insights->number++];
	*fresh = *found;
	va_start(words, format);
	vsnprintf(fresh->text, sizeof(fresh->text), format, words);
	va_end(words);
	return 0;
}
