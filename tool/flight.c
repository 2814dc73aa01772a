// SPDX-License-Identifier: MIT
#include "flight.h"

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 65536

/* Records in a row; those before `from` are forgotten. */
struct block {
	struct block *next; /* newer */
	size_t from;
	size_t to;
	_Alignas(8) unsigned char bytes[BLOCK_BYTES];
};

/* A process that was alive when the window began: what is needed of what was forgotten. */
struct target {
	uint32_t id;
	bool executed;
	bool sampled;
	struct fl_join join;
	struct fl_exec exec;
	struct fl_sample sample;
};

struct flight {
	uint64_t window_ns;
	uint64_t newest_ns;
	bool forgot; /* something */
	struct block *oldest;
	struct block *newest;
	size_t bytes;
	size_t number; /* of targets */
	void *targets;
};

struct flight *flight_new(uint64_t window_ns)
{
	struct flight *flight = calloc(1, sizeof(*flight));

	if (flight)
		flight->window_ns = window_ns;
	return flight;
}

void flight_free(struct flight *flight)
{
	struct block *next;

	if (!flight)
		return;
	for (struct block *block = flight->oldest; block; block = next) {
		next = block->next;
		free(block);
	}
	tdestroy(flight->targets, free);
	free(flight);
}

static int compare(const void *a, const void *b)
{
	const struct target *left = a;
	const struct target *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

static struct target *find(const struct flight *flight, uint32_t id)
{
	const struct target key = { .id = id };
	struct target **node = tfind(&key, &flight->targets, compare);

	return node ? *node : NULL;
}

static void drop(struct flight *flight, uint32_t id)
{
	struct target *target = find(flight, id);

	if (!target)
		return;
	tdelete(target, &flight->targets, compare);
	free(target);
	flight->number--;
}

static int keep_join(struct flight *flight, const struct fl_join *join)
{
	struct target *fresh;

	drop(flight, join->target);
	fresh = calloc(1, sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	fresh->id = join->target;
	fresh->join = *join;
	fresh->join.record.size = sizeof(*join);
	if (!tsearch(fresh, &flight->targets, compare)) {
		free(fresh);
		return -ENOMEM;
	}
	flight->number++;
	return 0;
}

/* The record as its own struct; its type was looked at. */
#define AS(type) ((const struct type *)(const void *)record)

/* A record leaves the window: keep what is needed of it. */
static int forget(struct flight *flight, const struct fl_record *record)
{
	struct target *target;

	switch (record->type) {
	case FL_RECORD_TARGET:
	case FL_RECORD_FORK:
		return keep_join(flight, AS(fl_join));
	case FL_RECORD_EXEC:
		target = find(flight, AS(fl_exec)->target);
		if (!target)
			return 0;
		target->exec = *AS(fl_exec);
		target->exec.record.size = sizeof(target->exec);
		target->executed = true;
		return 0;
	case FL_RECORD_SAMPLE:
		target = find(flight, AS(fl_sample)->target);
		if (!target)
			return 0;
		target->sample = *AS(fl_sample);
		target->sample.record.size = sizeof(target->sample);
		target->sampled = true;
		return 0;
	case FL_RECORD_EXIT:
		drop(flight, AS(fl_exit)->target);
		return 0;
	case FL_RECORD_LEFT:
		drop(flight, AS(fl_left)->target);
		return 0;
	default:
		return 0;
	}
}

uint64_t flight_begin_ns(const struct flight *flight)
{
	return flight->forgot ? flight->newest_ns - flight->window_ns : 0;
}

size_t flight_bytes(const struct flight *flight)
{
	return flight->bytes;
}

static const struct fl_record *record_at(const struct block *block, size_t at)
{
	return (const struct fl_record *)(const void *)(block->bytes + at);
}

static int forget_old(struct flight *flight)
{
	struct block *block;
	uint64_t begin_ns;
	int error;

	if (flight->newest_ns < flight->window_ns)
		return 0;
	begin_ns = flight->newest_ns - flight->window_ns;
	while ((block = flight->oldest)) {
		const struct fl_record *record = record_at(block, block->from);

		if (block->from < block->to) {
			if (record->time_ns >= begin_ns)
				return 0;
			error = forget(flight, record);
			if (error)
				return error;
			flight->forgot = true;
			flight->bytes -= record->size;
			block->from += record->size;
		} else if (block->next) {
			flight->oldest = block->next;
			free(block);
		} else {
			block->from = block->to = 0;
			return 0;
		}
	}
	return 0;
}

static int need_room(struct flight *flight, size_t bytes)
{
	struct block *block = flight->newest;

	if (block && BLOCK_BYTES - block->to >= bytes)
		return 0;
	block = malloc(sizeof(*block));
	if (!block)
		return -ENOMEM;
	block->next = NULL;
	block->from = block->to = 0;
	if (flight->newest)
		flight->newest->next = block;
	else
		flight->oldest = block;
	flight->newest = block;
	return 0;
}

int flight_add(struct flight *flight, const struct fl_record *record)
{
	struct block *block;
	int error;

	if (record->type == FL_RECORD_PAD)
		return 0;
	error = need_room(flight, record->size);
	if (error)
		return error;
	block = flight->newest;
	memcpy(block->bytes + block->to, record, record->size);
	block->to += record->size;
	flight->bytes += record->size;
	if (record->time_ns > flight->newest_ns)
		flight->newest_ns = record->time_ns;
	return forget_old(flight);
}

/* What is kept of targets, while it is collected. */
struct kept {
	const struct fl_record *record;
};

struct list {
	struct kept *kept;
	size_t number;
};

static void collect(const void *node, VISIT visit, void *context)
{
	const struct target *target = *(struct target *const *)node;
	struct list *list = context;

	if (visit != postorder && visit != leaf)
		return;
	list->kept[list->number++].record = &target->join.record;
	if (target->executed)
		list->kept[list->number++].record = &target->exec.record;
	if (target->sampled)
		list->kept[list->number++].record = &target->sample.record;
}

/* All that told of processes come first: samples have the time at which their pass began. */
static int rank(const struct fl_record *record)
{
	return record->type == FL_RECORD_TARGET || record->type == FL_RECORD_FORK ? 0 : 1;
}

static int in_order(const void *a, const void *b)
{
	const struct fl_record *left = ((const struct kept *)a)->record;
	const struct fl_record *right = ((const struct kept *)b)->record;

	if (rank(left) != rank(right))
		return rank(left) - rank(right);
	if (left->time_ns != right->time_ns)
		return left->time_ns < right->time_ns ? -1 : 1;
	return (left->seq > right->seq) - (left->seq < right->seq);
}

struct output {
	int (*take)(void *context, const struct fl_record *record);
	void *context;
	uint32_t seq;
};

static int give(struct output *output, const struct fl_record *record)
{
	_Alignas(8) unsigned char copy[UINT16_MAX];
	struct fl_record *numbered = (struct fl_record *)(void *)copy;

	memcpy(copy, record, record->size);
	numbered->seq = output->seq++;
	return output->take(output->context, numbered);
}

static int give_targets(const struct flight *flight, struct output *output)
{
	struct list list = { .number = 0 };
	int error = 0;

	if (!flight->number)
		return 0;
	list.kept = calloc(flight->number * 3, sizeof(*list.kept));
	if (!list.kept)
		return -ENOMEM;
	twalk_r(flight->targets, collect, &list);
	qsort(list.kept, list.number, sizeof(*list.kept), in_order);
	for (size_t i = 0; !error && i < list.number; i++)
		error = give(output, list.kept[i].record);
	free(list.kept);
	return error;
}

int flight_write(const struct flight *flight,
		 int (*take)(void *context, const struct fl_record *record), void *context)
{
	struct output output = { take, context, 0 };
	int error;

	error = give_targets(flight, &output);
	for (const struct block *block = flight->oldest; block; block = block->next)
		for (size_t at = block->from; !error && at < block->to;
		     at += record_at(block, at)->size)
			error = give(&output, record_at(block, at));
	return error;
}
