// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "small_recording.h"

static void test_cut_off_at_every_byte(void **state)
{
	(void)state;
	for (size_t bytes = 0; bytes < good_bytes; bytes++) {
		file_store(good, bytes);
		assert_ends_at(bytes, bytes);
	}
}

/* As a crash leaves it: the file has its length, the disk has not its data. */
static void test_zeroes_or_garbage_from_every_byte_on(void **state)
{
	(void)state;
	for (size_t whole = 4; whole < good_bytes; whole++) {
		size_t same = whole;

		while (same < good_bytes && !good[same])
			same++;
		memset(bad + whole, 0, good_bytes + 600 - whole);
		file_store(bad, good_bytes + 600);
		assert_ends_at(same, good_bytes + 600);
		srandom((unsigned int)whole);
		for (size_t i = whole; i < good_bytes + 600; i++)
			bad[i] = (unsigned char)random();
		if (bad[whole] == good[whole])
			bad[whole]++;
		file_store(bad, good_bytes + 600);
		assert_ends_at(whole, good_bytes + 600);
		memcpy(bad, good, sizeof(bad));
	}
}

/* Whatever byte is wrong, nothing that is wrong is given, and it is told where it is missing. */
static void test_every_byte_flipped(void **state)
{
	(void)state;
	for (size_t i = 0; i < good_bytes; i++)
		for (int bit = 0; bit < 8; bit++) {
			size_t blocks = whole_blocks(i);
			struct seen seen;

			bad[i] ^= (unsigned char)(1 << bit);
			file_store(bad, good_bytes);
			bad[i] = good[i];
			seen = file_see();
			if (!blocks) {
				assert_int_equal(seen.opened, i < 3   ? -EINVAL
							      : i < 4 ? -EPROTONOSUPPORT
								      : -EBADMSG);
				continue;
			}
			assert_int_equal(seen.opened, 0);
			assert_int_equal(seen.state.unfinished, 1);
			assert_int_equal(seen.records,
					 5 - (records_to[blocks] - records_to[blocks - 1]));
			if (blocks == SMALL_BLOCKS - 1) { /* the last: as if cut off */
				assert_int_equal(seen.state.ignored_bytes,
						 good_bytes - ends_at[blocks - 1]);
				assert_int_equal(seen.errors + seen.state.damaged, 0);
				continue;
			}
			assert_int_equal(seen.errors, 1);
			assert_int_equal(seen.state.damaged, 1);
			assert_int_equal(seen.state.damaged_bytes,
					 ends_at[blocks] - ends_at[blocks - 1]);
			assert_int_equal(seen.state.ignored_bytes, 0);
		}
}

static void test_a_damaged_block_is_said_where(void **state)
{
	struct faultline_recording *recording;
	struct faultline_batch *batch;
	char at[32];

	(void)state;
	bad[ends_at[0] + 40] ^= 1;
	file_store(bad, good_bytes);
	assert_int_equal(faultline_recording_open(file_path, &recording), 0);
	assert_int_equal(faultline_recording_read(recording, &batch), FAULTLINE_PART_SEGMENT);
	assert_int_equal(faultline_recording_read(recording, &batch), -EBADMSG);
	assert_null(faultline_next(batch));
	snprintf(at, sizeof(at), "at byte %zu:", ends_at[0]);
	assert_non_null(strstr(faultline_message(), at));
	assert_int_equal(faultline_recording_read(recording, &batch), FAULTLINE_PART_RECORDS);
	faultline_recording_close(recording);
}

/* What looks like a block, in the damaged part and before the next one, does not hide that. */
static void test_the_next_block_is_found_behind_false_ones(void **state)
{
	const uint32_t magic = RECORDING_MAGIC(1);
	struct seen seen;

	(void)state;
	for (size_t at = ends_at[0] + 16; at < ends_at[0] + 80; at += 32)
		memcpy(bad + at, &magic, sizeof(magic));
	file_store(bad, good_bytes);
	seen = file_see();
	assert_int_equal(seen.records, 2);
	assert_int_equal(seen.state.damaged_bytes, ends_at[1] - ends_at[0]);
}

