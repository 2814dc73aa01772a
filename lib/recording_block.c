// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "message.h"
#include "recording_block.h"

#define SCAN_BYTES 65536
#define VAIN_MAX   (UINT64_C(1) << 28) /* bytes of payload with wrong CRCs, in all searches */

/* Reads until the end of the file at most: how many bytes it were, or -errno. */
static ssize_t read_at(int fd, void *to, size_t bytes, uint64_t position)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t got = pread(fd, (char *)to + done, bytes - done, position + done);

		if (!got)
			break;
		if (got < 0 && errno != EINTR)
			return message_fail_at(-errno, "reading the recording failed");
		if (got > 0)
			done += got;
	}
	return done;
}

static int write_at(int fd, const void *from, size_t bytes, uint64_t position)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t put = pwrite(fd, (const char *)from + done, bytes - done, position + done);

		if (!put)
			return -EIO;
		if (put < 0 && errno != EINTR)
			return -errno;
		if (put > 0)
			done += put;
	}
	return 0;
}

static uint32_t crc_of(const struct recording_block *header, const void *payload)
{
	uint32_t crc = crc32(0, (const void *)header, offsetof(struct recording_block, crc));

	return header->length ? crc32(crc, payload, header->length) : crc;
}

static bool is_header(const struct recording_block *header, uint64_t left)
{
	return header->magic == RECORDING_MAGIC(RECORDING_MAJOR) && header->length % 8 == 0 &&
	       header->length <= RECORDING_PAYLOAD_MAX && header->length <= left;
}

static int make_room(struct block *block, size_t bytes)
{
	unsigned char *grown;

	if (block->room >= bytes)
		return 0;
	grown = realloc(block->payload, bytes);
	if (!grown)
		return message_fail(-ENOMEM, "no memory for a block of the recording");
	block->payload = grown;
	block->room = bytes;
	return 0;
}

void block_free(struct block *block)
{
	free(block->payload);
}

int block_read(const struct block_file *file, uint64_t position, struct block *block)
{
	const uint32_t head = sizeof(block->header);
	ssize_t got;
	int err;

	if (position > file->bytes || file->bytes - position < head)
		return 0;
	got = read_at(file->fd, &block->header, head, position);
	if (got != head)
		return got < 0 ? (int)got : 0;
	if (!is_header(&block->header, file->bytes - position - head))
		return 0;
	err = make_room(block, block->header.length);
	if (err)
		return err;
	got = read_at(file->fd, block->payload, block->header.length, position + head);
	if (got < 0)
		return (int)got;
	return got == block->header.length &&
	       crc_of(&block->header, block->payload) == block->header.crc;
}

/* The first multiple of 8 in a piece of the file where a block may begin, or its end. */
static size_t find_magic(const unsigned char *piece, size_t from, size_t bytes)
{
	const uint32_t magic = RECORDING_MAGIC(RECORDING_MAJOR);

	while (from + sizeof(magic) <= bytes && memcmp(piece + from, &magic, sizeof(magic)) != 0)
		from += 8;
	return from < bytes ? from : bytes;
}

/* A block may be here, as the magic number is. */
static int try_block(struct block_file *file, uint64_t position, struct block *block)
{
	int found = block_read(file, position, block);

	if (!found && is_header(&block->header, file->bytes - position))
		file->vain += block->header.length;
	return found;
}

static int search(struct block_file *file, uint64_t *position, struct block *block,
		  unsigned char *piece)
{
	for (uint64_t begin = *position + 8; begin < file->bytes; begin += SCAN_BYTES) {
		ssize_t got = read_at(file->fd, piece, SCAN_BYTES, begin);

		if (got <= 0)
			return (int)got;
		for (size_t at = find_magic(piece, 0, got); at < (size_t)got;
		     at = find_magic(piece, at + 8, got)) {
			int found = try_block(file, begin + at, block);

			*position = begin + at;
			if (found || file->vain > VAIN_MAX)
				return found;
		}
	}
	return 0;
}

int block_find(struct block_file *file, uint64_t *position, struct block *block)
{
	unsigned char *piece = malloc(SCAN_BYTES);
	int found;

	if (!piece)
		return message_fail(-ENOMEM, "no memory to search the recording");
	found = search(file, position, block, piece);
	free(piece);
	return found;
}

int block_write(int fd, uint64_t position, struct recording_block *header, const void *payload)
{
	int err;

	header->magic = RECORDING_MAGIC(RECORDING_MAJOR);
	header->crc = crc_of(header, payload);
	err = write_at(fd, header, sizeof(*header), position);
	if (!err)
		err = write_at(fd, payload, header->length, position + sizeof(*header));
	if (!err)
		return 0;
	/* If this fails as well, readers ignore what is left, and the next block goes over it. */
	while (ftruncate(fd, position) && errno == EINTR)
		;
	return message_fail_at(err, "writing the recording failed");
}

int block_first(const struct block_file *file, const char *path)
{
	static const unsigned char ours[] = { 'F', 'L', 'R', RECORDING_MAJOR };
	unsigned char first[sizeof(ours)] = { 0 };
	ssize_t got = read_at(file->fd, first, sizeof(first), 0);

	if (got < 0)
		return (int)got;
	if (!memcmp(first, ours, got))
		return 0;
	if (got == sizeof(first) && !memcmp(first, ours, 3))
		return message_fail(-EPROTONOSUPPORT,
				    "%s: is a recording of version %u, this library reads "
				    "version %u: install the release that wrote it",
				    path, first[3], RECORDING_MAJOR);
	if (got == sizeof(first) && first[1] == 'R' && first[2] == 'L' && first[3] == 'F')
		return message_fail(-EPROTONOSUPPORT,
				    "%s: was recorded on a big-endian machine: read it there",
				    path);
	return message_fail(-EINVAL, "%s: is no recording of faultline", path);
}

int block_open(struct block_file *file, const char *path, int flags)
{
	struct stat about;
	int err;

	file->fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	if (file->fd < 0)
		return message_fail_at(-errno, path);
	if (fstat(file->fd, &about)) {
		err = message_fail_at(-errno, path);
	} else if (!S_ISREG(about.st_mode)) {
		err = message_fail(-EINVAL, "%s: is no regular file", path);
	} else {
		file->bytes = about.st_size;
		return 0;
	}
	close(file->fd);
	return err;
}
