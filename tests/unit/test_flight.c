// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "flight.h"
#include "made_record.h"

#define START (100 * SECOND)

static struct flight *flight;

/* What flight_write() gave. */
static struct {
	struct fl_exit records[4096]; /* as long as any here */
	size_t number;
	size_t room;
} given;

static int begin(void **state)
{
	(void)state;
	flight = flight_new(10 * SECOND);
	memset(&given, 0, sizeof(given));
	given.room = 4096;
	return flight ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	flight_free(flight);
	return 0;
}

static void add(const struct fl_record *record)
{
	assert_int_equal(flight_add(flight, record), 0);
}

static void join(enum fl_record_type type, uint32_t target, uint64_t time_ns)
{
	const struct fl_join join = made_join(type, target, time_ns);

	add(&join.record);
}

static void sample(uint32_t target, uint64_t time_ns, uint64_t minor)
{
	const struct fl_sample sample = made_sample(target, time_ns, minor, 1);

	add(&sample.record);
}

static void leave(uint32_t target, uint64_t time_ns)
{
	const struct fl_exit last = made_exit(target, time_ns, 0);

	add(&last.record);
}

static int take(void *context, const struct fl_record *record)
{
	(void)context;
	if (given.number == given.room)
		return -ENOSPC;
	assert_true(record->size <= sizeof(given.records[0]));
	memcpy(&given.records[given.number++], record, record->size);
	return 0;
}

static void write_all(void)
{
	given.number = 0;
	assert_int_equal(flight_write(flight, take, NULL), 0);
	for (size_t i = 0; i < given.number; i++)
		assert_int_equal(given.records[i].record.seq, i);
}

static void is(size_t i, enum fl_record_type type, uint32_t target, uint64_t time_ns)
{
	assert_true(i < given.number);
	assert_int_equal(given.records[i].record.type, type);
	assert_int_equal(given.records[i].target, target);
	assert_int_equal(given.records[i].record.time_ns, time_ns);
}

static void is_not_there(uint32_t target)
{
	for (size_t i = 0; i < given.number; i++)
		assert_int_not_equal(given.records[i].target, target);
}

static void keeps_all_of_a_short_flight(void **state)
{
	(void)state;
	join(FL_RECORD_TARGET, 1, START);
	for (unsigned int s = 1; s <= 10; s++)
		sample(1, START + s * SECOND, s);
	assert_int_equal(flight_begin_ns(flight), 0);
	write_all();
	assert_int_equal(given.number, 11);
	is(0, FL_RECORD_TARGET, 1, START);
	is(10, FL_RECORD_SAMPLE, 1, START + 10 * SECOND);
}

static void forgets_but_not_who_is_there_and_what_it_had_counted(void **state)
{
	const struct fl_exec exec = made_exec(1, START + 2 * SECOND);

	(void)state;
	join(FL_RECORD_TARGET, 1, START);
	join(FL_RECORD_FORK, 2, START + SECOND);
	add(&exec.record);
	for (unsigned int s = 3; s <= 30; s++) {
		sample(1, START + s * SECOND, s);
		if (s <= 25)
			sample(2, START + s * SECOND, s);
	}
	assert_int_equal(flight_begin_ns(flight), START + 20 * SECOND);
	write_all();
	assert_int_equal(given.number, 5 + 11 + 6);
	is(0, FL_RECORD_TARGET, 1, START);
	is(1, FL_RECORD_FORK, 2, START + SECOND);
	is(2, FL_RECORD_EXEC, 1, START + 2 * SECOND);
	is(3, FL_RECORD_SAMPLE, 1, START + 19 * SECOND);
	assert_int_equal(given.records[3].counts.minor, 19);
	is(4, FL_RECORD_SAMPLE, 2, START + 19 * SECOND);
	is(5, FL_RECORD_SAMPLE, 1, START + 20 * SECOND);
	is(given.number - 1, FL_RECORD_SAMPLE, 1, START + 30 * SECOND);
}

