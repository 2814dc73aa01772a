// SPDX-License-Identifier: MIT
#include <stdbool.h>

#include "samples.h"

static long *slot_at(const struct samples *s, size_t ahead)
{
	return s->buffer + (s->slot + ahead) % FL_CLASSIC_SAMPLES * FL_CLASSIC_FIELDS;
}

/* Pairs with the writer's release store of a slot's first long, its last store to the slot. */
static long load_first(const long *slot)
{
	return __atomic_load_n(&slot[0], __ATOMIC_ACQUIRE);
}

/*
 * False if the slot is empty, or changed hands meanwhile. The fence pairs with the one in
 * clear_slot(): whoever sees a cleared long here sees below that the first one was cleared before.
 */
static bool copy_slot(const long *slot, struct sample *out)
{
	out->value[0] = load_first(slot);
	if (out->value[0] == FL_CLASSIC_EMPTY)
		return false;
	for (int i = 1; i < FL_CLASSIC_FIELDS; i++)
		out->value[i] = __atomic_load_n(&slot[i], __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&slot[0], __ATOMIC_RELAXED) == out->value[0];
}

/*
 * The first long goes first: whoever is killed half-way leaves an empty slot. If it has changed
 * since it was copied, another reader took the sample or the writer put a newer one there.
 */
static void clear_slot(long *slot, const struct sample *copied)
{
	long first = copied->value[0];

	if (!__atomic_compare_exchange_n(&slot[0], &first, FL_CLASSIC_EMPTY, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (int i = 1; i < FL_CLASSIC_FIELDS; i++)
		__atomic_store_n(&slot[i], FL_CLASSIC_EMPTY, __ATOMIC_RELAXED);
}

void samples_begin(struct samples *s, long *buffer)
{
	*s = (struct samples){ .buffer = buffer, .left = FL_CLASSIC_SAMPLES };
	while (s->slot < FL_CLASSIC_SAMPLES - 1 && load_first(slot_at(s, 0)) == FL_CLASSIC_EMPTY)
		s->slot++;
}

size_t samples_copy(const struct samples *s, struct sample *out, size_t max)
{
	size_t count = 0;

	if (max > s->left)
		max = s->left;
	while (count < max && copy_slot(slot_at(s, count), &out[count]))
		count++;
	return count;
}

void samples_clear(struct samples *s, const struct sample *copied, size_t count)
{
	for (size_t i = 0; i < count; i++)
		clear_slot(slot_at(s, i), &copied[i]);
	s->slot = (s->slot + count) % FL_CLASSIC_SAMPLES;
	s->left -= count;
}
