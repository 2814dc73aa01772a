// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "made_record.h"
#include "tally.h"

#define START (100 * SECOND)

static struct tally tally;

static int begin(void **state)
{
	(void)state;
	tally = (struct tally){ .start_ns = START };
	return 0;
}

static int end(void **state)
{
	(void)state;
	tally_clear(&tally);
	return 0;
}

static void join(uint32_t target, uint64_t birth_ns)
{
	struct fl_join join = made_join(FL_RECORD_TARGET, target, START + SECOND);

	join.birth_ns = birth_ns;
	assert_int_equal(tally_add(&tally, &join.record), 0);
}

static void sample(uint32_t target, uint64_t time_ns, uint64_t minor, uint64_t resident)
{
	const struct fl_sample sample = made_sample(target, time_ns, minor, resident);

	assert_int_equal(tally_add(&tally, &sample.record), 0);
}

static void leave(uint32_t target, uint64_t minor)
{
	const struct fl_exit last = made_exit(target, START + 9 * SECOND, minor);

	assert_int_equal(tally_add(&tally, &last.record), 0);
}

static void counts_the_young_from_zero_and_the_old_from_their_first_sample(void **state)
{
	(void)state;
	join(1, START + SECOND);
	join(2, START - SECOND);
	sample(1, START + 2 * SECOND, 100, 10);
	sample(2, START + 2 * SECOND, 5000, 20);
	assert_int_equal(tally.minor, 100);
	assert_int_equal(tally.resident, 30);
	sample(2, START + 3 * SECOND, 5030, 25);
	assert_int_equal(tally.minor, 130);
	assert_int_equal(tally.major, 10 + 3);
	assert_int_equal(tally.cpu_ns, 130000);
	assert_int_equal(tally.resident, 35);
	assert_int_equal(tally.samples, 3);
	assert_int_equal(tally.time_ns, START + 3 * SECOND);
}

static void the_dead_have_counted_and_hold_no_memory(void **state)
{
	(void)state;
	join(1, START + SECOND);
	join(2, START + SECOND);
	sample(1, START + 2 * SECOND, 100, 10);
	sample(2, START + 2 * SECOND, 50, 7);
	leave(1, 140);
	assert_int_equal(tally.processes, 2);
	assert_int_equal(tally.alive, 1);
	assert_int_equal(tally.minor, 190);
	assert_int_equal(tally.resident, 7);
}

static void who_was_never_sampled_counts_at_its_end(void **state)
{
	(void)state;
	join(1, START + SECOND);
	join(2, START - SECOND);
	leave(1, 140);
	leave(2, 999); /* of which nobody knows how many were before */
	assert_int_equal(tally.minor, 140);
	assert_int_equal(tally.alive, 0);
}

static void who_left_counts_if_it_is_told(void **state)
{
	const struct fl_left moved = made_left(1, START + 3 * SECOND, FL_LEFT_CGROUP, 120);
	const struct fl_left denied = made_left(2, START + 3 * SECOND, FL_LEFT_DENIED, 0);

	(void)state;
	join(1, START + SECOND);
	join(2, START + SECOND);
	sample(1, START + 2 * SECOND, 100, 10);
	sample(2, START + 2 * SECOND, 200, 10);
	tally_add(&tally, &moved.record);
	tally_add(&tally, &denied.record);
	assert_int_equal(tally.minor, 120 + 200);
	assert_int_equal(tally.resident, 0);
	assert_int_equal(tally.alive, 0);
}

static void strangers_are_left_out(void **state)
{
	const struct fl_missed missed = { .record = made(FL_RECORD_MISSED, sizeof(missed),
							 START + 4 * SECOND) };

	(void)state;
	sample(7, START + 2 * SECOND, 100, 10);
	leave(7, 200);
	tally_add(&tally, &missed.record);
	assert_int_equal(tally.minor, 0);
	assert_int_equal(tally.processes, 0);
	assert_int_equal(tally.time_ns, START + 9 * SECOND);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counts_the_young_from_zero_and_the_old_from_their_first_sample),
		TEST(the_dead_have_counted_and_hold_no_memory),
		TEST(who_was_never_sampled_counts_at_its_end),
		TEST(who_left_counts_if_it_is_told),
		TEST(strangers_are_left_out),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
