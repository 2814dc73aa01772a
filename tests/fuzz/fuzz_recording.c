// SPDX-License-Identifier: MIT
/*
 * Reads whatever it is given as a recording, and appends to it: no input may crash a reader, make
 * it read where it must not, or give what is no record. The CRCs of blocks that look whole are made
 * right first, or hardly an input would get beyond them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "libfaultline_recording.h"
#include "recording_format.h"
#include "walk.h"

static void make_right(unsigned char *bytes, size_t count)
{
	struct recording_block *block;

	for (size_t at = 0; at + sizeof(*block) <= count; at += sizeof(*block) + block->length) {
		block = (void *)(bytes + at);
		if (block->length > count - at - sizeof(*block) || block->length % 8)
			return;
		if (block->crc % 16 == 0) /* a few stay wrong */
			continue;
		block->crc = crc32(0, (void *)block, offsetof(struct recording_block, crc));
		block->crc = crc32(block->crc, (void *)(block + 1), block->length);
	}
}

/* The strings of a segment end within it. */
static void look_at_segment(const struct faultline_segment *segment)
{
	walk_sum += strlen(segment->node) + strlen(segment->machine) + strlen(segment->kernel) +
		    strlen(segment->source_version) + strlen(segment->blind) +
		    strlen(segment->command);
}

static uint64_t read_all(const char *path)
{
	struct faultline_state state = { .size = sizeof(state) };
	struct faultline_recording *recording;
	struct faultline_batch *batch;
	uint64_t records = 0;

	if (faultline_recording_open(path, &recording))
		return 0;
	while (faultline_recording_read(recording, &batch)) {
		look_at_segment(faultline_recording_segment(recording));
		records += walk_batch(batch);
	}
	faultline_recording_state(recording, &state);
	if (state.records != records)
		abort();
	faultline_recording_close(recording);
	return records;
}

/* What was there before is there after, and one more. */
static void append(const char *path, uint64_t before)
{
	const struct fl_missed missed = { .record = { .type = FL_RECORD_MISSED,
						      .size = sizeof(missed) } };
	struct faultline_writer *writer;

	if (faultline_writer_open(path, FAULTLINE_WRITER_APPEND, NULL, &writer))
		return;
	if (faultline_writer_add(writer, &missed.record) || faultline_writer_close(writer, NULL) ||
	    read_all(path) != before + 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char *bytes;
	static char path[32];
	static int file = -1;

	if (file < 0) {
		file = memfd_create("recording", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	}
	bytes = malloc(size + 1);
	if (!bytes)
		abort();
	memcpy(bytes, data, size);
	make_right(bytes, size);
	if (ftruncate(file, 0) || pwrite(file, bytes, size, 0) != (ssize_t)size)
		abort();
	free(bytes);
	append(path, read_all(path));
	return 0;
}
