// SPDX-License-Identifier: MIT
#include "tally.h"

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>

struct target {
	uint32_t id;
	bool counted; /* last is what to count from */
	struct fl_counts last;
};

static int compare(const void *a, const void *b)
{
	const struct target *left = a;
	const struct target *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

static struct target *find(const struct tally *tally, uint32_t id)
{
	const struct target key = { .id = id };
	struct target **node = tfind(&key, &tally->targets, compare);

	return node ? *node : NULL;
}

static int join(struct tally *tally, const struct fl_join *join)
{
	struct target *fresh;

	if (find(tally, join->target))
		return 0;
	fresh = calloc(1, sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	fresh->id = join->target;
	fresh->counted = join->birth_ns >= tally->start_ns;
	if (!tsearch(fresh, &tally->targets, compare)) {
		free(fresh);
		return -ENOMEM;
	}
	tally->processes++;
	tally->alive++;
	return 0;
}

static void count(struct tally *tally, struct target *target, const struct fl_counts *counts)
{
	if (target->counted) {
		tally->minor += counts->minor - target->last.minor;
		tally->major += counts->major - target->last.major;
		tally->cpu_ns += counts->cpu_ns - target->last.cpu_ns;
	}
	tally->resident += counts->resident - target->last.resident;
	tally->swapped += counts->swapped - target->last.swapped;
	target->last = *counts;
	target->counted = true;
}

/* With its last totals; NULL: they are not told. */
static void leave(struct tally *tally, struct target *target, const struct fl_counts *counts)
{
	struct fl_counts last = counts ? *counts : target->last;

	last.resident = last.swapped = 0;
	count(tally, target, &last);
	tdelete(target, &tally->targets, compare);
	free(target);
	tally->alive--;
}

/* The record as its own struct; its type was looked at. */
#define AS(type) ((const struct type *)(const void *)record)

int tally_add(struct tally *tally, const struct fl_record *record)
{
	struct target *target;

	if (record->time_ns > tally->time_ns)
		tally->time_ns = record->time_ns;
	switch (record->type) {
	case FL_RECORD_TARGET:
	case FL_RECORD_FORK:
		return join(tally, AS(fl_join));
	case FL_RECORD_SAMPLE:
		tally->samples++;
		target = find(tally, AS(fl_sample)->target);
		if (target)
			count(tally, target, &AS(fl_sample)->counts);
		return 0;
	case FL_RECORD_EXIT:
		target = find(tally, AS(fl_exit)->target);
		if (target)
			leave(tally, target, &AS(fl_exit)->counts);
		return 0;
	case FL_RECORD_LEFT:
		target = find(tally, AS(fl_left)->target);
		if (target)
			leave(tally, target,
			      AS(fl_left)->reason == FL_LEFT_DENIED ? NULL : &AS(fl_left)->counts);
		return 0;
	default:
		return 0;
	}
}

void tally_clear(struct tally *tally)
{
	tdestroy(tally->targets, free);
	tally->targets = NULL;
}
