// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "samples.h"

#define LAST_SLOT (FL_CLASSIC_SAMPLES - 1)

static struct sample out[FL_CLASSIC_SAMPLES + 1];

static void fill_empty(long *buffer)
{
	memset(buffer, 0xff, FL_CLASSIC_BYTES);
}

static int make_buffer(void **state)
{
	*state = malloc(FL_CLASSIC_BYTES);
	if (!*state)
		return -1;
	fill_empty(*state);
	return 0;
}

static int free_buffer(void **state)
{
	free(*state);
	return 0;
}

/* The sample number @n, as every test knows it: no two longs of any are equal. */
static long field(long n, int i)
{
	return n * 10 + i;
}

static long *slot_at(long *buffer, size_t slot)
{
	return buffer + slot * FL_CLASSIC_FIELDS;
}

/* Writes a sample as the module does. */
static void put(long *buffer, size_t slot, long n)
{
	long *to = slot_at(buffer, slot);

	__atomic_store_n(&to[0], FL_CLASSIC_EMPTY, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (int i = 1; i < FL_CLASSIC_FIELDS; i++)
		__atomic_store_n(&to[i], field(n, i), __ATOMIC_RELAXED);
	__atomic_store_n(&to[0], field(n, 0), __ATOMIC_RELEASE);
}

static int is_sample(const struct sample *sample, long n)
{
	for (int i = 0; i < FL_CLASSIC_FIELDS; i++)
		if (sample->value[i] != field(n, i))
			return 0;
	return 1;
}

static int is_there(long *buffer, size_t slot, long n)
{
	return is_sample((const struct sample *)slot_at(buffer, slot), n);
}

static int is_all_empty(const long *buffer)
{
	for (size_t i = 0; i < FL_CLASSIC_BYTES / sizeof(long); i++)
		if (buffer[i] != FL_CLASSIC_EMPTY)
			return 0;
	return 1;
}

/* Takes all samples, @batch at a time, and checks that they are @first, @first + 1... */
static size_t take_all(long *buffer, size_t batch, long first)
{
	struct samples s;
	size_t count, total = 0;

	samples_begin(&s, buffer);
	while ((count = samples_copy(&s, out, batch)) > 0) {
		assert_true(count <= batch);
		for (size_t i = 0; i < count; i++)
			assert_true(is_sample(&out[i], first + total + i));
		samples_clear(&s, out, count);
		total += count;
	}
	return total;
}

static void test_an_empty_buffer_has_no_samples(void **state)
{
	assert_int_equal(take_all(*state, 10, 0), 0);
	assert_true(is_all_empty(*state));
}

static void test_takes_a_single_sample_from_any_slot(void **state)
{
	static const unsigned int slots[] = { 0, 1, 6000, LAST_SLOT - 1, LAST_SLOT };

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		put(*state, slots[i], 7);
		assert_int_equal(take_all(*state, 10, 7), 1);
		assert_true(is_all_empty(*state));
	}
}

static void test_takes_only_up_to_the_first_empty_slot(void **state)
{
	for (int i = 0; i < 5; i++)
		put(*state, 100 + i, i);
	put(*state, 106, 5);
	assert_int_equal(take_all(*state, 2, 0), 5);
	assert_true(is_there(*state, 106, 5));
	assert_int_equal(take_all(*state, 2, 5), 1);
	assert_true(is_all_empty(*state));
}

static void test_takes_a_full_buffer_once(void **state)
{
	static const size_t batches[] = { 1, 7, 256, FL_CLASSIC_SAMPLES, FL_CLASSIC_SAMPLES + 1 };

	for (size_t b = 0; b < sizeof(batches) / sizeof(batches[0]); b++) {
		for (int i = 0; i < FL_CLASSIC_SAMPLES; i++)
			put(*state, i, i);
		assert_int_equal(take_all(*state, batches[b], 0), FL_CLASSIC_SAMPLES);
		assert_true(is_all_empty(*state));
	}
}

