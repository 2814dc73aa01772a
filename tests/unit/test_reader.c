// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "reading.h"

static void test_an_empty_ring_has_no_records(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags <= FL_SETUP_OVERWRITE; flags++) {
		make(flags);
		for (int again = 0; again < 2; again++)
			assert_int_equal(read_batch(0), 0);
		assert_int_equal(faultline_reader_position(reader), 0);
		unmake(state);
	}
	make(0);
}

static void test_a_batch_has_what_was_there_when_it_began(void **state)
{
	(void)state;
	make(0);
	for (int i = 0; i < 3; i++)
		fake_put_sample(&fake);
	assert_int_equal(faultline_reader_read(reader, &batch), 1);
	fake_put_sample(&fake);
	for (int i = 0; i < 3; i++)
		assert_true(fake_is(faultline_next(batch), i));
	assert_null(faultline_next(batch));
	assert_int_equal(faultline_reader_position(reader), 3 * SAMPLE);
	assert_int_equal(read_batch(3), 1);
}

static void test_records_are_given_in_place(void **state)
{
	(void)state;
	make(0);
	fake_put_sample(&fake);
	assert_int_equal(faultline_reader_read(reader, &batch), 1);
	assert_ptr_equal(faultline_next(batch), fake_at(&fake, 0));
}

static void test_records_not_taken_come_again(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags <= FL_SETUP_OVERWRITE; flags++) {
		make(flags);
		for (int i = 0; i < 5; i++)
			fake_put_sample(&fake);
		assert_int_equal(faultline_reader_read(reader, &batch), 1);
		assert_true(fake_is(faultline_next(batch), 0));
		assert_true(fake_is(faultline_next(batch), 1));
		assert_int_equal(faultline_reader_position(reader), 2 * SAMPLE);
		assert_int_equal(read_batch(2), 3);
		assert_int_equal(faultline_reader_skipped(reader), 0);
		unmake(state);
	}
	make(0);
}

static void test_a_reader_begins_at_the_oldest_record(void **state)
{
	(void)state;
	make(0);
	faultline_reader_close(reader);
	for (int i = 0; i < 3; i++)
		fake_put_sample(&fake);
	fake_consume(&fake, SAMPLE);
	assert_int_equal(faultline_reader_open(fake.memory, fake.bytes, 0, 0, &reader), 0);
	assert_int_equal(read_batch(1), 2);
}

/* Writes and reads many times round, so many records at a time. */
static void go_round(uint32_t flags, uint32_t reader_flags, uint32_t at_once)
{
	uint32_t seen = 0, written = 0;

	make_sized(RING_BYTES, flags, reader_flags);
	while (fake.ring->head < 300 * RING_BYTES) {
		for (uint32_t i = 0; i < at_once; i++)
			assert_true(fake_put(&fake, FL_RECORD_SAMPLE, odd_size(written++)));
		seen += read_batch(seen);
		assert_int_equal(faultline_reader_position(reader), fake.ring->head);
		consume();
	}
	assert_int_equal(seen, written);
	assert_int_equal(faultline_reader_skipped(reader), 0);
	unmake(NULL);
}

static void test_goes_round_the_end(void **state)
{
	(void)state;
	for (uint32_t at_once = 1; at_once < 24; at_once += 11) {
		go_round(0, 0, at_once);
		go_round(0, FAULTLINE_READER_COPY, at_once);
		go_round(FL_SETUP_OVERWRITE, 0, at_once);
	}
	make(0);
}

/* The distance left before the ring's end, 8 to 80 bytes; the record is one of 88. */
static void test_pads_of_every_length(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags <= FL_SETUP_OVERWRITE; flags++)
		for (size_t left = 8; left < SAMPLE; left += 8) {
			make(flags);
			fake_put(&fake, FL_RECORD_LOST + 1, RING_BYTES - left);
			assert_int_equal(read_batch(0), 1);
			consume();
			fake_put_sample(&fake);
			assert_int_equal(
				((struct fl_record *)fake_at(&fake, RING_BYTES - left))->size,
				left);
			assert_int_equal(read_batch(1), 1);
			assert_int_equal(faultline_reader_position(reader), RING_BYTES + SAMPLE);
			unmake(NULL);
		}
	make(0);
}

static void test_a_full_ring_is_read_whole(void **state)
{
	uint32_t count = 0;

	(void)state;
	make(0);
	while (fake_put(&fake, FL_RECORD_LOST + 1, 64))
		count++;
	assert_int_equal(fake.ring->head, RING_BYTES);
	assert_int_equal(count, RING_BYTES / 64);
	assert_int_equal(read_batch(0), count);
}

static void test_lost_records_leave_a_gap_and_are_told(void **state)
{
	const struct fl_record *record;
	uint32_t written = 0;

	(void)state;
	make(0);
	while (fake_put_sample(&fake))
		written++;
	fake_put_sample(&fake);
	assert_int_equal(fake.ring->lost, 2);
	assert_int_equal(read_batch(0), written);
	consume();
	assert_true(fake_put_sample(&fake));
	assert_int_equal(faultline_reader_read(reader, &batch), 1);
	record = faultline_next(batch);
	assert_int_equal(record->type, FL_RECORD_LOST);
	assert_int_equal(record->seq, written + 2);
	assert_int_equal(((const struct fl_lost *)(const void *)record)->records, 2);
	assert_true(fake_is(faultline_next(batch), written + 3));
	assert_null(faultline_next(batch));
	assert_int_equal(faultline_reader_skipped(reader), 0);
}