static void test_a_few_bytes_between_blocks_are_left_out(void **state)
{
	struct seen seen;

	(void)state;
	for (size_t more = 8; more <= 24; more += 8) {
		memset(bad + ends_at[0], 'x', more);
		memcpy(bad + ends_at[0] + more, good + ends_at[0], good_bytes - ends_at[0]);
		file_store(bad, good_bytes + more);
		seen = file_see();
		assert_int_equal(seen.records, 5);
		assert_int_equal(seen.errors, 1);
		assert_int_equal(seen.state.damaged_bytes, more);
	}
}

/* A block that is longer than blocks are, or not of whole words, is none, whatever its CRC. */
static void test_a_length_that_cannot_be(void **state)
{
	static const uint32_t lengths[] = { 12, RECORDING_PAYLOAD_MAX + 8 };
	unsigned char *large = calloc(1, FILE_MAX + RECORDING_PAYLOAD_MAX);
	struct recording_block *block = (void *)(large + ends_at[2]);

	(void)state;
	assert_non_null(large);
	memcpy(large, good, ends_at[2]);
	*block = (struct recording_block){ .magic = RECORDING_MAGIC(1), .kind = 77 };
	for (size_t i = 0; i < 2; i++) {
		size_t bytes = ends_at[2] + sizeof(*block) + lengths[i];

		block->length = lengths[i];
		file_seal(block);
		file_store(large, bytes);
		assert_int_equal(file_see().records, 5);
		assert_int_equal(file_see().state.ignored_bytes, bytes - ends_at[2]);
	}
	block->length = 8; /* but so it is one */
	file_seal(block);
	file_store(large, ends_at[2] + sizeof(*block) + 8);
	assert_int_equal(file_see().state.ignored_bytes, 0);
	free(large);
}

/* All is right about the block but what it is about. */
static void test_malformed_records_with_a_good_crc(void **state)
{
	static const uint16_t sizes[] = { 0, 4, 16, sizeof(struct fl_sample) - 8, 2048, 65528 };
	size_t at = ends_at[0];
	struct recording_block *block = file_block(bad, &at);
	struct fl_record *second = (void *)((char *)(block + 1) + sizeof(struct fl_sample));

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct seen seen;

		second->size = sizes[i];
		file_seal(block);
		file_store(bad, good_bytes);
		seen = file_see();
		assert_int_equal(seen.records, 2);
		assert_int_equal(seen.errors, 1);
		assert_int_equal(seen.state.damaged_bytes, ends_at[1] - ends_at[0]);
	}
}

/* An end that counts more records than there are does not go with them. */
static void test_a_block_that_is_missing_altogether(void **state)
{
	struct seen seen;

	(void)state;
	memmove(bad + ends_at[0], bad + ends_at[1], good_bytes - ends_at[1]);
	file_store(bad, good_bytes - (ends_at[1] - ends_at[0]));
	seen = file_see();
	assert_int_equal(seen.records, 2);
	assert_int_equal(seen.ends, 1);
	assert_int_equal(seen.state.unfinished, 1);
}

/* Nobody knows what records are about whose segment's beginning is damaged. */
static void test_records_of_a_damaged_segment_are_left_out(void **state)
{
	size_t bytes;
	struct seen seen;

	(void)state;
	file_write_small(FAULTLINE_WRITER_APPEND);
	file_write_small(FAULTLINE_WRITER_APPEND);
	bytes = file_load(bad);
	bad[good_bytes + 20] ^= 1;
	file_store(bad, bytes);
	seen = file_see();
	assert_int_equal(seen.state.segments, 2);
	assert_int_equal(seen.records, 10);
	assert_int_equal(seen.ends, 2);
	assert_int_equal(seen.state.damaged_bytes, good_bytes);
	assert_int_equal(seen.errors, 2);
}

