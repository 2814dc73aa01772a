// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libfaultline_recording.h"
#include "message.h"
#include "options.h"
#include "record.h"
#include "recording_block.h"
#include "recording_segment.h"

#define BUFFER_BYTES 65536 /* the longest record fits */

struct faultline_writer {
	struct block_file file;
	uint64_t position; /* of the next block */
	uint16_t segment;
	uint64_t cut;
	uint64_t records; /* taken, in this segment */
	uint64_t cpu_before_ns;
	size_t used; /* of the buffer */
	unsigned char buffer[BUFFER_BYTES];
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time = { 0 };

	clock_gettime(clock, &time);
	return time.tv_sec * UINT64_C(1000000000) + time.tv_nsec;
}

/* Opens the file, and tells whether it was made just now. */
static int open_file(struct block_file *file, const char *path, uint32_t flags, bool *made)
{
	int err = block_open(file, path, O_RDWR | O_CREAT | O_EXCL);

	*made = !err;
	if (err != -EEXIST)
		return err;
	if (!flags)
		return message_fail(-EEXIST,
				    "%s: is there already: append to it, replace it, or "
				    "record into another file",
				    path);
	return block_open(file, path, O_RDWR);
}

/* Nobody else writes it from now on: how long it is now stays true. */
static int lock_file(struct block_file *file, const char *path)
{
	struct stat about;

	if (flock(file->fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK
			       ? message_fail(-EBUSY, "%s: somebody records into it", path)
			       : message_fail_at(-errno, path);
	if (fstat(file->fd, &about))
		return message_fail_at(-errno, path);
	file->bytes = about.st_size;
	return 0;
}

/* What cannot be read is not appended to, either. */
static int check_first(const struct block *block, const char *path)
{
	struct faultline_segment segment;

	if (block->header.kind != RECORDING_SEGMENT)
		return message_fail(-EBADMSG, "%s: is damaged where it begins", path);
	return segment_unpack(&segment, block->payload, block->header.length);
}

/* Position and segment behind all whole blocks; refuses a file that is damaged before its end. */
static int verify(struct faultline_writer *writer, const char *path)
{
	struct block block = { 0 };
	uint64_t behind;
	int found;

	while ((found = block_read(&writer->file, writer->position, &block)) > 0) {
		int err = writer->position ? 0 : check_first(&block, path);

		if (err) {
			block_free(&block);
			return err;
		}
		writer->position += block_bytes(&block);
		writer->segment = block.header.segment;
	}
	behind = writer->position;
	if (!found)
		found = block_find(&writer->file, &behind, &block);
	block_free(&block);
	if (found < 0)
		return found;
	if (found)
		return message_fail(-EBADMSG,
				    "%s: is damaged at byte %llu: record into another file", path,
				    (unsigned long long)writer->position);
	if (!writer->position)
		return 0;
	if (writer->segment == RECORDING_SEGMENTS_MAX - 1)
		return message_fail(-EFBIG, "%s: is full: record into another file", path);
	writer->segment++;
	return 0;
}

static int cut_off(struct faultline_writer *writer, const char *path)
{
	writer->cut = writer->file.bytes - writer->position;
	if (writer->cut && ftruncate(writer->file.fd, writer->position))
		return message_fail_at(-errno, path);
	return 0;
}

static int find_end(struct faultline_writer *writer, const char *path, uint32_t flags)
{
	int err = 0;

	if (flags & FAULTLINE_WRITER_APPEND)
		err = block_first(&writer->file, path);
	if (!err && flags & FAULTLINE_WRITER_APPEND)
		err = verify(writer, path);
	if (!err)
		err = cut_off(writer, path);
	if (flags & FAULTLINE_WRITER_REPLACE)
		writer->cut = 0;
	return err;
}

static int write_block(struct faultline_writer *writer, enum recording_kind kind,
		       const void *payload, uint32_t bytes)
{
	struct recording_block header = {
		.kind = kind,
		.segment = writer->segment,
		.length = bytes,
	};
	int err = block_write(writer->file.fd, writer->position, &header, payload);

	if (!err)
		writer->position += sizeof(header) + bytes;
	return err;
}

static int begin_segment(struct faultline_writer *writer, const struct faultline_segment *given)
{
	struct faultline_segment segment;
	struct utsname about;
	void *payload;
	uint32_t bytes;
	int err;

	err = segment_complete(&segment, given, &about);
	if (!err)
		err = segment_pack(&segment, &payload, &bytes);
	if (err)
		return err;
	err = write_block(writer, RECORDING_SEGMENT, payload, bytes);
	free(payload);
	return err;
}

int faultline_writer_open(const char *path, uint32_t flags, const struct faultline_segment *segment,
			  struct faultline_writer **writer)
{
	const uint32_t both = FAULTLINE_WRITER_APPEND | FAULTLINE_WRITER_REPLACE;
	struct faultline_writer *made;
	bool new_file;
	int err;

	*writer = NULL;
	if (flags & ~both || flags == both)
		return message_fail(-EINVAL, "no such flags for a writer: %#x", flags);
	made = calloc(1, sizeof(*made));
	if (!made)
		return message_fail(-ENOMEM, "no memory to record");
	made->cpu_before_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	err = open_file(&made->file, path, flags, &new_file);
	if (err)
		goto not_open;
	err = lock_file(&made->file, path);
	if (!err)
		err = find_end(made, path, flags);
	if (!err)
		err = begin_segment(made, segment);
	if (err)
		goto not_begun;
	*writer = made;
	return 0;

not_begun:
	if (new_file)
		unlink(path);
	close(made->file.fd);
not_open:
	free(made);
	return err;
}

uint64_t faultline_writer_cut(const struct faultline_writer *writer)
{
	return writer->cut;
}

static int empty_buffer(struct faultline_writer *writer)
{
	int err = 0;

	if (writer->used)
		err = write_block(writer, RECORDING_RECORDS, writer->buffer, writer->used);
	if (!err)
		writer->used = 0;
	return err;
}

int faultline_writer_add(struct faultline_writer *writer, const struct fl_record *record)
{
	size_t bytes = record_bytes(record, record->size);
	int err;

	if (!bytes)
		return message_fail(-EINVAL, "a record of type %u cannot be %u bytes long",
				    record->type, record->size);
	if (record->type == FL_RECORD_PAD)
		return 0;
	if (bytes > BUFFER_BYTES - writer->used) {
		err = empty_buffer(writer);
		if (err)
			return err;
	}
	memcpy(writer->buffer + writer->used, record, bytes);
	writer->used += bytes;
	writer->records++;
	return 0;
}

int faultline_writer_flush(struct faultline_writer *writer, bool to_disk)
{
	int err = empty_buffer(writer);

	if (!err && to_disk && fdatasync(writer->file.fd))
		err = message_fail_at(-errno, "the recording cannot be brought to disk");
	return err;
}

static int write_end(struct faultline_writer *writer, const struct faultline_figures *given)
{
	struct faultline_figures figures;
	struct faultline_end end;
	int err = options_take(&figures, sizeof(figures), sizeof(figures), given);

	if (err)
		return err;
	end = (struct faultline_end){
		.size = sizeof(end),
		.end_ns = clock_ns(CLOCK_MONOTONIC),
		.records = writer->records,
		.own_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - writer->cpu_before_ns,
		.pass_ns = figures.pass_ns,
		.passes = figures.passes,
		.lost = figures.lost,
		.missed = figures.missed,
		.shed = figures.shed,
		.overwritten = figures.overwritten,
		.unfollowed = figures.unfollowed,
		.skipped = figures.skipped,
	};
	return write_block(writer, RECORDING_END, &end, sizeof(end));
}

int faultline_writer_close(struct faultline_writer *writer, const struct faultline_figures *figures)
{
	int err;

	if (!writer)
		return 0;
	err = empty_buffer(writer);
	if (!err && figures)
		err = write_end(writer, figures);
	if (close(writer->file.fd) && !err && errno != EINTR)
		err = message_fail_at(-errno, "closing the recording failed");
	free(writer);
	return err;
}
