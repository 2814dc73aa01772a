/* SPDX-License-Identifier: MIT */
/* A small recording in a file of ours, as bytes, so that tests can spoil every one of them. */
#ifndef FL_RECORDING_FILE_H
#define FL_RECORDING_FILE_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "fake_mapping.h"
#include "libfaultline_recording.h"
#include "recording_format.h"

#define FILE_MAX 8192 /* bytes of the files here */

static char file_folder[] = "/tmp/test_recording.XXXXXX";
static char file_path[sizeof(file_folder) + 8];

static inline int file_make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(file_folder))
		return -1;
	memcpy(file_path, file_folder, sizeof(file_folder));
	memcpy(file_path + sizeof(file_folder) - 1, "/it", 4);
	return 0;
}

static inline int file_remove_folder(void **state)
{
	(void)state;
	unlink(file_path);
	return rmdir(file_folder);
}

static inline int file_remove(void **state)
{
	(void)state;
	unlink(file_path);
	return 0;
}

/* The file's bytes, of which there are FILE_MAX at most; how many. */
static inline size_t file_load(unsigned char *bytes)
{
	int fd = open(file_path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	assert_true(fd >= 0);
	got = read(fd, bytes, FILE_MAX);
	close(fd);
	assert_in_range(got, 0, FILE_MAX - 1);
	return (size_t)got;
}

/* A new file each time: to empty the old one makes some file systems wait for the disk. */
static inline void file_store(const void *bytes, size_t count)
{
	int fd;

	unlink(file_path);
	fd = open(file_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, count), count);
	close(fd);
}

/* Adds records number first to last. */
static inline void file_add(struct faultline_writer *writer, uint32_t first, uint32_t last)
{
	uint64_t record[sizeof(struct fl_sample) / sizeof(uint64_t)];

	for (uint32_t seq = first; seq <= last; seq++) {
		fake_fill(record, FL_RECORD_SAMPLE, sizeof(record), seq);
		assert_int_equal(faultline_writer_add(writer, (void *)record), 0);
	}
}

/* A segment with the records 0 to 2 in one block, 3 and 4 in another, and an end. */
static inline void file_write_small(uint32_t flags)
{
	const struct faultline_figures figures = { .size = sizeof(figures), .lost = 5 };
	struct faultline_writer *writer;

	assert_int_equal(faultline_writer_open(file_path, flags, NULL, &writer), 0);
	file_add(writer, 0, 2);
	assert_int_equal(faultline_writer_flush(writer, false), 0);
	file_add(writer, 3, 4);
	assert_int_equal(faultline_writer_close(writer, &figures), 0);
}

/* A block in bytes, and where the next one is. */
static inline struct recording_block *file_block(unsigned char *bytes, size_t *at)
{
	struct recording_block *block = (void *)(bytes + *at);

	*at += sizeof(*block) + block->length;
	return block;
}

/* Makes the CRC of a block right again. */
static inline void file_seal(struct recording_block *block)
{
	block->crc = crc32(0, (void *)block, offsetof(struct recording_block, crc));
	block->crc = crc32(block->crc, (void *)(block + 1), block->length);
}

/* What a reader made of the file. */
struct seen {
	int opened;	 /* what opening it said */
	uint32_t errors; /* -EBADMSG */
	uint32_t ends;
	uint32_t end_size; /* of the last one */
	uint64_t records;  /* all as they were written, in order, some may be missing */
	struct faultline_state state;
};

static inline uint32_t file_see_batch(struct faultline_batch *batch, uint32_t *next)
{
	const struct fl_record *record;
	uint32_t count = 0;

	for (; (record = faultline_next(batch)); count++) {
		assert_true(record->seq >= *next || !record->seq);
		assert_true(fake_is(record, record->seq));
		*next = record->seq + 1;
	}
	return count;
}

static inline struct seen file_see(void)
{
	struct seen seen = { .state = { .size = sizeof(seen.state) } };
	struct faultline_recording *recording;
	struct faultline_batch *batch;
	uint32_t next = 0;
	int part;

	seen.opened = faultline_recording_open(file_path, &recording);
	if (seen.opened)
		return seen;
	while ((part = faultline_recording_read(recording, &batch))) {
		assert_true(part > 0 || part == -EBADMSG);
		seen.errors += part < 0;
		seen.ends += part == FAULTLINE_PART_END;
		if (part == FAULTLINE_PART_END)
			seen.end_size = faultline_recording_end(recording)->size;
		if (part == FAULTLINE_PART_RECORDS)
			seen.records += file_see_batch(batch, &next);
	}
	assert_int_equal(faultline_recording_read(recording, &batch), 0);
	assert_int_equal(faultline_recording_state(recording, &seen.state), 0);
	assert_int_equal(seen.state.records, seen.records);
	faultline_recording_close(recording);
	return seen;
}

#endif