/* The writer may go round the end while the reader is at it. */
static void test_goes_round_the_end(void **state)
{
	struct samples s;

	put(*state, LAST_SLOT - 1, 0);
	put(*state, LAST_SLOT, 1);
	samples_begin(&s, *state);
	put(*state, 0, 2);
	put(*state, 1, 3);
	assert_int_equal(samples_copy(&s, out, 10), 4);
	for (int i = 0; i < 4; i++)
		assert_true(is_sample(&out[i], i));
	samples_clear(&s, out, 4);
	assert_true(is_all_empty(*state));
	put(*state, 2, 4);
	assert_int_equal(samples_copy(&s, out, 10), 1);
	assert_true(is_sample(&out[0], 4));
}

/* Even if the writer is right behind the reader. */
static void test_goes_round_once_at_most(void **state)
{
	struct samples s;
	size_t count, total = 0;

	for (int i = 0; i < FL_CLASSIC_SAMPLES; i++)
		put(*state, i, i);
	samples_begin(&s, *state);
	while ((count = samples_copy(&s, out, 100)) > 0) {
		samples_clear(&s, out, count);
		for (size_t i = 0; i < count; i++, total++)
			put(*state, total % FL_CLASSIC_SAMPLES, total);
		assert_true(total <= FL_CLASSIC_SAMPLES);
	}
	assert_int_equal(total, FL_CLASSIC_SAMPLES);
}

/* A slot that is being written has an empty first long, whatever is behind it. */
static void test_leaves_a_slot_that_is_being_written(void **state)
{
	long *buffer = *state, *slot = slot_at(buffer, 3);

	put(buffer, 3, 0);
	slot[0] = FL_CLASSIC_EMPTY;
	assert_int_equal(take_all(buffer, 10, 0), 0);
	put(buffer, 1, 1);
	put(buffer, 2, 2);
	assert_int_equal(take_all(buffer, 10, 1), 2);
	assert_int_equal(slot[0], FL_CLASSIC_EMPTY);
	for (int i = 1; i < FL_CLASSIC_FIELDS; i++)
		assert_int_equal(slot[i], field(0, i));
}

static void test_looks_at_the_slots_only(void **state)
{
	long *buffer = *state;
	const size_t behind = (size_t)FL_CLASSIC_SAMPLES * FL_CLASSIC_FIELDS;

	for (size_t i = behind; i < FL_CLASSIC_BYTES / sizeof(long); i++)
		buffer[i] = 1;
	assert_int_equal(take_all(buffer, 10, 0), 0);
	put(buffer, LAST_SLOT, 9);
	assert_int_equal(take_all(buffer, 10, 9), 1);
	for (size_t i = behind; i < FL_CLASSIC_BYTES / sizeof(long); i++)
		assert_int_equal(buffer[i], 1);
}

static void test_takes_values_that_look_like_nothing(void **state)
{
	long *buffer = *state;
	struct samples s;

	for (int i = 0; i < FL_CLASSIC_FIELDS; i++)
		buffer[i] = 0;
	buffer[FL_CLASSIC_FIELDS] = 5;
	samples_begin(&s, buffer);
	assert_int_equal(samples_copy(&s, out, 10), 2);
	assert_int_equal(out[0].value[0], 0);
	assert_int_equal(out[1].value[0], 5);
	assert_int_equal(out[1].value[3], FL_CLASSIC_EMPTY);
	samples_clear(&s, out, 2);
	assert_true(is_all_empty(buffer));
}

static void test_copying_changes_nothing(void **state)
{
	struct samples s;

	for (int i = 0; i < 3; i++)
		put(*state, i, i);
	samples_begin(&s, *state);
	for (int repeat = 0; repeat < 2; repeat++) {
		assert_int_equal(samples_copy(&s, out, 10), 3);
		for (int i = 0; i < 3; i++) {
			assert_true(is_sample(&out[i], i));
			assert_true(is_there(*state, i, i));
		}
	}
}

static void test_clears_only_what_it_is_told_to(void **state)
{
	struct samples s;

	for (int i = 0; i < 3; i++)
		put(*state, i, i);
	samples_begin(&s, *state);
	assert_int_equal(samples_copy(&s, out, 10), 3);
	samples_clear(&s, out, 1);
	assert_true(is_there(*state, 1, 1));
	assert_int_equal(samples_copy(&s, out, 10), 2);
	assert_true(is_sample(&out[0], 1));
}

