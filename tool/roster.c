// SPDX-License-Identifier: MIT
#include "roster.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct roster {
	void *tree;
};

struct roster *roster_new(void)
{
	return calloc(1, sizeof(struct roster));
}

void roster_free(struct roster *roster)
{
	if (!roster)
		return;
	tdestroy(roster->tree, free);
	free(roster);
}

uint32_t roster_target(const struct fl_record *record)
{
	switch (record->type) {
	case FL_RECORD_SAMPLE:
	case FL_RECORD_TARGET:
	case FL_RECORD_FORK:
	case FL_RECORD_EXEC:
	case FL_RECORD_EXIT:
	case FL_RECORD_LEFT:
		/* It is in the same place in all of them. */
		return ((const struct fl_sample *)record)->target;
	default:
		return 0;
	}
}

const struct fl_counts *roster_counts(const struct fl_record *record)
{
	const struct fl_left *left = (const void *)record;

	switch (record->type) {
	case FL_RECORD_SAMPLE:
		return &((const struct fl_sample *)record)->counts;
	case FL_RECORD_EXIT:
		return &((const struct fl_exit *)record)->counts;
	case FL_RECORD_LEFT:
		/* Of who is no longer to be looked at, nothing is said. */
		return left->reason == FL_LEFT_DENIED ? NULL : &left->counts;
	default:
		return NULL;
	}
}

static int compare(const void *a, const void *b)
{
	const struct roster_entry *x = a, *y = b;

	return (x->target > y->target) - (x->target < y->target);
}

static struct roster_entry *find(struct roster *roster, uint32_t target)
{
	const struct roster_entry like = { .target = target };
	struct roster_entry **found = tfind(&like, &roster->tree, compare);
	struct roster_entry *entry;

	if (found)
		return *found;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->target = target;
	if (!tsearch(entry, &roster->tree, compare)) {
		free(entry);
		return NULL;
	}
	return entry;
}

/* Names in recordings need not end: in a damaged one, nothing does. */
static void take_name(struct roster_entry *entry, const char *comm)
{
	char whole[FL_COMM_BYTES + 1] = "";

	memcpy(whole, comm, FL_COMM_BYTES);
	utf8_clean(entry->name, sizeof(entry->name), whole);
}

static void join(struct roster_entry *entry, const struct fl_join *join)
{
	*entry = (struct roster_entry){
		.target = entry->target,
		.parent = join->parent,
		.pid = join->pid,
		.tid = join->tid,
		.birth_ns = join->birth_ns,
		/* Who was forked while it was watched has counted nothing yet. */
		.counted = join->record.type == FL_RECORD_FORK,
		.time_ns = join->record.time_ns,
	};
	take_name(entry, join->comm);
}

struct roster_entry *roster_before(struct roster *roster, const struct fl_record *record)
{
	uint32_t target = roster_target(record);
	struct roster_entry *entry = target ? find(roster, target) : NULL;

	if (!entry)
		return NULL;
	if (record->type == FL_RECORD_TARGET || record->type == FL_RECORD_FORK)
		join(entry, (const struct fl_join *)record);
	if (record->type == FL_RECORD_EXEC)
		take_name(entry, ((const struct fl_exec *)record)->comm);
	return entry;
}

void roster_after(struct roster *roster, struct roster_entry *entry, const struct fl_record *record)
{
	const struct fl_counts *counts = roster_counts(record);

	if (!entry)
		return;
	if (record->type == FL_RECORD_EXIT || record->type == FL_RECORD_LEFT) {
		tdelete(entry, &roster->tree, compare);
		free(entry);
	} else if (counts) {
		entry->counted = true;
		entry->time_ns = record->time_ns;
		entry->counts = *counts;
	}
}

struct walk {
	void (*visit)(struct roster_entry *entry, void *with);
	void *with;
};

static void step(const void *node, VISIT visit, void *data)
{
	const struct walk *walk = data;

	if (visit == postorder || visit == leaf)
		walk->visit(*(struct roster_entry *const *)node, walk->with);
}

void roster_walk(struct roster *roster, void (*visit)(struct roster_entry *entry, void *with),
		 void *with)
{
	struct walk walk = { visit, with };

	twalk_r(roster->tree, step, &walk);
}
