// SPDX-License-Identifier: MIT
#include "queue.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 16384

static bool make_room(struct queue *queue, size_t size)
{
	size_t room = queue->room ? queue->room : FIRST_BYTES;
	unsigned char *bytes;

	while (room < queue->used + size)
		room *= 2;
	if (room == queue->room)
		return true;
	bytes = realloc(queue->bytes, room);
	if (!bytes)
		return false;
	queue->bytes = bytes;
	queue->room = room;
	return true;
}

static void put(struct queue *queue, uint16_t type, void *data, size_t size)
{
	struct fl_record *record = data;

	if (!make_room(queue, size)) {
		queue_lose(queue, 1, 0);
		return;
	}
	*record = (struct fl_record){
		.type = type, .size = size, .seq = queue->seq++, .time_ns = queue->time_ns
	};
	memcpy(queue->bytes + queue->used, data, size);
	queue->used += size;
	queue->records++;
}

static void tell_lost(struct queue *queue)
{
	struct fl_lost lost = {
		.records = queue->lost - queue->told_lost,
		.unfollowed = queue->unfollowed - queue->told_unfollowed,
	};

	if (!lost.records && !lost.unfollowed)
		return;
	if (!make_room(queue, sizeof(lost)))
		return;
	put(queue, FL_RECORD_LOST, &lost, sizeof(lost));
	queue->told_lost += lost.records;
	queue->told_unfollowed += lost.unfollowed;
}

void queue_add(struct queue *queue, uint16_t type, uint64_t time_ns, void *record, size_t size)
{
	if (time_ns > queue->time_ns)
		queue->time_ns = time_ns;
	tell_lost(queue);
	put(queue, type, record, size);
}

void queue_lose(struct queue *queue, uint64_t records, uint64_t processes)
{
	queue->lost += records;
	queue->seq += records;
	queue->unfollowed += processes;
}

bool queue_empty(const struct queue *queue)
{
	return queue->next == queue->used;
}

const struct fl_record *queue_next(struct queue *queue)
{
	const struct fl_record *record;

	if (queue_empty(queue)) {
		queue->next = queue->used = 0;
		return NULL;
	}
	record = (const void *)(queue->bytes + queue->next);
	queue->next += record->size;
	return record;
}

void queue_free(struct queue *queue)
{
	free(queue->bytes);
	*queue = (struct queue){ 0 };
}
