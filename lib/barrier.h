/* SPDX-License-Identifier: MIT */
/* The order in which a ring is read: each names what it pairs with in the module. */
#ifndef FL_BARRIER_H
#define FL_BARRIER_H

#include <stdint.h>

#include "faultline.h"

/*
 * Pairs with the store-release in fl_ring_commit() of kernel/ring.c: the records before this head
 * can be read, and a tail that is loaded after it is not older than what made room for them.
 */
static inline uint64_t barrier_head(const struct fl_ring *ring)
{
	return __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
}

/*
 * The tail after records were copied. Pairs with the write barrier in drop_oldest() of
 * kernel/ring.c: if the copy has a byte of newer records in it, this tail is behind those that they
 * were written over.
 */
static inline uint64_t barrier_tail_after_copy(const struct fl_ring *ring)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&ring->tail, __ATOMIC_RELAXED);
}

/* For what tells nothing about other memory, or is loaded behind a head: pairs with nothing. */
static inline uint64_t barrier_none(const __u64 *figure)
{
	return __atomic_load_n(figure, __ATOMIC_RELAXED);
}

#endif
