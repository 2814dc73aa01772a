/* SPDX-License-Identifier: MIT */
/*
 * The heir of a command's orphans: this process becomes their parent when theirs dies, so that
 * they can be told from all others; and so it has to bury them. That their parent is not init is
 * all they could notice.
 */
#ifndef HEIR_H
#define HEIR_H

#include <stdbool.h>
#include <stddef.h>

struct heir {
	bool is_one;
	int *zombies; /* whose end is known; their parents have not buried them yet */
	size_t number;
	size_t room;
};

/** heir_become - from now on; does nothing if it is one or cannot be */
void heir_become(struct heir *heir);

/** heir_owns - is that who has no other parent left? */
bool heir_owns(const struct heir *heir, int parent);

/** heir_expect - this zombie may be left to us, if it was not already */
void heir_expect(struct heir *heir, int pid);

/** heir_bury - bury those that were left to us, forget those that others buried */
void heir_bury(struct heir *heir);

/** heir_resign - no longer be one, free all; fine when zeroed */
void heir_resign(struct heir *heir);

#endif