static void who_died_before_the_window_is_forgotten(void **state)
{
	(void)state;
	join(FL_RECORD_TARGET, 1, START);
	join(FL_RECORD_FORK, 2, START);
	join(FL_RECORD_FORK, 3, START);
	sample(2, START + SECOND, 5);
	leave(2, START + 2 * SECOND);
	leave(3, START + 15 * SECOND);
	sample(1, START + 20 * SECOND, 1);
	write_all();
	is_not_there(2);
	assert_int_equal(given.number, 4);
	is(1, FL_RECORD_FORK, 3, START);
	is(2, FL_RECORD_EXIT, 3, START + 15 * SECOND);
	sample(1, START + 26 * SECOND, 1);
	write_all();
	is_not_there(3);
}

static void who_left_is_forgotten_too(void **state)
{
	const struct fl_left left = made_left(1, START + SECOND, FL_LEFT_CGROUP, 3);

	(void)state;
	join(FL_RECORD_TARGET, 1, START);
	add(&left.record);
	join(FL_RECORD_TARGET, 2, START + 20 * SECOND);
	write_all();
	assert_int_equal(given.number, 1);
	is(0, FL_RECORD_TARGET, 2, START + 20 * SECOND);
}

/* A pass begins before a fork, and its sample of the child comes behind: with the earlier time. */
static void who_is_told_of_comes_before_a_sample_of_an_earlier_time(void **state)
{
	(void)state;
	join(FL_RECORD_FORK, 1, START + 5);
	sample(1, START + 3, 7);
	join(FL_RECORD_TARGET, 2, START + 20 * SECOND);
	write_all();
	assert_int_equal(given.number, 3);
	is(0, FL_RECORD_FORK, 1, START + 5);
	is(1, FL_RECORD_SAMPLE, 1, START + 3);
}

static void memory_is_that_of_the_window(void **state)
{
	size_t most = 0;

	(void)state;
	join(FL_RECORD_TARGET, 1, START);
	for (unsigned int i = 1; i < 200000; i++) {
		sample(1, START + i * (SECOND / 100), i);
		if (flight_bytes(flight) > most)
			most = flight_bytes(flight);
	}
	assert_in_range(most, 1000 * sizeof(struct fl_sample), 1002 * sizeof(struct fl_sample));
	write_all();
	assert_int_equal(given.number, 2 + 1001);
	assert_int_equal(given.records[1].counts.minor, 199999 - 1001);
}

static void writes_again_after_more(void **state)
{
	(void)state;
	join(FL_RECORD_TARGET, 1, START);
	sample(1, START + SECOND, 1);
	write_all();
	assert_int_equal(given.number, 2);
	sample(1, START + 2 * SECOND, 1);
	write_all();
	assert_int_equal(given.number, 3);
}

static void a_taker_that_fails_ends_it(void **state)
{
	(void)state;
	join(FL_RECORD_TARGET, 1, START);
	sample(1, START + SECOND, 1);
	sample(1, START + 20 * SECOND, 1);
	for (given.room = 0; given.room < 3; given.room++) {
		given.number = 0;
		assert_int_equal(flight_write(flight, take, NULL), -ENOSPC);
		assert_int_equal(given.number, given.room);
	}
}

static void nothing_is_nothing(void **state)
{
	(void)state;
	write_all();
	assert_int_equal(given.number, 0);
	assert_int_equal(flight_bytes(flight), 0);
	flight_free(NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keeps_all_of_a_short_flight),
		TEST(forgets_but_not_who_is_there_and_what_it_had_counted),
		TEST(who_died_before_the_window_is_forgotten),
		TEST(who_left_is_forgotten_too),
		TEST(who_is_told_of_comes_before_a_sample_of_an_earlier_time),
		TEST(memory_is_that_of_the_window),
		TEST(writes_again_after_more),
		TEST(a_taker_that_fails_ends_it),
		TEST(nothing_is_nothing),
	};

	return cmocka_run_group_tests_name("flight", tests, NULL, NULL);
}
