/* SPDX-License-Identifier: MIT */
/* The buffer of a work process: blocks of 1 MiB, each page a minor fault when first written. */
#ifndef FL_MEMORY_H
#define FL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_BLOCK_BYTES 1048576
#define MEMORY_BLOCKS_MAX  1024

struct memory {
	size_t blocks;
	unsigned char *block[MEMORY_BLOCKS_MAX]; /* the first @blocks are mapped */
};

/**
 * memory_map - get address space for a buffer; no page of it is there yet
 * @m: released with memory_unmap(); empty on error
 * @blocks: 1..MEMORY_BLOCKS_MAX
 * @huge_pages: leave it to the system whether a fault brings in a huge page. Otherwise the buffer
 *	asks for small ones: one fault would bring in 512 pages where huge pages are always on.
 *
 * Return: 0, or -errno, mostly -ENOMEM.
 */
int memory_map(struct memory *m, size_t blocks, bool huge_pages);

/** memory_unmap - give the buffer back; an empty one is fine */
void memory_unmap(struct memory *m);

/**
 * memory_write - write one byte
 * @offset: 0 .. blocks * MEMORY_BLOCK_BYTES - 1
 *
 * A write, because reading a fresh page would only map the one page of zeroes all processes share.
 */
static inline void memory_write(struct memory *m, uint64_t offset)
{
	volatile unsigned char *block = m->block[offset / MEMORY_BLOCK_BYTES];

	block[offset % MEMORY_BLOCK_BYTES] = 1;
}

#endif