static void test_does_not_clear_a_newer_sample(void **state)
{
	struct samples s;

	for (int i = 0; i < 3; i++)
		put(*state, i, i);
	samples_begin(&s, *state);
	assert_int_equal(samples_copy(&s, out, 10), 3);
	put(*state, 1, 1001);
	samples_clear(&s, out, 3);
	assert_true(is_there(*state, 1, 1001));
	assert_int_equal(take_all(*state, 10, 1001), 1);
	assert_true(is_all_empty(*state));
}

static void test_another_reader_may_have_been_faster(void **state)
{
	struct samples slow, fast;

	for (int i = 0; i < 3; i++)
		put(*state, i, i);
	samples_begin(&slow, *state);
	samples_begin(&fast, *state);
	assert_int_equal(samples_copy(&slow, out, 2), 2);
	assert_int_equal(samples_copy(&fast, out, 2), 2);
	samples_clear(&fast, out, 2);
	samples_clear(&slow, out, 2);
	assert_int_equal(samples_copy(&fast, out, 2), 1);
	samples_clear(&fast, out, 1);
	assert_int_equal(samples_copy(&slow, out, 2), 0);
	assert_true(is_all_empty(*state));
}

#define ROUNDS	20
#define READERS 2

/* One buffer, its writer and its readers, each on its own. */
struct race {
	long *buffer;
	int written; /* all of them, says the writer */
	unsigned char seen[READERS][FL_CLASSIC_SAMPLES];
	int torn[READERS];
};

struct reader {
	struct race *race;
	int number;
};

static void *write_all(void *arg)
{
	struct race *race = arg;

	for (int i = 0; i < FL_CLASSIC_SAMPLES; i++)
		put(race->buffer, i, i);
	__atomic_store_n(&race->written, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void *read_all(void *arg)
{
	const struct reader *reader = arg;
	struct race *race = reader->race;
	struct sample batch[64];
	struct samples s;
	size_t count;
	int last;

	do {
		last = __atomic_load_n(&race->written, __ATOMIC_ACQUIRE);
		samples_begin(&s, race->buffer);
		while ((count = samples_copy(&s, batch, 64)) > 0) {
			for (size_t i = 0; i < count; i++) {
				long n = batch[i].value[0] / 10;

				if (is_sample(&batch[i], n))
					race->seen[reader->number][n] = 1;
				else
					race->torn[reader->number]++;
			}
			samples_clear(&s, batch, count);
			last = 0;
		}
	} while (!last);
	return NULL;
}

/* Every sample reaches a reader, none is torn, and all come to an end. */
static void test_two_readers_beside_the_writer(void **state)
{
	for (int round = 0; round < ROUNDS; round++) {
		struct race *race = calloc(1, sizeof(*race));
		struct reader readers[READERS];
		pthread_t threads[READERS + 1];

		assert_non_null(race);
		race->buffer = *state;
		for (int i = 0; i < READERS; i++) {
			readers[i] = (struct reader){ race, i };
			assert_int_equal(pthread_create(&threads[i], NULL, read_all, &readers[i]),
					 0);
		}
		assert_int_equal(pthread_create(&threads[READERS], NULL, write_all, race), 0);
		for (int i = 0; i <= READERS; i++)
			assert_int_equal(pthread_join(threads[i], NULL), 0);
		for (int i = 0; i < FL_CLASSIC_SAMPLES; i++)
			assert_true(race->seen[0][i] || race->seen[1][i]);
		assert_int_equal(race->torn[0] + race->torn[1], 0);
		assert_true(is_all_empty(*state));
		free(race);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_buffer, free_buffer)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_empty_buffer_has_no_samples),
		TEST(test_takes_a_single_sample_from_any_slot),
		TEST(test_takes_only_up_to_the_first_empty_slot),
		TEST(test_takes_a_full_buffer_once),
		TEST(test_goes_round_the_end),
		TEST(test_goes_round_once_at_most),
		TEST(test_leaves_a_slot_that_is_being_written),
		TEST(test_looks_at_the_slots_only),
		TEST(test_takes_values_that_look_like_nothing),
		TEST(test_copying_changes_nothing),
		TEST(test_clears_only_what_it_is_told_to),
		TEST(test_does_not_clear_a_newer_sample),
		TEST(test_another_reader_may_have_been_faster),
		TEST(test_two_readers_beside_the_writer),
	};

	return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}
