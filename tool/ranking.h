/* SPDX-License-Identifier: MIT */
/* Processes in an order: those with most of something first, or as the tree that they are. */
#ifndef RANKING_H
#define RANKING_H

#include <stdbool.h>

#include "history.h"

enum ranking_key {
	RANKING_FAULTS, /* minor and major */
	RANKING_MINOR,
	RANKING_MAJOR,
	RANKING_CPU,
	RANKING_RESIDENT, /* peak */
	RANKING_SWAPPED,  /* peak */
	RANKING_SWITCHES,
	RANKING_LIFE,
	RANKING_BIRTH, /* the oldest first */
};

/* Their names, in the order of the keys, as --sort has them; NULL at the end. */
extern const char *const ranking_names[];

/** ranking_key - of a name: a key, or -EINVAL */
int ranking_key(const char *name);

/** ranking_life - how long it lived, or was followed if it is older than the recording, ns */
uint64_t ranking_life(const struct history_process *process);

struct ranking {
	size_t number;
	uint32_t *processes; /* indices */
	uint8_t *levels;     /* of a tree: 0 for roots; NULL: no tree */
	bool *more;	     /* of a tree: a sibling is still to come */
};

/**
 * ranking_make - put the processes of a segment in order
 * @ranking: to be freed by ranking_free(), also after an error
 *
 * Equals stay in the order in which they were told of.
 *
 * Return: 0 or -ENOMEM.
 */
int ranking_make(const struct history *history, uint32_t segment, enum ranking_key key,
		 struct ranking *ranking);

/* Levels of a tree that are told apart; what is deeper is of the last. */
#define RANKING_LEVELS 12

/**
 * ranking_tree - the first of a ranking, and all that they descend from, as a tree
 * @first: so many of it; more than there are: all
 * @tree: to be freed by ranking_free(), also after an error
 *
 * Return: 0 or -ENOMEM.
 */
int ranking_tree(const struct history *history, const struct ranking *ranking, size_t first,
		 struct ranking *tree);

/** ranking_free - zeroed is fine */
void ranking_free(struct ranking *ranking);

#endif
