// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "fake_mapping.h"
#include "libfaultline.h"

#define RING_BYTES UINT64_C(4096)

static struct fake fake;

/* In memory of its own size, so that whoever reads past its end is caught. */
static int make_mapping(void **state)
{
	void *memory = calloc(1, FAKE_HEAD_BYTES + RING_BYTES);

	(void)state;
	if (!memory)
		return -1;
	fake_lay_out(&fake, memory, RING_BYTES, 0);
	fake_put_sample(&fake);
	return 0;
}

static int free_mapping(void **state)
{
	(void)state;
	free(fake.memory);
	return 0;
}

static int open_result(size_t bytes)
{
	struct faultline_reader *reader;
	int err = faultline_reader_open(fake.memory, bytes, 0, 0, &reader);

	assert_int_equal(!reader, !!err);
	if (err)
		assert_string_not_equal(faultline_message(), "");
	faultline_reader_close(reader);
	return err;
}

static void test_a_whole_mapping_is_taken(void **state)
{
	(void)state;
	assert_int_equal(open_result(fake.bytes), 0);
}

static void test_a_part_of_it_is_not(void **state)
{
	(void)state;
	for (size_t bytes = 0; bytes < fake.bytes; bytes += 8) {
		unsigned char *whole = fake.memory;
		struct faultline_reader *reader;

		fake.memory = malloc(bytes ? bytes : 1);
		assert_non_null(fake.memory);
		memcpy(fake.memory, whole, bytes);
		assert_int_equal(faultline_reader_open(fake.memory, bytes, 0, 0, &reader), -EPROTO);
		free(fake.memory);
		fake.memory = whole;
	}
}

static void test_it_must_be_aligned(void **state)
{
	struct faultline_reader *reader;

	(void)state;
	assert_int_equal(faultline_reader_open(fake.memory + 4, fake.bytes - 4, 0, 0, &reader),
			 -EINVAL);
}

static void test_another_major_version_is_refused_and_named(void **state)
{
	(void)state;
	fake.header->abi_major = FL_ABI_MAJOR + 1;
	fake.header->abi_minor = 7;
	assert_int_equal(open_result(fake.bytes), -EPROTONOSUPPORT);
	assert_non_null(strstr(faultline_message(), "ABI 2.7"));
	assert_non_null(strstr(faultline_message(), "speaks 1."));
}

static void test_a_newer_minor_version_may_have_longer_structs(void **state)
{
	struct fl_ring ring = *fake.ring;

	(void)state;
	fake.header->abi_minor = FL_ABI_MINOR + 1;
	fake.header->size = sizeof(struct fl_header) + 64;
	fake.header->ring_offset = 1024;
	fake.header->ring_size = sizeof(struct fl_ring) + 64;
	memset(fake.memory + sizeof(struct fl_header), 0xff, 1024);
	memcpy(fake.memory + 1024, &ring, sizeof(ring));
	assert_int_equal(open_result(fake.bytes), 0);
}

static void test_rings_of_unknown_kinds_are_refused_alone(void **state)
{
	struct faultline_reader *reader;

	(void)state;
	fake.header->rings = 2;
	fake.ring[1] = fake.ring[0];
	fake.ring[0].kind = FL_RING_SAMPLES + 1;
	fake.ring[0].bytes = 3;
	assert_int_equal(open_result(fake.bytes), -EOPNOTSUPP);
	assert_int_equal(faultline_reader_open(fake.memory, fake.bytes, 1, 0, &reader), 0);
	faultline_reader_close(reader);
	assert_int_equal(faultline_reader_open(fake.memory, fake.bytes, 2, 0, &reader), -ENOENT);
}

static void test_unknown_flags_are_refused(void **state)
{
	struct faultline_reader *reader;

	(void)state;
	for (int bit = 1; bit < 32; bit++)
		assert_int_equal(faultline_reader_open(fake.memory, fake.bytes, 0, 1U << bit,
						       &reader),
				 -EINVAL);
}

/* Each sets one field to what it must not be. */
#define WRONG(where, field, value)                                   \
	do {                                                         \
		__typeof__((where)->field) before_ = (where)->field; \
                                                                     \
		(where)->field = (value);                            \
		assert_int_equal(open_result(fake.bytes), -EPROTO);  \
		(where)->field = before_;                            \
		assert_int_equal(open_result(fake.bytes), 0);        \
	} while (0)

static void test_a_header_that_contradicts_itself(void **state)
{
	(void)state;
	WRONG(fake.header, magic, FL_HEADER_MAGIC + 1);
	WRONG(fake.header, magic, 0);
	WRONG(fake.header, size, sizeof(struct fl_header) - 8);
	WRONG(fake.header, size, 0);
	WRONG(fake.header, size, FAKE_RING_OFFSET + 8);
	WRONG(fake.header, size, UINT32_MAX);
	WRONG(fake.header, mapping_bytes, fake.bytes + 1);
	WRONG(fake.header, mapping_bytes, UINT64_MAX);
	WRONG(fake.header, rings, UINT32_MAX);
	WRONG(fake.header, rings, (fake.bytes - FAKE_RING_OFFSET) / sizeof(struct fl_ring) + 1);
	WRONG(fake.header, ring_offset, fake.bytes);
	WRONG(fake.header, ring_offset, FAKE_RING_OFFSET + 4);
	WRONG(fake.header, ring_offset, UINT32_MAX - 7);
	WRONG(fake.header, ring_size, sizeof(struct fl_ring) - 8);
	WRONG(fake.header, ring_size, sizeof(struct fl_ring) + 4);
	WRONG(fake.header, ring_size, 0);
	WRONG(fake.header, ring_size, UINT32_MAX - 7);
}

static void test_a_ring_that_is_not_inside(void **state)
{
	(void)state;
	WRONG(fake.ring, bytes, 0);
	WRONG(fake.ring, bytes, 1);
	WRONG(fake.ring, bytes, 4);
	WRONG(fake.ring, bytes, RING_BYTES - 8);
	WRONG(fake.ring, bytes, 3 * (RING_BYTES / 4));
	WRONG(fake.ring, bytes, 2 * RING_BYTES);
	WRONG(fake.ring, bytes, UINT64_C(1) << 63);
	WRONG(fake.ring, bytes, UINT64_MAX);
	WRONG(fake.ring, offset, FAKE_HEAD_BYTES + 8);
	WRONG(fake.ring, offset, FAKE_HEAD_BYTES - 4);
	WRONG(fake.ring, offset, fake.bytes);
	WRONG(fake.ring, offset, UINT64_MAX - 7);
	WRONG(fake.ring, offset, UINT64_MAX - RING_BYTES + 1);
}

static void test_a_ring_whose_positions_contradict_each_other(void **state)
{
	(void)state;
	WRONG(fake.ring, head, 4);
	WRONG(fake.ring, head, RING_BYTES + 8);
	WRONG(fake.ring, head, UINT64_MAX - 7);
	WRONG(fake.ring, tail, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_mapping, free_mapping)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_whole_mapping_is_taken),
		TEST(test_a_part_of_it_is_not),
		TEST(test_it_must_be_aligned),
		TEST(test_another_major_version_is_refused_and_named),
		TEST(test_a_newer_minor_version_may_have_longer_structs),
		TEST(test_rings_of_unknown_kinds_are_refused_alone),
		TEST(test_unknown_flags_are_refused),
		TEST(test_a_header_that_contradicts_itself),
		TEST(test_a_ring_that_is_not_inside),
		TEST(test_a_ring_whose_positions_contradict_each_other),
	};

	return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}
