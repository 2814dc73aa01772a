// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "record.h"

#define NEW_TYPE (FL_RECORD_LOST + 1)

/* How long a record of each type must be. */
static const struct {
	uint16_t type;
	size_t least;
} types[] = {
	{ 0, 16 },
	{ FL_RECORD_PAD, 8 },
	{ FL_RECORD_SAMPLE, sizeof(struct fl_sample) },
	{ FL_RECORD_TARGET, sizeof(struct fl_join) },
	{ FL_RECORD_FORK, sizeof(struct fl_join) },
	{ FL_RECORD_EXEC, sizeof(struct fl_exec) },
	{ FL_RECORD_EXIT, FL_EXIT_BYTES_MINOR_0 },
	{ FL_RECORD_LEFT, sizeof(struct fl_left) },
	{ FL_RECORD_MISSED, sizeof(struct fl_missed) },
	{ FL_RECORD_LOST, sizeof(struct fl_lost) },
	{ NEW_TYPE, 16 },
	{ 65535, 16 },
};

#define TYPES (sizeof(types) / sizeof(types[0]))

static uint64_t memory[65536 / 8 + 8];

static struct fl_record *record_with(uint16_t type, size_t size)
{
	struct fl_record *record = (void *)memory;

	*record = (struct fl_record){ .type = type, .size = (uint16_t)size };
	return record;
}

static void test_takes_every_type_from_its_least_size_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++)
		for (size_t size = 0; size < 1024; size++) {
			size_t good = size >= types[i].least && size % 8 == 0 ? size : 0;

			assert_int_equal(record_bytes(record_with(types[i].type, size), 1024),
					 good);
		}
}

static void test_takes_none_that_is_longer_than_what_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		size_t size = (types[i].least + 7) / 8 * 8 + 8;
		const struct fl_record *record = record_with(types[i].type, size);

		assert_int_equal(record_bytes(record, size), size);
		assert_int_equal(record_bytes(record, size + 8), size);
		assert_int_equal(record_bytes(record, size - 8), 0);
		assert_int_equal(record_bytes(record, 8), 0);
	}
}

static void test_takes_the_longest_record(void **state)
{
	(void)state;
	assert_int_equal(record_bytes(record_with(FL_RECORD_SAMPLE, 65528), 65528), 65528);
	assert_int_equal(record_bytes(record_with(FL_RECORD_SAMPLE, 65535), 65536), 0);
}

/* A wrong guess about types that are not known would show here: a pad, or one that is short. */
static void test_usual_are_only_whole_records_that_are_no_pads(void **state)
{
	(void)state;
	for (uint32_t type = 0; type < 65536; type++)
		for (size_t size = 0; size <= 128; size += 4) {
			const struct fl_record *record = record_with((uint16_t)type, size);
			bool known = type > FL_RECORD_PAD && type < NEW_TYPE;
			size_t bytes = record_bytes(record, 128);

			if (faultline_record_usual(record, (const char *)memory + 128))
				assert_true(bytes == size && type != FL_RECORD_PAD);
			else if (known)
				assert_int_equal(bytes, 0);
		}
}

static void test_the_peak_is_known_of_records_that_have_it(void **state)
{
	struct fl_exit ended = { .record = { FL_RECORD_EXIT, sizeof(ended) }, .peak_resident = 7 };

	(void)state;
	assert_int_equal(faultline_exit_peak(&ended), 7);
	ended.record.size += 8;
	assert_int_equal(faultline_exit_peak(&ended), 7);
	ended.record.size = FL_EXIT_BYTES_MINOR_0;
	assert_int_equal(faultline_exit_peak(&ended), 0);
}

static struct fl_record *add(struct record_batch *batch, size_t *bytes, uint16_t type, size_t size)
{
	struct fl_record *record = (void *)((char *)memory + *bytes);

	*record = (struct fl_record){ .type = type, .size = (uint16_t)size };
	*bytes += size;
	batch->batch.next = (void *)memory;
	batch->batch.end = batch->batch.next + *bytes;
	return record;
}

static void test_a_batch_leaves_out_pads_and_gives_unknown_types(void **state)
{
	struct record_batch batch = { 0 };
	const struct fl_record *given[4];
	size_t bytes = 0;

	(void)state;
	add(&batch, &bytes, FL_RECORD_PAD, 8);
	given[0] = add(&batch, &bytes, FL_RECORD_SAMPLE, sizeof(struct fl_sample) + 40);
	given[1] = add(&batch, &bytes, NEW_TYPE, 16);
	add(&batch, &bytes, FL_RECORD_PAD, 48);
	add(&batch, &bytes, FL_RECORD_PAD, 8);
	given[2] = add(&batch, &bytes, 0, 24);
	given[3] = add(&batch, &bytes, FL_RECORD_LOST, sizeof(struct fl_lost));
	add(&batch, &bytes, FL_RECORD_PAD, 16);
	for (size_t i = 0; i < 4; i++)
		assert_ptr_equal(faultline_next(&batch.batch), given[i]);
	for (int again = 0; again < 2; again++)
		assert_null(faultline_next(&batch.batch));
	assert_false(batch.malformed);
}

static void test_a_batch_ends_before_what_is_no_record(void **state)
{
	static const struct {
		uint16_t type;
		size_t size;
	} none[] = { { FL_RECORD_SAMPLE, 0 },  { FL_RECORD_SAMPLE, 16 }, { FL_RECORD_SAMPLE, 92 },
		     { FL_RECORD_PAD, 0 },     { FL_RECORD_PAD, 12 },	 { NEW_TYPE, 8 },
		     { FL_RECORD_EXIT, 1024 }, { FL_RECORD_PAD, 1024 },	 { NEW_TYPE, 65528 } };

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct record_batch batch = { 0 };
		const struct fl_record *first;
		size_t bytes = 0;

		first = add(&batch, &bytes, FL_RECORD_SAMPLE, sizeof(struct fl_sample));
		add(&batch, &bytes, none[i].type, none[i].size);
		bytes = sizeof(struct fl_sample);
		batch.batch.end = batch.batch.next + bytes + 128;
		assert_ptr_equal(faultline_next(&batch.batch), first);
		for (int again = 0; again < 2; again++)
			assert_null(faultline_next(&batch.batch));
		assert_true(batch.malformed);
		assert_ptr_equal(batch.batch.next, (char *)memory + bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_every_type_from_its_least_size_on),
		cmocka_unit_test(test_takes_none_that_is_longer_than_what_is_there),
		cmocka_unit_test(test_takes_the_longest_record),
		cmocka_unit_test(test_usual_are_only_whole_records_that_are_no_pads),
		cmocka_unit_test(test_the_peak_is_known_of_records_that_have_it),
		cmocka_unit_test(test_a_batch_leaves_out_pads_and_gives_unknown_types),
		cmocka_unit_test(test_a_batch_ends_before_what_is_no_record),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