static void test_another_reader_that_consumes_is_noticed(void **state)
{
	(void)state;
	make(0);
	for (int i = 0; i < 3; i++)
		fake_put_sample(&fake);
	assert_int_equal(faultline_reader_read(reader, &batch), 1);
	assert_true(fake_is(faultline_next(batch), 0));
	fake_consume(&fake, 2 * SAMPLE);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(faultline_reader_read(reader, &batch), -EPROTO);
		assert_null(faultline_next(batch));
		assert_non_null(strstr(faultline_message(), "another reader"));
	}
}

static void test_a_malformed_record_is_the_end(void **state)
{
	static const uint16_t sizes[] = {
		0, 4, 8, 16, SAMPLE - 8, SAMPLE + 4, 2 * SAMPLE + 8, 65528
	};

	(void)state;
	for (uint32_t flags = 0; flags <= FL_SETUP_OVERWRITE; flags++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			int found;

			make(flags);
			for (int k = 0; k < 3; k++)
				fake_put_sample(&fake);
			((struct fl_record *)fake_at(&fake, SAMPLE))->size = sizes[i];
			found = faultline_reader_read(reader, &batch);
			if (!flags) { /* in place, what is before it is good */
				assert_int_equal(found, 1);
				assert_true(fake_is(faultline_next(batch), 0));
				assert_int_equal(faultline_reader_position(reader), SAMPLE);
			} else {
				assert_int_equal(found, -EPROTO);
			}
			assert_null(faultline_next(batch));
			assert_null(faultline_next(batch));
			assert_int_equal(faultline_reader_read(reader, &batch), -EPROTO);
			assert_non_null(strstr(faultline_message(), "record's size"));
			unmake(NULL);
		}
	make(0);
}

/* The record must not go round the end, even if all of it is there. */
static void test_a_record_in_two_pieces_is_malformed(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags <= FL_SETUP_OVERWRITE; flags++) {
		make(flags);
		fake_put(&fake, FL_RECORD_LOST + 1, RING_BYTES - 32);
		assert_int_equal(read_batch(0), 1);
		consume();
		fake_fill(fake_at(&fake, RING_BYTES - 32), FL_RECORD_LOST + 1, 32, 1);
		((struct fl_record *)fake_at(&fake, RING_BYTES - 32))->size = 64;
		fake.ring->tail = fake.ring->head;
		fake.ring->head += 64;
		faultline_reader_read(reader, &batch);
		assert_null(faultline_next(batch));
		assert_int_equal(faultline_reader_read(reader, &batch), -EPROTO);
		unmake(NULL);
	}
	make(0);
}

static void test_positions_that_go_wrong_are_noticed(void **state)
{
	static const struct {
		uint64_t head, tail;
	} wrong[] = {
		{ 4 * SAMPLE + 4, 0 },		/* not aligned */
		{ 3 * SAMPLE, 0 },		/* head went back */
		{ RING_BYTES + 8, 0 },		/* more than fits */
		{ UINT64_MAX - 7, 4 * SAMPLE }, /* the same, by far */
		{ 4 * SAMPLE, 4 * SAMPLE + 4 }, /* tail not aligned */
	};

	(void)state;
	for (uint32_t flags = 0; flags <= FL_SETUP_OVERWRITE; flags++)
		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
			make(flags);
			for (int k = 0; k < 4; k++)
				fake_put_sample(&fake);
			assert_int_equal(read_batch(0), 4);
			fake.ring->head = wrong[i].head;
			fake.ring->tail = wrong[i].tail;
			for (int again = 0; again < 2; again++) {
				assert_int_equal(faultline_reader_read(reader, &batch), -EPROTO);
				assert_null(faultline_next(batch));
			}
			assert_int_equal(faultline_reader_position(reader), 4 * SAMPLE);
			unmake(NULL);
		}
	make(0);
}

static void test_a_tail_beyond_head_where_nothing_is_overwritten(void **state)
{
	(void)state;
	make(0);
	faultline_reader_close(reader);
	fake.ring->tail = SAMPLE;
	assert_int_equal(faultline_reader_open(fake.memory, fake.bytes, 0, 0, &reader), 0);
	assert_int_equal(faultline_reader_read(reader, &batch), -EPROTO);
	assert_null(faultline_next(batch));
}

#define TEST(name) cmocka_unit_test_teardown(name, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_empty_ring_has_no_records),
		TEST(test_a_batch_has_what_was_there_when_it_began),
		TEST(test_records_are_given_in_place),
		TEST(test_records_not_taken_come_again),
		TEST(test_a_reader_begins_at_the_oldest_record),
		TEST(test_goes_round_the_end),
		TEST(test_pads_of_every_length),
		TEST(test_a_full_ring_is_read_whole),
		TEST(test_lost_records_leave_a_gap_and_are_told),
		TEST(test_another_reader_that_consumes_is_noticed),
		TEST(test_a_malformed_record_is_the_end),
		TEST(test_a_record_in_two_pieces_is_malformed),
		TEST(test_positions_that_go_wrong_are_noticed),
		TEST(test_a_tail_beyond_head_where_nothing_is_overwritten),
	};

	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
