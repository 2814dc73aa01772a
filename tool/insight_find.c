// SPDX-License-Identifier: MIT
/* Sets the scene of a segment and lets the rules look at it. */
#include <errno.h>
#include <stdlib.h>

#include "insight_scene.h"

/* Slices of a segment: fine enough for what lasts a thousandth of it. */
#define SCENE_SLICES 1000

static int set_scene(struct scene *scene)
{
	const struct history *history = scene->history;
	size_t first;
	size_t behind;
	int error;

	history_range(history, scene->segment, &first, &behind);
	scene->page_bytes = history->segments[scene->segment].head.page_bytes;
	scene->processes = calloc(behind - first + 1, sizeof(*scene->processes));
	if (!scene->processes)
		return -ENOMEM;
	for (size_t i = first; i < behind; i++)
		scene->processes[scene->number++] = i;
	error = summary_make(history, scene->segment, &scene->summary);
	if (error)
		return error;
	return series_make(history, scene->segment, HISTORY_NONE,
			   series_slices(history, scene->segment, SCENE_SLICES), &scene->series);
}

/* Kinds are numbered by weight; of one kind, what was found first stays first. */
static void put_in_order(struct insights *insights)
{
	for (size_t i = 1; i < insights->number; i++) {
		struct insight moved = insights->all[i];
		size_t j = i;

		for (; j && insights->all[j - 1].kind > moved.kind; j--)
			insights->all[j] = insights->all[j - 1];
		insights->all[j] = moved;
	}
}

int insights_find(const struct history *history, uint32_t segment, struct insights *insights)
{
	static int (*const rules[])(struct scene * scene) = {
		insight_recording, insight_paging, insight_memory, insight_bursts, insight_lives,
	};
	struct scene scene = { .history = history, .segment = segment, .found = insights };
	int error;

	*insights = (struct insights){ 0 };
	error = set_scene(&scene);
	for (size_t i = 0; !error && i < sizeof(rules) / sizeof(rules[0]); i++)
		error = rules[i](&scene);
	put_in_order(insights);
	series_free(&scene.series);
	free(scene.processes);
	return error;
}
