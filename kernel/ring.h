/* SPDX-License-Identifier: GPL-2.0 */
/* Writes records into a ring that user space maps for reading. */
#ifndef FL_RING_H
#define FL_RING_H

#include <linux/spinlock.h>
#include <linux/types.h>

#include "faultline.h"

/*
 * The writing side. User space only ever reads the descriptor and the bytes, so what is there is
 * what we wrote; but it is written, not read: what is needed again is kept here.
 */
struct fl_ring_writer {
	raw_spinlock_t lock; /* all that follows; any context but where a run queue is locked */
	struct fl_ring *shared;
	u8 *bytes;
	u64 size; /* of the ring, a power of two */
	bool overwrite;
	u64 kept;		  /* bytes that are not for samples */
	u64 seq;		  /* of the next record */
	u64 head, tail, consumed; /* positions, as in struct fl_ring */
	u64 room;		  /* up to this position may be written without making room */
	u64 lost, overwritten;
	u64 unfollowed; /* to be told with the next FL_RECORD_LOST */
	u64 told_lost;	/* lost, when that was last told */
};

/**
 * fl_ring_init - an empty ring
 * @ring: the writer
 * @shared: its descriptor, all zero but for what never changes
 * @bytes: the ring itself, of shared->bytes
 * @overwrite: whether old records make way
 */
void fl_ring_init(struct fl_ring_writer *ring, struct fl_ring *shared, void *bytes, bool overwrite);

/** fl_ring_lock - begin to write; interrupts are off until fl_ring_unlock() */
#define fl_ring_lock(ring, flags) raw_spin_lock_irqsave(&(ring)->lock, flags)

/** fl_ring_unlock - readers see what was written since fl_ring_lock() */
#define fl_ring_unlock(ring, flags)                               \
	do {                                                      \
		fl_ring_commit(ring);                             \
		raw_spin_unlock_irqrestore(&(ring)->lock, flags); \
	} while (0)

/**
 * fl_ring_reserve - the next record, with its header filled
 * @ring: locked
 * @type: enum fl_record_type
 * @size: of the record, a multiple of 8, FL_RECORD_MAX_BYTES at most
 * @time_ns: its time
 *
 * Return: where to write what is behind the header, all of it; NULL if there is no room: then the
 * record is lost, and counted.
 */
void *fl_ring_reserve(struct fl_ring_writer *ring, u16 type, u16 size, u64 time_ns);

/**
 * fl_ring_begin_run - room for records of one size, one behind the other
 * @ring: locked
 * @size: of each, a multiple of 8, FL_RECORD_MAX_BYTES at most
 * @max: how many are wanted, not more than a quarter of the ring
 * @count: for how many there is room, at least 1
 * @time_ns: of the record that tells of lost ones, if that is due
 *
 * For samples: when the ring fills up, a part of it is kept for all other records, as what those
 * say is not said again. The caller writes them, headers included; their sequence numbers go on
 * from ring->seq.
 *
 * Return: where; NULL if there is no room for one: then one is lost, and counted.
 */
void *fl_ring_begin_run(struct fl_ring_writer *ring, u16 size, unsigned int max,
			unsigned int *count, u64 time_ns);

/** fl_ring_end_run - @count records of @size were written where fl_ring_begin_run() said */
void fl_ring_end_run(struct fl_ring_writer *ring, u16 size, unsigned int count);

/** fl_ring_commit - readers may see what was reserved; locked */
void fl_ring_commit(struct fl_ring_writer *ring);

/** fl_ring_add_unfollowed - a process is not followed for want of memory; locked */
void fl_ring_add_unfollowed(struct fl_ring_writer *ring);

/** fl_ring_consume - as FL_IOC_CONSUME; takes the lock. Return: 0 or -EINVAL */
int fl_ring_consume(struct fl_ring_writer *ring, u64 position);

/** fl_ring_unread - bytes that are not consumed; a moment's answer, any context */
u64 fl_ring_unread(const struct fl_ring_writer *ring);

#endif
