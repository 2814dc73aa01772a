// SPDX-License-Identifier: MIT
/* What a page draws of a process, and the times that all of a segment share. */
#include "made_history.h"
#include "page_points.h"

static struct page_points points;
static struct page_times times;

static int begin(void **state)
{
	points = (struct page_points){ 0 };
	times = (struct page_times){ 0 };
	return made_new(state);
}

static int end(void **state)
{
	page_points_free(&points);
	page_times_free(&times);
	return made_free(state);
}

static void assert_point(size_t i, uint64_t at_ns, uint64_t minor, uint64_t resident)
{
	assert_true(i < points.number);
	assert_int_equal(points.all[i].time_ns, START + at_ns);
	assert_int_equal(points.all[i].counts.minor, minor);
	assert_int_equal(points.all[i].counts.resident, resident);
}

static void test_a_life_that_was_recorded_begins_at_nothing(void **state)
{
	(void)state;
	made_join(1, 0, 1 * MS, "job");
	made_sample(1, 10 * MS, (struct fl_counts){ .minor = 50, .resident = 7 });
	made_exit(1, 15 * MS, 0, (struct fl_counts){ .minor = 60 });
	assert_int_equal(page_points_make(&points, made, &made->processes[0]), 0);
	assert_int_equal(points.number, 3);
	assert_point(0, 1 * MS, 0, 0);
	assert_point(1, 10 * MS, 50, 7);
	assert_point(2, 15 * MS, 60, 7);
}

static void test_what_lives_lasts_to_the_end(void **state)
{
	(void)state;
	made_join(1, 0, 0, "job");
	made_sample(1, 10 * MS, (struct fl_counts){ .minor = 50, .resident = 7 });
	made_end(30 * MS, (struct faultline_end){ 0 });
	assert_int_equal(page_points_make(&points, made, &made->processes[0]), 0);
	assert_int_equal(points.number, 3);
	assert_point(2, 30 * MS, 50, 7);
}

static void test_totals_from_before_do_not_count(void **state)
{
	const struct fl_join old = { .record = made_record(FL_RECORD_TARGET, sizeof(old), 0),
				     .target = 1,
				     .birth_ns = START - SECOND };

	(void)state;
	assert_int_equal(history_add(made, &old.record), 0);
	made_sample(1, 10 * MS, (struct fl_counts){ .minor = 1000, .resident = 7 });
	made_sample(1, 20 * MS, (struct fl_counts){ .minor = 1005, .resident = 7 });
	assert_int_equal(page_points_make(&points, made, &made->processes[0]), 0);
	assert_int_equal(points.number, 2);
	assert_point(0, 10 * MS, 0, 7);
	assert_point(1, 20 * MS, 5, 7);
}

static void test_of_one_time_the_last_counts(void **state)
{
	(void)state;
	made_join(1, 0, 0, "job");
	made_sample(1, 10 * MS, (struct fl_counts){ .minor = 50 });
	made_exit(1, 10 * MS, 0, (struct fl_counts){ .minor = 60 });
	assert_int_equal(page_points_make(&points, made, &made->processes[0]), 0);
	assert_int_equal(points.number, 2);
	assert_point(1, 10 * MS, 60, 0);
}

static void test_times_are_there_once_and_found(void **state)
{
	(void)state;
	made_join(1, 0, 0, "one");
	made_join(2, 0, 5 * MS, "two");
	for (uint64_t i = 1; i <= 3; i++) {
		made_sample(2, i * 10 * MS, (struct fl_counts){ .minor = i });
		made_sample(1, i * 10 * MS, (struct fl_counts){ .minor = i });
	}
	assert_int_equal(page_times_make(&times, made, 0), 0);
	assert_int_equal(times.number, 5);
	for (size_t i = 0; i < times.number; i++)
		assert_int_equal(page_times_find(&times, times.ns[i], 0), i);
	assert_int_equal(times.ns[0], START);
	assert_int_equal(times.ns[1], START + 5 * MS);
	assert_int_equal(page_times_find(&times, START + 30 * MS, 4), 4);
}

static void test_a_segment_has_its_own_times(void **state)
{
	(void)state;
	made_join(1, 0, 0, "one");
	made_sample(1, 10 * MS, (struct fl_counts){ .minor = 1 });
	made_begin(10 * MS);
	assert_int_equal(page_times_make(&times, made, 1), 0);
	assert_int_equal(times.number, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_life_that_was_recorded_begins_at_nothing,
						begin, end),
		cmocka_unit_test_setup_teardown(test_what_lives_lasts_to_the_end, begin, end),
		cmocka_unit_test_setup_teardown(test_totals_from_before_do_not_count, begin, end),
		cmocka_unit_test_setup_teardown(test_of_one_time_the_last_counts, begin, end),
		cmocka_unit_test_setup_teardown(test_times_are_there_once_and_found, begin, end),
		cmocka_unit_test_setup_teardown(test_a_segment_has_its_own_times, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
