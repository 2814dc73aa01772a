/* SPDX-License-Identifier: MIT */
/* Where in an array a target is, by its id. Zeroes are an empty one. */
#ifndef PLACES_H
#define PLACES_H

#include <stddef.h>
#include <stdint.h>

#define PLACES_NONE UINT32_MAX

struct places {
	struct place *slots;
	size_t number; /* of slots: a power of two, at most half of it used */
	size_t used;
};

/** places_find - the place of a target, or PLACES_NONE */
uint32_t places_find(const struct places *places, uint32_t target);

/** places_put - note the place of a target, not 0, in the stead of an earlier one: 0, -ENOMEM */
int places_put(struct places *places, uint32_t target, uint32_t place);

/** places_clear - forget all, keep the memory */
void places_clear(struct places *places);

/** places_free - forget all */
void places_free(struct places *places);

#endif
