// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libfaultline_recording.h"
#include "message.h"
#include "options.h"
#include "record.h"
#include "recording_block.h"
#include "recording_segment.h"

struct faultline_recording {
	struct block_file file;
	uint64_t position; /* of the next block */
	struct block block;
	struct block beginning; /* of the segment: its strings are there */
	struct faultline_segment segment;
	bool stray;	  /* blocks of no known segment are being left out */
	bool ended, over; /* the segment; the recording */
	uint64_t records; /* of the segment */
	struct faultline_end end;
	struct record_batch batch;
	struct faultline_state state;
};

/* Counts a part that is left out. */
static int leave_out(struct faultline_recording *recording, uint64_t bytes)
{
	recording->state.damaged++;
	recording->state.damaged_bytes += bytes;
	return message_fail(-EBADMSG, "the recording is damaged at byte %llu: %llu bytes left out",
			    (unsigned long long)(recording->position - bytes),
			    (unsigned long long)bytes);
}

static int leave_out_block(struct faultline_recording *recording)
{
	return leave_out(recording, block_bytes(&recording->block));
}

static void finish_segment(struct faultline_recording *recording)
{
	const bool whole = recording->ended && recording->end.records == recording->records;

	if (recording->state.segments && !whole)
		recording->state.unfinished++;
}

static int begin_segment(struct faultline_recording *recording)
{
	struct block before = recording->beginning;
	struct faultline_segment segment;
	int err =
		segment_unpack(&segment, recording->block.payload, recording->block.header.length);

	if (err)
		return err == -EBADMSG ? leave_out_block(recording) : err;
	finish_segment(recording);
	recording->beginning = recording->block;
	recording->block = before;
	recording->segment = segment;
	recording->stray = recording->ended = false;
	recording->records = 0;
	recording->state.segments++;
	return FAULTLINE_PART_SEGMENT;
}

/* How many records there are in a block, or -EBADMSG. */
static int count_records(const struct block *block, uint64_t *records)
{
	size_t at = 0, bytes;

	for (*records = 0; at < block->header.length; at += bytes) {
		const struct fl_record *record = (const void *)(block->payload + at);

		bytes = record_bytes(record, block->header.length - at);
		if (!bytes)
			return -EBADMSG;
		*records += record->type != FL_RECORD_PAD;
	}
	return 0;
}

static int give_records(struct faultline_recording *recording)
{
	const struct block *block = &recording->block;
	uint64_t records;

	if (count_records(block, &records))
		return leave_out_block(recording);
	recording->records += records;
	recording->state.records += records;
	recording->batch.batch.next = block->payload;
	recording->batch.batch.end = block->payload + block->header.length;
	return FAULTLINE_PART_RECORDS;
}

static int end_segment(struct faultline_recording *recording)
{
	struct faultline_end end = { 0 };
	uint32_t bytes = recording->block.header.length;

	if (bytes < sizeof(end))
		return leave_out_block(recording);
	memcpy(&end, recording->block.payload, sizeof(end));
	if (end.size < sizeof(end) || end.size > bytes)
		return leave_out_block(recording);
	end.size = sizeof(end);
	recording->end = end;
	recording->ended = true;
	return FAULTLINE_PART_END;
}

/* A block that belongs to no segment that is known: only the first in a row is told of. */
static int leave_out_stray(struct faultline_recording *recording)
{
	if (!recording->stray) {
		recording->stray = true;
		return leave_out_block(recording);
	}
	recording->state.damaged_bytes += block_bytes(&recording->block);
	return 0;
}

/* Return: enum faultline_part, 0 if there is nothing to tell of this block, or -errno. */
static int take_block(struct faultline_recording *recording)
{
	const struct recording_block *header = &recording->block.header;

	if (header->kind == RECORDING_SEGMENT)
		return begin_segment(recording);
	if (header->kind != RECORDING_RECORDS && header->kind != RECORDING_END)
		return 0;
	if (recording->ended || header->segment != recording->beginning.header.segment)
		return leave_out_stray(recording);
	return header->kind == RECORDING_RECORDS ? give_records(recording) : end_segment(recording);
}

/* There is no whole block here: damage if there is one behind, else the end of the recording. */
static int find_next(struct faultline_recording *recording)
{
	uint64_t at = recording->position, bytes;
	int found = block_find(&recording->file, &at, &recording->block);

	if (found < 0)
		return found;
	if (found) {
		bytes = at - recording->position;
		recording->position = at;
		return leave_out(recording, bytes);
	}
	recording->state.ignored_bytes = recording->file.bytes - recording->position;
	recording->over = true;
	finish_segment(recording);
	return FAULTLINE_PART_NONE;
}

int faultline_recording_read(struct faultline_recording *recording, struct faultline_batch **batch)
{
	int found, part = 0;

	*batch = &recording->batch.batch;
	recording->batch.batch.next = recording->batch.batch.end;
	while (!part && !recording->over) {
		found = block_read(&recording->file, recording->position, &recording->block);
		if (found < 0)
			return found;
		if (!found)
			return find_next(recording);
		recording->position += block_bytes(&recording->block);
		part = take_block(recording);
	}
	return part;
}

/* Reads what the first segment begins with, without moving on. */
static int read_first(struct faultline_recording *recording, const char *path)
{
	uint64_t at = 0;
	int found = block_read(&recording->file, 0, &recording->beginning);

	if (!found) {
		found = block_find(&recording->file, &at, &recording->beginning);
		if (!found)
			return message_fail(-ENODATA, "%s: ends before anything was recorded",
					    path);
	}
	if (found < 0)
		return found;
	if (at || recording->beginning.header.kind != RECORDING_SEGMENT)
		return message_fail(-EBADMSG,
				    "%s: is damaged where it begins, so that its records "
				    "cannot be understood",
				    path);
	return segment_unpack(&recording->segment, recording->beginning.payload,
			      recording->beginning.header.length);
}

int faultline_recording_open(const char *path, struct faultline_recording **recording)
{
	struct faultline_recording *made;
	int err;

	*recording = NULL;
	made = calloc(1, sizeof(*made));
	if (!made)
		return message_fail(-ENOMEM, "no memory to read a recording");
	err = block_open(&made->file, path, O_RDONLY);
	if (err) {
		free(made);
		return err;
	}
	err = block_first(&made->file, path);
	if (!err)
		err = read_first(made, path);
	if (err) {
		faultline_recording_close(made);
		return err;
	}
	*recording = made;
	return 0;
}

void faultline_recording_close(struct faultline_recording *recording)
{
	if (!recording)
		return;
	close(recording->file.fd);
	block_free(&recording->block);
	block_free(&recording->beginning);
	free(recording);
}

const struct faultline_segment *
faultline_recording_segment(const struct faultline_recording *recording)
{
	return &recording->segment;
}

const struct faultline_end *faultline_recording_end(const struct faultline_recording *recording)
{
	return recording->ended ? &recording->end : NULL;
}

int faultline_recording_state(const struct faultline_recording *recording,
			      struct faultline_state *state)
{
	return options_give(state, sizeof(*state), &recording->state, sizeof(*state));
}
