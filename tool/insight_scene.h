/* SPDX-License-Identifier: MIT */
/* Not for views: what the rules look at, and how they tell what they found. */
#ifndef INSIGHT_SCENE_H
#define INSIGHT_SCENE_H

#include "insight.h"
#include "series.h"
#include "summary.h"
#include "units.h"

#define SCENE_WHO_BYTES 64

struct scene {
	const struct history *history;
	uint32_t segment;
	uint64_t page_bytes;
	uint32_t *processes; /* indices of those of the segment */
	size_t number;	     /* of them */
	struct summary summary;
	struct series series; /* of all of them */
	struct insights *found;
};

static inline const struct history_process *scene_process(const struct scene *scene, size_t i)
{
	return &scene->history->processes[scene->processes[i]];
}

/** scene_who - "work (PID 123)", for sentences; text of SCENE_WHO_BYTES, which is returned */
const char *scene_who(char *text, const struct history_process *process);

/** scene_when - "3.20 s" since the segment's beginning; text of UNITS_BYTES, which is returned */
const char *scene_when(char *text, const struct scene *scene, uint64_t time_ns);

/**
 * scene_busiest - who had most of something in an interval
 * @major: of major faults; else of minor ones
 * @share: how much of all of it that was, 0 to 1
 *
 * Return: index of the process; HISTORY_NONE if nobody had any.
 */
uint32_t scene_busiest(const struct scene *scene, bool major, uint64_t from_ns, uint64_t to_ns,
		       double *share);

/** scene_found - one more; @found is copied, its text is made of @format: 0 or -ENOMEM */
int scene_found(struct scene *scene, const struct insight *found, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The rules; each looks for what its name says: 0 or -ENOMEM. */
int insight_recording(struct scene *scene);
int insight_paging(struct scene *scene); /* thrashing, major faults, swap */
int insight_memory(struct scene *scene); /* churn, growth */
int insight_bursts(struct scene *scene);
int insight_lives(struct scene *scene); /* storms, killed */

#endif
