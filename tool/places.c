// SPDX-License-Identifier: MIT
/* An open hash: as ids count up, most of them have a slot of their own. */
#include "places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64

struct place {
	uint32_t target; /* 0: empty */
	uint32_t place;
};

/* The slot that has this target, or the empty one that it would get. */
static struct place *slot_of(struct place *slots, size_t number, uint32_t target)
{
	size_t i = target & (number - 1);

	while (slots[i].target && slots[i].target != target)
		i = (i + 1) & (number - 1);
	return &slots[i];
}

uint32_t places_find(const struct places *places, uint32_t target)
{
	const struct place *slot;

	if (!places->used || !target)
		return PLACES_NONE;
	slot = slot_of(places->slots, places->number, target);
	return slot->target ? slot->place : PLACES_NONE;
}

static int grow(struct places *places)
{
	size_t number = places->number ? places->number * 2 : FIRST_SLOTS;
	struct place *slots = calloc(number, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < places->number; i++)
		if (places->slots[i].target)
			*slot_of(slots, number, places->slots[i].target) = places->slots[i];
	free(places->slots);
	places->slots = slots;
	places->number = number;
	return 0;
}

int places_put(struct places *places, uint32_t target, uint32_t place)
{
	struct place *slot;
	int error;

	if (places->used * 2 >= places->number) {
		error = grow(places);
		if (error)
			return error;
	}
	slot = slot_of(places->slots, places->number, target);
	places->used += !slot->target;
	*slot = (struct place){ target, place };
	return 0;
}

void places_clear(struct places *places)
{
	if (places->used)
		memset(places->slots, 0, places->number * sizeof(*places->slots));
	places->used = 0;
}

void places_free(struct places *places)
{
	free(places->slots);
	*places = (struct places){ 0 };
}
