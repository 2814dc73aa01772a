// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "barrier.h"
#include "message.h"
#include "reader.h"
#include "record.h"

/* So much is copied at once; more than the longest record, so that each copy gets on. */
#define COPY_BYTES (1U << 17)

/* As often is a copy tried again that was overwritten whole, before the caller has a say. */
#define COPY_TRIES 16

struct faultline_reader {
	struct record_batch batch; /* the first: one is cast into the other */
	struct mapping_ring ring;
	uint64_t end;	     /* position of the batch's end */
	uint64_t head;	     /* up to which records are known to be there */
	unsigned char *copy; /* NULL: records are given in place */
	size_t copy_bytes;
	bool begun;   /* a record was copied: seq is known */
	bool jumped;  /* records were left out since then */
	uint32_t seq; /* of the record behind the newest one that was copied */
	uint64_t skipped;
	const char *error; /* what is wrong with the ring; NULL: nothing */
};

static struct faultline_reader *reader_of(struct record_batch *batch)
{
	return (struct faultline_reader *)batch;
}

uint64_t faultline_reader_position(const struct faultline_reader *reader)
{
	return reader->end - (reader->batch.batch.end - reader->batch.batch.next);
}

uint64_t faultline_reader_skipped(const struct faultline_reader *reader)
{
	return reader->skipped;
}

/* An empty batch at a position. */
static void stand_at(struct faultline_reader *reader, uint64_t position)
{
	reader->end = position;
	reader->batch.batch.next = reader->batch.batch.end;
}

int reader_error(const struct faultline_reader *reader)
{
	const char *error = reader->batch.malformed ? "a record's size" : reader->error;

	if (!error)
		return 0;
	return message_fail(-EPROTO, "the ring cannot be read on after byte %llu (%s)",
			    (unsigned long long)faultline_reader_position(reader), error);
}

static int fail(struct faultline_reader *reader, const char *error)
{
	stand_at(reader, faultline_reader_position(reader));
	reader->error = error;
	reader->batch.turn = NULL;
	return reader_error(reader);
}

/*
 * Loads head and tail and sees that they belong together: a head comes after the tail that made
 * room for it, so this tells a wrong ring from one that just moves on.
 */
static int look(struct faultline_reader *reader, uint64_t *tail)
{
	const struct fl_ring *ring = reader->ring.ring;
	uint64_t head = barrier_head(ring);

	*tail = barrier_none(&ring->tail);
	if (head % 8 || *tail % 8 || head < reader->head ||
	    (head > *tail && head - *tail > reader->ring.bytes))
		return fail(reader, "its head and tail");
	reader->head = head;
	return 0;
}

/* The next part in place: up to head or the ring's end. False at head. */
static bool turn_in_place(struct record_batch *batch)
{
	struct faultline_reader *reader = reader_of(batch);
	uint64_t offset = reader->end & (reader->ring.bytes - 1);
	uint64_t left = reader->head - reader->end;

	if (!left)
		return false;
	if (left > reader->ring.bytes - offset)
		left = reader->ring.bytes - offset;
	batch->batch.next = reader->ring.first + offset;
	batch->batch.end = batch->batch.next + left;
	reader->end += left;
	return true;
}

static int read_in_place(struct faultline_reader *reader)
{
	uint64_t tail, position = faultline_reader_position(reader);
	int err = look(reader, &tail);

	if (err)
		return err;
	if (position < tail)
		return fail(reader, "another reader consumed what this one had not read yet");
	if (position > reader->head)
		return fail(reader, "its head and tail");
	stand_at(reader, position);
	return turn_in_place(&reader->batch);
}

static void copy_out(struct faultline_reader *reader, uint64_t position, size_t bytes)
{
	uint64_t offset = position & (reader->ring.bytes - 1);
	size_t before_end = reader->ring.bytes - offset;

	if (before_end > bytes)
		before_end = bytes;
	memcpy(reader->copy, reader->ring.first + offset, before_end);
	memcpy(reader->copy + before_end, reader->ring.first, bytes - before_end);
}

/* Whether a record or pad that begins at position stays in front of the ring's end. */
static bool in_one_piece(const struct faultline_reader *reader, uint64_t position, size_t bytes)
{
	return (position & (reader->ring.bytes - 1)) + bytes <= reader->ring.bytes;
}

/* Sets seq to that of the first record in a part, and counts what was overwritten before it. */
static void note_first(struct faultline_reader *reader, uint32_t seq)
{
	if (reader->begun && reader->jumped)
		reader->skipped += (uint32_t)(seq - reader->seq);
	reader->begun = true;
	reader->jumped = false;
	reader->seq = seq;
}

