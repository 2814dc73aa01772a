/* SPDX-License-Identifier: MIT */
/* A reader of a ring that a fake module writes, for all that is tested about readers. */
#ifndef FL_READING_H
#define FL_READING_H

#include <sys/mman.h>

#include "fake_mapping.h"
#include "libfaultline.h"

#define RING_BYTES UINT64_C(8192)
#define PAGE_BYTES UINT64_C(4096)
#define SAMPLE	   sizeof(struct fl_sample)

static struct fake fake;
static struct faultline_reader *reader;
static struct faultline_batch *batch;

static inline void make_sized(uint64_t ring_bytes, uint32_t flags, uint32_t reader_flags)
{
	void *memory = mmap(NULL, FAKE_HEAD_BYTES + ring_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(memory != MAP_FAILED);
	fake_lay_out(&fake, memory, ring_bytes, flags);
	assert_int_equal(faultline_reader_open(memory, fake.bytes, 0, reader_flags, &reader), 0);
}

static inline void make(uint32_t flags)
{
	make_sized(RING_BYTES, flags, 0);
}

static inline int unmake(void **state)
{
	(void)state;
	faultline_reader_close(reader);
	munmap(fake.memory, fake.bytes);
	return 0;
}

/* Reads a batch to its end: the records first, first + 1... How many. */
static inline uint32_t read_batch(uint32_t first)
{
	const struct fl_record *record;
	uint32_t count = 0;
	int found = faultline_reader_read(reader, &batch);

	assert_in_range(found, 0, 1);
	while ((record = faultline_next(batch))) {
		assert_true(fake_is(record, first + count));
		count++;
	}
	assert_int_equal(!found, !count);
	return count;
}

static inline void consume(void)
{
	fake_consume(&fake, faultline_reader_position(reader));
}

/* Records of all lengths, so that the ring's end is met at every distance from it. */
static inline uint16_t odd_size(uint32_t n)
{
	return (uint16_t)(SAMPLE + n * 7 % 29 * UINT64_C(8));
}

#endif
