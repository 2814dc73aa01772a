// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "reading.h"

static void test_overwritten_records_are_skipped_and_counted(void **state)
{
	uint32_t kept = RING_BYTES / SAMPLE, written = 0;

	(void)state;
	make(FL_SETUP_OVERWRITE);
	for (; written < 10; written++)
		fake_put_sample(&fake);
	assert_int_equal(read_batch(0), 10);
	for (; written < 1000; written++)
		fake_put_sample(&fake);
	kept = fake.ring->records - fake.ring->overwritten;
	assert_in_range(kept, RING_BYTES / SAMPLE - 2, RING_BYTES / SAMPLE);
	assert_int_equal(read_batch(written - kept), kept);
	assert_int_equal(faultline_reader_skipped(reader), 1000 - 10 - kept);
}

static void test_overwritten_ones_that_were_not_taken_count(void **state)
{
	uint32_t kept;

	(void)state;
	make(FL_SETUP_OVERWRITE);
	for (int i = 0; i < 10; i++)
		fake_put_sample(&fake);
	assert_int_equal(faultline_reader_read(reader, &batch), 1);
	assert_true(fake_is(faultline_next(batch), 0));
	for (int i = 10; i < 1000; i++)
		fake_put_sample(&fake);
	assert_true(fake_is(faultline_next(batch), 1)); /* a copy, so still whole */
	kept = fake.ring->records - fake.ring->overwritten;
	assert_int_equal(read_batch(1000 - kept), kept);
	assert_int_equal(faultline_reader_skipped(reader), 1000 - 2 - kept);
}

static void test_what_was_overwritten_before_the_first_read_counts(void **state)
{
	uint32_t kept;

	(void)state;
	make(FL_SETUP_OVERWRITE);
	for (int i = 0; i < 1000; i++)
		fake_put_sample(&fake);
	kept = fake.ring->records - fake.ring->overwritten;
	assert_int_equal(read_batch(1000 - kept), kept);
	assert_int_equal(faultline_reader_skipped(reader), 1000 - kept);
}

/* Who comes later does not know which record was the first that it could have had. */
static void test_who_comes_later_counts_from_its_first_record(void **state)
{
	uint32_t kept;

	(void)state;
	make(FL_SETUP_OVERWRITE);
	for (int i = 0; i < 1000; i++)
		fake_put_sample(&fake);
	faultline_reader_close(reader);
	assert_int_equal(faultline_reader_open(fake.memory, fake.bytes, 0, 0, &reader), 0);
	for (int i = 0; i < 10; i++)
		fake_put_sample(&fake);
	kept = fake.ring->records - fake.ring->overwritten;
	assert_int_equal(read_batch(1010 - kept), kept);
	assert_int_equal(faultline_reader_skipped(reader), 0);
}

/* The kernel may move tail in the middle of a pass, whose records it shows at the end of it. */
static void test_a_tail_before_its_head_is_waited_for(void **state)
{
	(void)state;
	make(FL_SETUP_OVERWRITE);
	for (int i = 0; i < 4; i++)
		fake_put_sample(&fake);
	assert_int_equal(read_batch(0), 4);
	fake.ring->tail = 6 * SAMPLE;
	assert_int_equal(read_batch(0), 0);
	for (int i = 0; i < 4; i++)
		fake_put_sample(&fake);
	assert_int_equal(read_batch(6), 2);
	assert_int_equal(faultline_reader_skipped(reader), 2);
}

/* A large ring is copied in pieces: each ends where a record does. */
static void test_a_large_ring_is_copied_in_pieces(void **state)
{
	uint32_t written = 0, seen = 0, pieces = 0, count;

	(void)state;
	make_sized(1U << 20, FL_SETUP_OVERWRITE, 0);
	while (fake.ring->overwritten < 10)
		fake_put(&fake, FL_RECORD_SAMPLE, odd_size(written++));
	seen = (uint32_t)fake.ring->overwritten;
	while ((count = read_batch(seen)) > 0) {
		seen += count;
		pieces++;
	}
	assert_int_equal(seen, written);
	assert_in_range(pieces, 8, 10);
}

