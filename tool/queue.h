/* SPDX-License-Identifier: MIT */
/*
 * Records that a stand-in for the module made and that nobody has read yet: as they would be in a
 * ring, with its sequence numbers, but in memory that grows.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "faultline.h"

struct queue {
	unsigned char *bytes;
	size_t used;
	size_t room;
	size_t next; /* offset of the next one to be read */
	uint32_t seq;
	uint64_t records;
	uint64_t lost;	     /* for want of memory or, by queue_lose(), elsewhere */
	uint64_t unfollowed; /* processes, by queue_lose() */
	uint64_t told_lost;  /* how many of these a record told of */
	uint64_t told_unfollowed;
	uint64_t time_ns; /* of the newest: it never goes back */
};

/**
 * queue_add - put a record behind the others; header and reserved fields are filled here
 * @record: begins with a struct fl_record; @size bytes
 *
 * One for which there is no memory is lost, which the next one that fits tells of. What was read
 * moves: a record that queue_next() gave is no longer valid.
 */
void queue_add(struct queue *queue, uint16_t type, uint64_t time_ns, void *record, size_t size);

/** queue_lose - so many records, and processes, were lost before they came here */
void queue_lose(struct queue *queue, uint64_t records, uint64_t processes);

/** queue_next - the next one, or NULL: all were read, and the room is free for new ones */
const struct fl_record *queue_next(struct queue *queue);

/** queue_empty - was all of it read? */
bool queue_empty(const struct queue *queue);

/** queue_free - free its memory; fine when zeroed */
void queue_free(struct queue *queue);

#endif
