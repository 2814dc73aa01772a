// SPDX-License-Identifier: MIT
/*
 * Reads whatever it is given as a session's mapping, in place and by copies: no input may make a
 * reader read outside of it, give what is no record, or go on for ever. The memory is as long as
 * the input, so that the sanitizer sees the first byte that is not.
 */
#include <stdlib.h>
#include <string.h>

#include "libfaultline.h"
#include "walk.h"

#define BATCHES_MAX 64 /* more than any ring here can have */

static void read_ring(const void *mapping, size_t bytes, uint32_t ring, uint32_t flags)
{
	struct faultline_reader *reader;
	struct faultline_batch *batch;
	int batches = 0;

	if (faultline_reader_open(mapping, bytes, ring, flags, &reader))
		return;
	while (faultline_reader_read(reader, &batch) > 0) {
		walk_batch(batch);
		if (++batches == BATCHES_MAX)
			abort();
	}
	walk_sum += faultline_reader_position(reader) + faultline_reader_skipped(reader);
	faultline_reader_close(reader);
}

/* The mapping, to which something happens between two batches: the last bytes of the input. */
static void read_changing(unsigned char *mapping, size_t bytes, uint32_t flags)
{
	struct faultline_reader *reader;
	struct faultline_batch *batch;

	if (faultline_reader_open(mapping, bytes, 0, flags, &reader))
		return;
	for (size_t i = 0; i < 8 && faultline_reader_read(reader, &batch) >= 0; i++) {
		uint64_t *words = (void *)mapping;
		uint64_t change = words[bytes / 8 - 1 - i];

		faultline_next(batch);
		/* A head, a tail or a record, somewhat further; but for the header. */
		words[16 + change % (bytes / 8 - 16)] += change >> 32;
		walk_batch(batch);
	}
	faultline_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *mapping = malloc(size + 1);

	if (!mapping)
		abort();
	memcpy(mapping, data, size);
	for (uint32_t ring = 0; ring < 3; ring++)
		for (uint32_t flags = 0; flags <= FAULTLINE_READER_COPY; flags++)
			read_ring(mapping, size, ring, flags);
	if (size >= 1024 && size % 8 == 0)
		read_changing(mapping, size, data[size - 1] & FAULTLINE_READER_COPY);
	free(mapping);
	return 0;
}