/*
 * Makes the part of the copy behind @from the batch. It ends behind the last whole record: where
 * the copy ends before head, that may be in the middle of one.
 *
 * Return: whether there is a record, or -EPROTO.
 */
static int walk_copy(struct faultline_reader *reader, uint64_t position, size_t from, size_t bytes)
{
	bool cut = position + bytes < reader->head;
	size_t at = from, size;

	while (at < bytes) {
		const struct fl_record *record = (const void *)(reader->copy + at);

		if (cut && record->size > bytes - at)
			break;
		size = record_bytes(record, bytes - at);
		if (!size || !in_one_piece(reader, position + at, size))
			return fail(reader, "a record's size");
		if (record->type != FL_RECORD_PAD) {
			note_first(reader, record->seq);
			reader->seq++;
		}
		at += size;
	}
	reader->batch.batch.next = reader->copy + from;
	reader->batch.batch.end = reader->copy + at;
	reader->end = position + at;
	return at > from;
}

/* Records of the batch before that were not taken are read again: seq goes back to theirs. */
static void step_back(struct faultline_reader *reader)
{
	const struct faultline_batch *batch = &reader->batch.batch;

	if (batch->next < batch->end)
		reader->seq = ((const struct fl_record *)(const void *)batch->next)->seq;
}

static void jump_to(struct faultline_reader *reader, uint64_t tail)
{
	reader->jumped = true;
	stand_at(reader, tail);
}

/*
 * Copies what is behind the position, and uses what of the copy is behind the tail of afterwards.
 * -EAGAIN: that is no whole record.
 */
static int try_copy(struct faultline_reader *reader)
{
	uint64_t tail, position = faultline_reader_position(reader);
	size_t bytes = reader->copy_bytes;
	int err = look(reader, &tail);

	if (err)
		return err;
	if (position < tail) {
		jump_to(reader, tail);
		position = tail;
	}
	if (position >= reader->head)
		return 0;
	if (reader->head - position < bytes)
		bytes = reader->head - position;
	copy_out(reader, position, bytes);
	tail = barrier_tail_after_copy(reader->ring.ring);
	if (tail <= position)
		return walk_copy(reader, position, 0, bytes);
	jump_to(reader, tail);
	if (tail - position >= bytes)
		return -EAGAIN;
	err = walk_copy(reader, position, tail - position, bytes);
	return err ? err : -EAGAIN;
}

static int read_copy(struct faultline_reader *reader)
{
	int found = -EAGAIN;

	step_back(reader);
	stand_at(reader, faultline_reader_position(reader));
	for (int tries = 0; found == -EAGAIN && tries < COPY_TRIES; tries++)
		found = try_copy(reader);
	return found == -EAGAIN ? 0 : found;
}

int faultline_reader_read(struct faultline_reader *reader, struct faultline_batch **batch)
{
	int err = reader_error(reader);

	*batch = &reader->batch.batch;
	if (err)
		return err;
	return reader->copy ? read_copy(reader) : read_in_place(reader);
}

static struct faultline_reader *allocate(const struct mapping_ring *ring, bool copy)
{
	struct faultline_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->ring = *ring;
	if (!copy) {
		reader->batch.turn = turn_in_place;
		return reader;
	}
	reader->copy_bytes = ring->bytes < COPY_BYTES ? ring->bytes : COPY_BYTES;
	reader->copy = malloc(reader->copy_bytes);
	if (reader->copy)
		return reader;
	free(reader);
	return NULL;
}

int reader_new(const struct mapping *mapping, uint32_t ring, uint32_t flags,
	       struct faultline_reader **reader)
{
	struct faultline_reader *made;
	struct mapping_ring place;
	uint64_t tail;
	int err;

	err = mapping_ring(mapping, ring, &place);
	if (err)
		return err;
	made = allocate(&place, mapping->overwrite || flags & FAULTLINE_READER_COPY);
	if (!made)
		return message_fail(-ENOMEM, "no memory for a reader");
	err = look(made, &tail);
	if (err) {
		faultline_reader_close(made);
		return err;
	}
	stand_at(made, tail);
	made->begun = !tail; /* with record number 0 */
	*reader = made;
	return 0;
}

int faultline_reader_open(const void *mapping, size_t bytes, uint32_t ring, uint32_t flags,
			  struct faultline_reader **reader)
{
	struct mapping checked;
	int err;

	*reader = NULL;
	if (flags & ~FAULTLINE_READER_COPY)
		return message_fail(-EINVAL, "unknown flags for a reader: %#x", flags);
	err = mapping_check(&checked, mapping, bytes);
	return err ? err : reader_new(&checked, ring, flags, reader);
}

void faultline_reader_close(struct faultline_reader *reader)
{
	if (!reader)
		return;
	free(reader->copy);
	free(reader);
}
