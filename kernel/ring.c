// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "ring.h"

void fl_ring_init(struct fl_ring_writer *ring, struct fl_ring *shared, void *bytes, bool overwrite)
{
	*ring = (struct fl_ring_writer){
		.shared = shared,
		.bytes = bytes,
		.size = shared->bytes,
		.overwrite = overwrite,
		.kept = overwrite ? 0 : shared->bytes / FL_RING_KEPT,
		.room = shared->bytes,
	};
	raw_spin_lock_init(&ring->lock);
}

static struct fl_record *at(const struct fl_ring_writer *ring, u64 position)
{
	return (struct fl_record *)(ring->bytes + (position & (ring->size - 1)));
}

static void move_tail(struct fl_ring_writer *ring, u64 tail)
{
	ring->tail = tail;
	ring->room = tail + ring->size;
	WRITE_ONCE(ring->shared->tail, tail);
}

/* Gives up the oldest records until position @end can be written. */
static void drop_oldest(struct fl_ring_writer *ring, u64 end)
{
	u64 tail = ring->tail;

	while (tail + ring->size < end) {
		struct fl_record *oldest = at(ring, tail);

		if (oldest->type != FL_RECORD_PAD && tail >= ring->consumed)
			ring->overwritten++;
		tail += oldest->size;
	}
	move_tail(ring, tail);
	WRITE_ONCE(ring->shared->overwritten, ring->overwritten);
	/* Readers see that tail has moved before they see what is written there. Pairs with the
	 * read barrier between their copying of a record and their second look at tail.
	 */
	smp_wmb();
}

static bool make_room(struct fl_ring_writer *ring, u64 end)
{
	if (likely(end <= ring->room))
		return true;
	if (!ring->overwrite)
		return false;
	drop_oldest(ring, end);
	return true;
}

/* Moves head to where @size bytes are in one piece and free. Returns whether there is room. */
static bool find_place(struct fl_ring_writer *ring, u64 size)
{
	u64 left = ring->size - (ring->head & (ring->size - 1));
	u64 pad = left < size ? left : 0;
	struct fl_record *record;

	if (!make_room(ring, ring->head + pad + size))
		return false;
	if (pad) {
		record = at(ring, ring->head);
		record->type = FL_RECORD_PAD;
		record->size = pad;
		record->seq = ring->seq;
		ring->head += pad;
	}
	return true;
}

/* The next record, or NULL if there is no room. */
static struct fl_record *place(struct fl_ring_writer *ring, u16 type, u16 size, u64 time_ns)
{
	struct fl_record *record;

	if (!find_place(ring, size))
		return NULL;
	record = at(ring, ring->head);
	record->type = type;
	record->size = size;
	record->seq = ring->seq++;
	record->time_ns = time_ns;
	ring->head += size;
	return record;
}

/*
 * What is lost since the last time comes first, or nothing does: whether the next may come. Only
 * when there is room for both, of which each may need a pad.
 */
static bool tell_lost(struct fl_ring_writer *ring, u16 next, u64 time_ns)
{
	struct fl_lost *lost;

	if (likely(ring->lost == ring->told_lost && !ring->unfollowed))
		return true;
	if (!ring->overwrite &&
	    ring->room - ring->head < sizeof(*lost) + next + FL_RECORD_MAX_BYTES)
		return false;
	lost = (struct fl_lost *)place(ring, FL_RECORD_LOST, sizeof(*lost), time_ns);
	if (!lost)
		return false;
	lost->records = ring->lost - ring->told_lost;
	lost->unfollowed = ring->unfollowed;
	ring->told_lost = ring->lost;
	ring->unfollowed = 0;
	return true;
}

static void *lose(struct fl_ring_writer *ring)
{
	ring->seq++;
	ring->lost++;
	WRITE_ONCE(ring->shared->lost, ring->lost);
	return NULL;
}

void *fl_ring_reserve(struct fl_ring_writer *ring, u16 type, u16 size, u64 time_ns)
{
	struct fl_record *record;

	record = tell_lost(ring, size, time_ns) ? place(ring, type, size, time_ns) : NULL;
	return record ?: lose(ring);
}

/* Whether one record more, with all that may come before it, leaves alone what is kept. */
static bool is_roomy(const struct fl_ring_writer *ring, u16 size)
{
	return ring->overwrite ||
	       ring->head + size + sizeof(struct fl_lost) + FL_RECORD_MAX_BYTES + ring->kept <=
		       ring->room;
}

/* How many fit without going round the ring's end or, if old ones do not make way, over them. */
static unsigned int fit(const struct fl_ring_writer *ring, u16 size, unsigned int max)
{
	u64 left = ring->size - (ring->head & (ring->size - 1));

	if (!ring->overwrite)
		left = min(left, ring->room - ring->kept - ring->head);
	return clamp_t(u64, div_u64(left, size), 1, max);
}

void *fl_ring_begin_run(struct fl_ring_writer *ring, u16 size, unsigned int max,
			unsigned int *count, u64 time_ns)
{
	if (!is_roomy(ring, size) || !tell_lost(ring, size, time_ns) || !find_place(ring, size))
		return lose(ring);
	*count = fit(ring, size, max);
	/* In a tiny ring what makes way is not to be what was just written. */
	*count = clamp_t(u64, ring->size / 4 / size, 1, *count);
	make_room(ring, ring->head + *count * size);
	return at(ring, ring->head);
}

void fl_ring_end_run(struct fl_ring_writer *ring, u16 size, unsigned int count)
{
	ring->head += count * size;
	ring->seq += count;
}

void fl_ring_commit(struct fl_ring_writer *ring)
{
	WRITE_ONCE(ring->shared->records, ring->seq - ring->lost);
	/* Pairs with the acquire load of the readers: they see what is before head. */
	smp_store_release(&ring->shared->head, ring->head);
}

void fl_ring_add_unfollowed(struct fl_ring_writer *ring)
{
	ring->unfollowed++;
}

int fl_ring_consume(struct fl_ring_writer *ring, u64 position)
{
	unsigned long flags;
	int err = -EINVAL;

	raw_spin_lock_irqsave(&ring->lock, flags);
	if (position >= ring->consumed && position <= ring->head && !(position % 8)) {
		ring->consumed = position;
		WRITE_ONCE(ring->shared->consumed, position);
		/* What may be overwritten anyway ends where a whole record begins. */
		if (!ring->overwrite)
			move_tail(ring, position);
		err = 0;
	}
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	return err;
}

u64 fl_ring_unread(const struct fl_ring_writer *ring)
{
	u64 read = max(READ_ONCE(ring->consumed), READ_ONCE(ring->tail));
	u64 head = READ_ONCE(ring->head);

	return head > read ? head - read : 0;
}
