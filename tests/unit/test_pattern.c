// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "pattern.h"

#define MIB  1048576ULL
#define PAGE 4096

/* How many pages of a buffer the first @accesses of a sequence touch. */
static double count_pages(enum pattern_kind kind, uint64_t mb, uint64_t accesses, uint64_t seed)
{
	unsigned char *touched = calloc(mb * MIB / PAGE, 1);
	struct pattern p;
	uint64_t count = 0;

	assert_non_null(touched);
	pattern_init(&p, kind, mb * MIB, seed);
	for (uint64_t i = 0; i < accesses; i++) {
		uint64_t page = pattern_next(&p) / PAGE;

		count += !touched[page];
		touched[page] = 1;
	}
	free(touched);
	return count;
}

static double expected_pages(uint64_t mb, double accesses)
{
	double pages = (double)mb * MIB / PAGE;

	return pages * (1 - exp(-accesses / pages));
}

static void assert_near(double measured, double expected, double tolerance)
{
	if (fabs(measured - expected) > expected * tolerance)
		fail_msg("%.0f is not within %.1f %% of %.0f", measured, tolerance * 100, expected);
}

/* The accesses of the case studies: `work 1024 R 50000`, `1024 R 10000`, `200 R 10000`. */
static void test_random_touches_the_pages_that_chance_would(void **state)
{
	static const uint64_t runs[][2] = {
		{ 1024, 1000000 }, { 1024, 200000 }, { 200, 200000 }, { 3, 500 }
	};

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		for (uint64_t seed = 0; seed < 3; seed++)
			assert_near(count_pages(PATTERN_RANDOM, runs[i][0], runs[i][1], seed),
				    expected_pages(runs[i][0], runs[i][1]),
				    runs[i][0] == 3 ? 0.05 : 0.01);
}

/* Chi squared over 1000 equal parts: mean 999, standard deviation 44.7, so 1223 is 5 of them. */
static void test_random_is_uniform_over_bytes(void **state)
{
	static const uint64_t sizes[] = { 1 * MIB, 1000 * MIB, 1024 * MIB };
	const int parts = 1000, accesses = 1000000;

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		uint64_t in_part[1000] = { 0 }, last_bytes[256] = { 0 };
		double mean = (double)accesses / parts, sum = 0;
		struct pattern p;

		pattern_init(&p, PATTERN_RANDOM, sizes[s], 4711);
		for (int i = 0; i < accesses; i++) {
			uint64_t at = pattern_next(&p);

			assert_true(at < sizes[s]);
			in_part[at * parts / sizes[s]]++;
			last_bytes[at % 256]++;
		}
		for (int i = 0; i < parts; i++)
			sum += (in_part[i] - mean) * (in_part[i] - mean) / mean;
		assert_true(sum > 775 && sum < 1223);
		for (int i = 0; i < 256; i++)
			assert_near(last_bytes[i], accesses / 256.0, 0.1);
	}
}

static uint64_t step(uint64_t from, uint64_t to, uint64_t size)
{
	return (to + size - from) % size;
}

/*
 * Seen from outside: an access more than a step away from the walk is a random one. That a random
 * one lands within a step by chance happens 3 times in 10 million; with these seeds it does not.
 */
static void test_two_of_ten_local_accesses_are_random(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 10; seed++) {
		uint64_t size = 1024 * MIB, walk, at;
		struct pattern p;
		int jumped;

		pattern_init(&p, PATTERN_LOCAL, size, seed);
		walk = p.walk;
		for (int ten = 0; ten < 10000; ten++) {
			jumped = 0;
			for (int i = 0; i < 10; i++) {
				at = pattern_next(&p);
				assert_true(at < size);
				if (step(walk, at, size) > PATTERN_STEP_MAX)
					jumped++;
				else
					walk = at;
			}
			assert_int_equal(jumped, 2);
		}
	}
}