static void test_the_longest_record_in_a_large_ring(void **state)
{
	(void)state;
	make_sized(1U << 20, FL_SETUP_OVERWRITE, 0);
	for (int i = 0; i < 100; i++)
		fake_put(&fake, FL_RECORD_LOST + 1, 65528);
	for (uint32_t seen = (uint32_t)fake.ring->overwritten; seen < 100; seen++) {
		assert_int_equal(faultline_reader_read(reader, &batch), 1);
		assert_true(fake_is(faultline_next(batch), seen));
	}
	assert_int_equal(read_batch(0), 0);
}

/*
 * The page of the ring that the reader will come to in the middle of its copy: there it stops, what
 * is to happen meanwhile happens, and it goes on.
 */
static struct {
	void *page;
	uint32_t puts; /* records that are written then */
} trap;

static void spring(int number)
{
	(void)number;
	if (!trap.page)
		abort();
	mprotect(trap.page, PAGE_BYTES, PROT_READ | PROT_WRITE);
	trap.page = NULL;
	for (uint32_t i = 0; i < trap.puts; i++)
		fake_put_sample(&fake);
}

static void set_trap(size_t page, uint32_t puts)
{
	struct sigaction action = { .sa_handler = spring };

	assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
	trap.page = fake.memory + FAKE_HEAD_BYTES + page * PAGE_BYTES;
	trap.puts = puts;
	assert_int_equal(mprotect(trap.page, PAGE_BYTES, PROT_NONE), 0);
}

/* Overwritten but for a record that is only half in the copy, it is tried again. */
static void test_a_piece_of_which_half_a_record_is_left(void **state)
{
	(void)state;
	for (uint32_t puts = 1480; puts < 1496; puts++) {
		uint32_t first;

		make_sized(1U << 20, FL_SETUP_OVERWRITE, 0);
		while (!fake.ring->overwritten)
			fake_put_sample(&fake);
		set_trap(16, puts);
		assert_int_equal(faultline_reader_read(reader, &batch), 1);
		assert_null(trap.page);
		first = (uint32_t)fake.ring->overwritten;
		assert_true(fake_is(faultline_next(batch), first));
		unmake(NULL);
	}
	signal(SIGSEGV, SIG_DFL);
	make(0);
}

static void test_a_copying_reader_lets_others_consume(void **state)
{
	(void)state;
	make_sized(RING_BYTES, 0, FAULTLINE_READER_COPY);
	fake_put_sample(&fake);
	assert_int_equal(read_batch(0), 1);
	for (int i = 0; i < 3; i++)
		fake_put_sample(&fake);
	fake_consume(&fake, 3 * SAMPLE);
	assert_int_equal(read_batch(3), 1);
	assert_int_equal(faultline_reader_skipped(reader), 2);
	while (fake_put_sample(&fake))
		;
	read_batch(4);
	consume();
	fake_put_sample(&fake);
	assert_int_equal(faultline_reader_read(reader, &batch), 1);
	assert_int_equal(faultline_reader_skipped(reader), 2); /* what was lost does not count */
}

/* What was lost is told by a record: it is not counted as if this reader had been late. */
static void test_a_copying_reader_does_not_count_what_was_lost(void **state)
{
	const struct fl_record *record;

	(void)state;
	make_sized(RING_BYTES, 0, FAULTLINE_READER_COPY);
	for (int round = 1; round <= 3; round++) {
		while (fake_put_sample(&fake))
			;
		while (faultline_reader_read(reader, &batch) > 0)
			while (faultline_next(batch))
				;
		assert_int_equal(fake.ring->lost, round);
		consume();
	}
	assert_int_equal(faultline_reader_skipped(reader), 0);
	assert_true(fake_put_sample(&fake));
	assert_int_equal(faultline_reader_read(reader, &batch), 1);
	record = faultline_next(batch);
	assert_int_equal(record->type, FL_RECORD_LOST);
}

