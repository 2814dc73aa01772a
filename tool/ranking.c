// SPDX-License-Identifier: MIT
#include "ranking.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const ranking_names[] = { "faults",	 "minor",    "major", "cpu",   "resident",
				      "swapped", "switches", "life",  "birth", NULL };

struct ranked {
	uint32_t process;
	uint64_t value;
};

int ranking_key(const char *name)
{
	for (int key = 0; ranking_names[key]; key++)
		if (!strcmp(ranking_names[key], name))
			return key;
	return -EINVAL;
}

uint64_t ranking_life(const struct history_process *process)
{
	uint64_t from = process->forked ? process->birth_ns : process->first_ns;

	return process->last_ns > from ? process->last_ns - from : 0;
}

static uint64_t value_of(const struct history_process *process, enum ranking_key key)
{
	struct fl_counts counts = history_counts(process);

	switch (key) {
	case RANKING_FAULTS:
		return counts.minor + counts.major;
	case RANKING_MINOR:
		return counts.minor;
	case RANKING_MAJOR:
		return counts.major;
	case RANKING_CPU:
		return counts.cpu_ns;
	case RANKING_RESIDENT:
		return history_knows_resident(process) ? process->peak_resident : 0;
	case RANKING_SWAPPED:
		return process->sampled ? process->peak_swapped : 0;
	case RANKING_SWITCHES:
		return counts.voluntary + counts.involuntary;
	case RANKING_LIFE:
		return ranking_life(process);
	case RANKING_BIRTH:
		break;
	}
	return UINT64_MAX - process->birth_ns;
}

static int compare(const void *one, const void *other)
{
	const struct ranked *a = one;
	const struct ranked *b = other;

	if (a->value != b->value)
		return a->value < b->value ? 1 : -1;
	return (a->process > b->process) - (a->process < b->process);
}

int ranking_make(const struct history *history, uint32_t segment, enum ranking_key key,
		 struct ranking *ranking)
{
	struct ranked *ranked;
	size_t first;
	size_t behind;

	history_range(history, segment, &first, &behind);
	ranked = calloc(behind - first + 1, sizeof(*ranked));
	*ranking = (struct ranking){ 0 };
	ranking->processes = calloc(behind - first + 1, sizeof(*ranking->processes));
	if (!ranked || !ranking->processes) {
		free(ranked);
		return -ENOMEM;
	}
	for (size_t i = first; i < behind; i++)
		ranked[ranking->number++] =
			(struct ranked){ i, value_of(&history->processes[i], key) };
	qsort(ranked, ranking->number, sizeof(*ranked), compare);
	for (size_t i = 0; i < ranking->number; i++)
		ranking->processes[i] = ranked[i].process;
	free(ranked);
	return 0;
}

/* Links between processes by index; only to those that are shown. */
struct links {
	bool *shown;
	uint32_t *child; /* the first one; for HISTORY_NONE's see roots */
	uint32_t *next;	 /* the next one with the same parent */
	uint32_t roots;
};

/* A parent was told of before its children: it has the smaller index. */
static void link_all(const struct history *history, struct links *links)
{
	links->roots = HISTORY_NONE;
	for (size_t i = history->process_number; i--;) {
		uint32_t parent = history->processes[i].parent;
		uint32_t *first = parent == HISTORY_NONE ? &links->roots : &links->child[parent];

		if (!links->shown[i])
			continue;
		links->next[i] = *first;
		*first = i;
	}
}

static void walk(const struct history *history, const struct links *links, struct ranking *tree)
{
	uint32_t at = links->roots;
	size_t depth = 0;

	while (at != HISTORY_NONE) {
		tree->processes[tree->number] = at;
		tree->levels[tree->number] = depth < RANKING_LEVELS ? depth : RANKING_LEVELS;
		tree->more[tree->number++] = links->next[at] != HISTORY_NONE;
		if (links->child[at] != HISTORY_NONE) {
			at = links->child[at];
			depth++;
			continue;
		}
		while (at != HISTORY_NONE && links->next[at] == HISTORY_NONE) {
			at = history->processes[at].parent;
			depth--;
		}
		if (at != HISTORY_NONE)
			at = links->next[at];
	}
}

int ranking_tree(const struct history *history, const struct ranking *ranking, size_t first,
		 struct ranking *tree)
{
	size_t number = history->process_number + 1;
	struct links links = {
		.shown = calloc(number, sizeof(*links.shown)),
		.child = malloc(number * sizeof(*links.child)),
		.next = malloc(number * sizeof(*links.next)),
	};
	int error = -ENOMEM;

	*tree = (struct ranking){ 0 };
	tree->processes = calloc(number, sizeof(*tree->processes));
	tree->levels = calloc(number, sizeof(*tree->levels));
	tree->more = calloc(number, sizeof(*tree->more));
	if (!links.shown || !links.child || !links.next || !tree->processes || !tree->levels ||
	    !tree->more)
		goto free;
	memset(links.child, 0xff, number * sizeof(*links.child));
	for (size_t i = 0; i < ranking->number && i < first; i++) {
		uint32_t at = ranking->processes[i];

		for (; at != HISTORY_NONE && !links.shown[at]; at = history->processes[at].parent)
			links.shown[at] = true;
	}
	link_all(history, &links);
	walk(history, &links, tree);
	error = 0;
free:
	free(links.next);
	free(links.child);
	free(links.shown);
	return error;
}

void ranking_free(struct ranking *ranking)
{
	free(ranking->processes);
	free(ranking->levels);
	free(ranking->more);
	*ranking = (struct ranking){ 0 };
}