/* Also in the smallest buffer, where the walk goes round the end many times. */
static void test_local_accesses_step_0_to_299_bytes(void **state)
{
	static const uint64_t sizes[] = { 1 * MIB, 1024 * MIB };
	const int accesses = 500000;

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		uint64_t taken[PATTERN_STEP_MAX + 1] = { 0 }, size = sizes[s], rounds = 0;
		struct pattern p;

		pattern_init(&p, PATTERN_LOCAL, size, 99);
		for (int i = 0; i < accesses; i++) {
			uint64_t from = p.walk, at = pattern_next(&p);

			assert_true(at < size);
			if (i % PATTERN_RANDOM_EVERY == 0) {
				assert_true(p.walk == from);
				continue;
			}
			assert_true(step(from, at, size) <= PATTERN_STEP_MAX);
			taken[step(from, at, size)]++;
			rounds += at < from;
		}
		for (int i = 0; i <= PATTERN_STEP_MAX; i++)
			assert_near(taken[i], accesses * 0.8 / 300, 0.15);
		if (size == MIB)
			assert_near(rounds, accesses * 0.8 * 149.5 / MIB, 0.05);
	}
}

/* `work 1024 L 10000`: 40,000 random accesses, and a walk over at most 5.8 k pages. */
static void test_local_touches_few_pages(void **state)
{
	double random = expected_pages(1024, 40000), walk = 160000 * 149.5 / PAGE, pages;

	(void)state;
	for (uint64_t seed = 0; seed < 5; seed++) {
		pages = count_pages(PATTERN_LOCAL, 1024, 200000, seed);
		assert_true(pages > random * 0.99 && pages < (random + walk) * 1.01);
	}
}

static void test_walks_start_at_random_places(void **state)
{
	double sum = 0, lowest = 1, highest = 0;
	struct pattern p;

	(void)state;
	for (uint64_t seed = 0; seed < 1000; seed++) {
		double at;

		pattern_init(&p, PATTERN_LOCAL, MIB, seed);
		at = (double)p.walk / MIB;
		sum += at;
		lowest = fmin(lowest, at);
		highest = fmax(highest, at);
	}
	assert_near(sum / 1000, 0.5, 0.1);
	assert_true(lowest < 0.01 && highest > 0.99);
}

/* How many of the first 1000 accesses of two sequences are to the same byte. */
static int count_equal(enum pattern_kind kind, uint64_t seed, uint64_t other_seed)
{
	struct pattern p, q;
	int equal = 0;

	pattern_init(&p, kind, 1024 * MIB, seed);
	pattern_init(&q, kind, 1024 * MIB, other_seed);
	for (int i = 0; i < 1000; i++)
		equal += pattern_next(&p) == pattern_next(&q);
	return equal;
}

static void test_the_seed_decides_the_sequence(void **state)
{
	(void)state;
	for (int kind = PATTERN_RANDOM; kind <= PATTERN_LOCAL; kind++) {
		assert_int_equal(count_equal(kind, 0, 0), 1000);
		assert_int_equal(count_equal(kind, UINT64_MAX, UINT64_MAX), 1000);
		assert_true(count_equal(kind, 0, 1) < 5);
		assert_true(count_equal(kind, 1, 2) < 5);
		assert_true(count_equal(kind, UINT64_MAX, 0) < 5);
	}
}

/* A printed seed must repeat its run with every later build. */
static void test_sequences_stay_what_they_were(void **state)
{
	static const uint64_t random[] = { 311356519, 775050590, 1044564235 };
	static const uint64_t local[] = { 311356519, 50486555,	50486590, 50486851,
					  50487099,  397819045, 50487132 };
	struct pattern p;

	(void)state;
	pattern_init(&p, PATTERN_RANDOM, 1000 * MIB, 1);
	for (size_t i = 0; i < sizeof(random) / sizeof(random[0]); i++)
		assert_true(pattern_next(&p) == random[i]);
	pattern_init(&p, PATTERN_LOCAL, 1000 * MIB, 1);
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		assert_true(pattern_next(&p) == local[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_touches_the_pages_that_chance_would),
		cmocka_unit_test(test_random_is_uniform_over_bytes),
		cmocka_unit_test(test_two_of_ten_local_accesses_are_random),
		cmocka_unit_test(test_local_accesses_step_0_to_299_bytes),
		cmocka_unit_test(test_local_touches_few_pages),
		cmocka_unit_test(test_walks_start_at_random_places),
		cmocka_unit_test(test_the_seed_decides_the_sequence),
		cmocka_unit_test(test_sequences_stay_what_they_were),
	};

	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
