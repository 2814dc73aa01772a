/* SPDX-License-Identifier: MIT */
/* Blocks of a recording in a file: recording_format.h. A regular file, by position. */
#ifndef FL_RECORDING_BLOCK_H
#define FL_RECORDING_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recording_format.h"

/* A file, as long as it was when that was last asked. */
struct block_file {
	int fd;
	uint64_t bytes;
	uint64_t vain; /* bytes that were read in search of blocks where there were none */
};

/* A block that was read. */
struct block {
	struct recording_block header;
	unsigned char *payload; /* header.length bytes, aligned to 8 */
	size_t room;
};

/** block_bytes - how long a block is in the file */
static inline uint64_t block_bytes(const struct block *block)
{
	return sizeof(block->header) + block->header.length;
}

/** block_free - free what was read; one of zeroes is fine */
void block_free(struct block *block);

/**
 * block_read - read the block at a position
 * @block: of zeroes, or read before; to be freed
 *
 * Return: 1, 0 if there is no whole one, or -errno as read(2), -ENOMEM.
 */
int block_read(const struct block_file *file, uint64_t position, struct block *block);

/**
 * block_find - read the first whole block behind a position where there is none
 * @position: 0, or where a block should have been; set to where the block is
 *
 * Return: as block_read(). Whoever makes up a file could make this take for ever: it gives up, 0,
 * when too much in the file looked like a block and was none.
 */
int block_find(struct block_file *file, uint64_t *position, struct block *block);

/**
 * block_write - write a block at a position, all of it or, but for what a reader ignores, nothing
 * @header: its kind, segment and length set; the rest is filled in
 *
 * Return: 0, or -errno as write(2): then the file ends at @position.
 */
int block_write(int fd, uint64_t position, struct recording_block *header, const void *payload);

/**
 * block_first - see whether a file begins like a recording
 *
 * Return: 0 if it does, or is empty; -EINVAL: it is none; -EPROTONOSUPPORT: of another major
 * version or byte order; -errno as read(2). The message begins with @path.
 */
int block_first(const struct block_file *file, const char *path);

/** block_open - open a regular file: 0, -EINVAL if it is none, or -errno as open(2) */
int block_open(struct block_file *file, const char *path, int flags);

#endif