/* Whatever was written under its feet, the reader gives only what is whole, in order. */
static void test_records_torn_while_they_were_copied(void **state)
{
	const uint32_t in_ring = 4 * PAGE_BYTES / SAMPLE;

	(void)state;
	for (uint32_t puts = 0; puts < 3 * in_ring; puts++) {
		uint32_t written = in_ring + 40, first, count;

		make_sized(4 * PAGE_BYTES, FL_SETUP_OVERWRITE, 0);
		for (uint32_t i = 0; i < written; i++)
			fake_put_sample(&fake);
		set_trap(puts % 3 + 1, puts);
		written += puts;
		assert_int_equal(faultline_reader_read(reader, &batch), 1);
		assert_null(trap.page);
		first = ((const struct fl_record *)(const void *)batch->next)->seq;
		assert_true(first >= fake.ring->overwritten);
		for (count = 0; faultline_next(batch); count++)
			;
		assert_in_range(first + count, in_ring + 40, written);
		assert_int_equal(read_batch(first + count), written - first - count);
		unmake(NULL);
	}
	signal(SIGSEGV, SIG_DFL);
	make(0);
}

static void test_torn_records_are_counted(void **state)
{
	uint32_t count = 0;

	(void)state;
	make(FL_SETUP_OVERWRITE);
	fake_put_sample(&fake);
	assert_int_equal(read_batch(0), 1);
	while (fake.ring->head + SAMPLE <= RING_BYTES)
		fake_put_sample(&fake);
	set_trap(1, 30);
	assert_int_equal(faultline_reader_read(reader, &batch), 1);
	signal(SIGSEGV, SIG_DFL);
	while (faultline_next(batch))
		count++;
	count += read_batch(fake.seq - 30);
	assert_int_equal(1 + count + faultline_reader_skipped(reader), fake.seq);
	assert_in_range(faultline_reader_skipped(reader), 28, 31);
}

#define RACE_RECORDS 300000

static void *write_all(void *unused)
{
	(void)unused;
	for (uint32_t i = 0; i < RACE_RECORDS; i++)
		fake_put(&fake, FL_RECORD_SAMPLE, odd_size(i));
	return NULL;
}

static void test_a_reader_beside_a_writer_that_overwrites(void **state)
{
	uint64_t seen = 0, next = 0;
	pthread_t writer;

	(void)state;
	make(FL_SETUP_OVERWRITE);
	assert_int_equal(pthread_create(&writer, NULL, write_all, NULL), 0);
	while (next < RACE_RECORDS) {
		const struct fl_record *record;

		assert_true(faultline_reader_read(reader, &batch) >= 0);
		while ((record = faultline_next(batch))) {
			if (!seen++)
				next = record->seq;
			assert_true(record->seq >= next);
			assert_true(fake_is(record, record->seq));
			assert_int_equal(record->size, odd_size(record->seq));
			next = record->seq + 1;
		}
	}
	assert_int_equal(pthread_join(writer, NULL), 0);
	assert_true(seen + faultline_reader_skipped(reader) <= RACE_RECORDS);
	assert_true(seen + faultline_reader_skipped(reader) >=
		    RACE_RECORDS - fake.ring->overwritten);
}

#define TEST(name) cmocka_unit_test_teardown(name, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_overwritten_records_are_skipped_and_counted),
		TEST(test_overwritten_ones_that_were_not_taken_count),
		TEST(test_what_was_overwritten_before_the_first_read_counts),
		TEST(test_who_comes_later_counts_from_its_first_record),
		TEST(test_a_tail_before_its_head_is_waited_for),
		TEST(test_a_large_ring_is_copied_in_pieces),
		TEST(test_the_longest_record_in_a_large_ring),
		TEST(test_a_piece_of_which_half_a_record_is_left),
		TEST(test_a_copying_reader_lets_others_consume),
		TEST(test_a_copying_reader_does_not_count_what_was_lost),
		TEST(test_records_torn_while_they_were_copied),
		TEST(test_torn_records_are_counted),
		TEST(test_a_reader_beside_a_writer_that_overwrites),
	};

	return cmocka_run_group_tests_name("reader, by copies", tests, NULL, NULL);
}