/* Also if the segment before did not end, so that they could be taken for its own. */
static void test_records_of_a_damaged_segment_behind_an_unfinished_one(void **state)
{
	size_t bytes;
	struct seen seen;

	(void)state;
	file_store(good, ends_at[1]);
	file_write_small(FAULTLINE_WRITER_APPEND);
	bytes = file_load(bad);
	bad[ends_at[1] + 20] ^= 1;
	file_store(bad, bytes);
	seen = file_see();
	assert_int_equal(seen.state.segments, 1);
	assert_int_equal(seen.records, 3);
	assert_int_equal(seen.state.damaged_bytes, good_bytes);
}

static void test_each_run_of_left_out_blocks_is_told_of(void **state)
{
	size_t bytes;
	struct seen seen;

	(void)state;
	for (int i = 1; i < 5; i++)
		file_write_small(FAULTLINE_WRITER_APPEND);
	bytes = file_load(bad);
	assert_int_equal(bytes, 5 * good_bytes);
	bad[good_bytes + 20] ^= 1;
	bad[3 * good_bytes + 20] ^= 1;
	file_store(bad, bytes);
	seen = file_see();
	assert_int_equal(seen.state.segments, 3);
	assert_int_equal(seen.errors, 4);
	assert_int_equal(seen.state.damaged, 4);
	assert_int_equal(seen.state.damaged_bytes, 2 * good_bytes);
}

static void test_what_follows_an_end_is_no_longer_its_segment_s(void **state)
{
	size_t count = ends_at[2] - ends_at[1];
	struct seen seen;

	(void)state;
	memcpy(bad + good_bytes, good + ends_at[1], count);
	file_store(bad, good_bytes + count);
	seen = file_see();
	assert_int_equal(seen.records, 5);
	assert_int_equal(seen.state.unfinished, 0);
	assert_int_equal(seen.state.damaged_bytes, count);
}

static void test_a_segment_with_a_good_crc_that_is_none(void **state)
{
	size_t bytes, at = good_bytes;
	struct recording_block *block;
	struct seen seen;

	(void)state;
	file_write_small(FAULTLINE_WRITER_APPEND);
	bytes = file_load(bad);
	block = file_block(bad, &at);
	((struct recording_segment *)(void *)(block + 1))->size = 0;
	file_seal(block);
	file_store(bad, bytes);
	seen = file_see();
	assert_int_equal(seen.state.segments, 1);
	assert_int_equal(seen.records, 5);
	assert_int_equal(seen.state.damaged_bytes, good_bytes);
}

/* Whoever makes up a file may not make a reader search for ever. */
static void test_many_false_beginnings_come_to_an_end(void **state)
{
	const struct recording_block none = { .magic = RECORDING_MAGIC(1),
					      .length = RECORDING_PAYLOAD_MAX };
	int fd;

	(void)state;
	fd = open(file_path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < (4U << 20) / sizeof(none); i++)
		assert_int_equal(write(fd, &none, sizeof(none)), sizeof(none));
	close(fd);
	assert_int_equal(file_see().state.ignored_bytes, 4U << 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_small, file_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cut_off_at_every_byte),
		TEST(test_zeroes_or_garbage_from_every_byte_on),
		TEST(test_every_byte_flipped),
		TEST(test_a_damaged_block_is_said_where),
		TEST(test_the_next_block_is_found_behind_false_ones),
		TEST(test_a_few_bytes_between_blocks_are_left_out),
		TEST(test_a_length_that_cannot_be),
		TEST(test_malformed_records_with_a_good_crc),
		TEST(test_a_block_that_is_missing_altogether),
		TEST(test_records_of_a_damaged_segment_are_left_out),
		TEST(test_records_of_a_damaged_segment_behind_an_unfinished_one),
		TEST(test_each_run_of_left_out_blocks_is_told_of),
		TEST(test_what_follows_an_end_is_no_longer_its_segment_s),
		TEST(test_a_segment_with_a_good_crc_that_is_none),
		TEST(test_many_false_beginnings_come_to_an_end),
	};

	return cmocka_run_group_tests_name("recording, damaged", tests, file_make_folder,
					   file_remove_folder);
}
