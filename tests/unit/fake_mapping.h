/* SPDX-License-Identifier: MIT */
/*
 * A session's mapping in memory of ours, and a writer that fills its ring as faultline.h says that
 * the module does. Every record tells from its sequence number what must be in it.
 */
#ifndef FL_FAKE_MAPPING_H
#define FL_FAKE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "faultline.h"

#define FAKE_RING_OFFSET 192 /* of the descriptor */
#define FAKE_HEAD_BYTES	 4096

struct fake {
	unsigned char *memory;
	size_t bytes;
	struct fl_header *header;
	struct fl_ring *ring;
	uint32_t seq;
	uint64_t told_lost;
};

/* Lays a mapping out in memory that is all 0: FAKE_HEAD_BYTES and the ring's bytes. */
static inline void fake_lay_out(struct fake *fake, void *memory, uint64_t ring_bytes,
				uint32_t flags)
{
	*fake = (struct fake){
		.memory = memory,
		.bytes = FAKE_HEAD_BYTES + ring_bytes,
		.header = memory,
		.ring = (void *)((unsigned char *)memory + FAKE_RING_OFFSET),
	};
	*fake->header = (struct fl_header){
		.magic = FL_HEADER_MAGIC,
		.size = sizeof(*fake->header),
		.abi_major = FL_ABI_MAJOR,
		.abi_minor = FL_ABI_MINOR,
		.mapping_bytes = fake->bytes,
		.rings = 1,
		.ring_offset = FAKE_RING_OFFSET,
		.ring_size = sizeof(*fake->ring),
		.flags = flags,
		.clock = FL_CLOCK_MONOTONIC,
		.page_bytes = 4096,
		.period_ns = 1000000,
	};
	*fake->ring = (struct fl_ring){
		.kind = FL_RING_SAMPLES,
		.cpu = -1,
		.offset = FAKE_HEAD_BYTES,
		.bytes = ring_bytes,
	};
}

static inline unsigned char *fake_at(const struct fake *fake, uint64_t position)
{
	return fake->memory + fake->ring->offset + (position & (fake->ring->bytes - 1));
}

static inline uint64_t fake_word(uint32_t seq, size_t i)
{
	return seq * UINT64_C(1000003) + i;
}

static inline void fake_fill(void *to, uint16_t type, uint16_t size, uint32_t seq)
{
	struct fl_record *record = to;
	uint64_t *words = to;

	*record = (struct fl_record){ type, size, seq, fake_word(seq, 1) };
	for (size_t i = 2; i < size / sizeof(*words); i++)
		words[i] = fake_word(seq, i);
}

/* Whether a record is the one with that number, whole. */
static inline bool fake_is(const struct fl_record *record, uint32_t seq)
{
	const uint64_t *words = (const void *)record;

	if (!record || record->seq != seq)
		return false;
	for (size_t i = 1; i < record->size / sizeof(*words); i++)
		if (words[i] != fake_word(seq, i))
			return false;
	return true;
}

static inline void fake_move_tail(struct fake *fake, uint64_t end)
{
	struct fl_ring *ring = fake->ring;
	uint64_t tail = ring->tail;

	while (tail + ring->bytes < end) {
		const struct fl_record *oldest = (const void *)fake_at(fake, tail);

		if (oldest->type != FL_RECORD_PAD && tail >= ring->consumed)
			ring->overwritten++;
		tail += oldest->size;
	}
	__atomic_store_n(&ring->tail, tail, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

/* Puts a record into the ring, or loses it. */
static inline bool fake_put_one(struct fake *fake, uint16_t type, uint16_t size)
{
	struct fl_ring *ring = fake->ring;
	uint64_t head = ring->head, left = ring->bytes - (head & (ring->bytes - 1));
	uint64_t pad = left < size ? left : 0;

	if (head + pad + size - ring->tail > ring->bytes) {
		if (!(fake->header->flags & FL_SETUP_OVERWRITE))
			return false;
		fake_move_tail(fake, head + pad + size);
	}
	if (pad) {
		struct fl_record *filler = (void *)fake_at(fake, head);

		filler->type = FL_RECORD_PAD;
		filler->size = (uint16_t)pad;
		filler->seq = fake->seq;
	}
	head += pad;
	fake_fill(fake_at(fake, head), type, size, fake->seq++);
	ring->records++;
	__atomic_store_n(&ring->head, head + size, __ATOMIC_RELEASE);
	return true;
}

/* The same, behind the record that tells what was lost before. */
static inline bool fake_put(struct fake *fake, uint16_t type, uint16_t size)
{
	struct fl_ring *ring = fake->ring;
	uint64_t at, untold = ring->lost - fake->told_lost;

	if (untold && fake_put_one(fake, FL_RECORD_LOST, sizeof(struct fl_lost))) {
		at = ring->head - sizeof(struct fl_lost);
		((struct fl_lost *)(void *)fake_at(fake, at))->records = untold;
		fake->told_lost = ring->lost;
		untold = 0;
	}
	if (!untold && fake_put_one(fake, type, size))
		return true;
	fake->seq++;
	ring->lost++;
	return false;
}

static inline bool fake_put_sample(struct fake *fake)
{
	return fake_put(fake, FL_RECORD_SAMPLE, sizeof(struct fl_sample));
}

/* As FL_IOC_CONSUME. */
static inline void fake_consume(struct fake *fake, uint64_t position)
{
	fake->ring->consumed = position;
	if (!(fake->header->flags & FL_SETUP_OVERWRITE))
		fake->ring->tail = position;
}

#endif
