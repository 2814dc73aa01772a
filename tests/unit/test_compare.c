// SPDX-License-Identifier: MIT
#include <math.h>

#include "compare.h"
#include "made_history.h"

static struct compare compare;

static int begin(void **state)
{
	(void)state;
	compare = (struct compare){ 0 };
	return 0;
}

static int end(void **state)
{
	(void)state;
	compare_free(&compare);
	return 0;
}

/* A run in which "cc" ran twice and "ld" once, with so many faults of the first cc. */
static void build(uint64_t faults)
{
	made_join(1, 0, 0, "cc");
	made_sample(1, 5, (struct fl_counts){ .resident = 10 });
	made_exit(1, SECOND, 0, (struct fl_counts){ .minor = faults, .cpu_ns = 7 });
	made_join(2, 0, 2 * SECOND, "cc");
	made_sample(2, 2 * SECOND + 5, (struct fl_counts){ .resident = 30 });
	made_exit(2, 3 * SECOND, 0, (struct fl_counts){ .minor = 50, .voluntary = 2 });
	made_join(3, 0, 3 * SECOND, "ld");
	made_exit(3, 4 * SECOND, 0, (struct fl_counts){ .minor = 20, .major = 1 });
}

static void add(enum compare_side side, uint64_t faults)
{
	assert_int_equal(made_new(NULL), 0);
	build(faults);
	assert_int_equal(compare_add(&compare, side, made), 0);
	made_free(NULL);
}

static struct compare_change change_of(const char *name, uint32_t nth, enum compare_figure figure)
{
	for (size_t i = 0; i < compare.number; i++)
		if (!strcmp(compare.subjects[i].name, name) && compare.subjects[i].nth == nth)
			return compare_change(&compare, &compare.subjects[i], figure);
	fail_msg("%s %u is not compared", name, nth);
	return (struct compare_change){ 0 };
}

static void test_single_runs(void **state)
{
	struct compare_change change;

	(void)state;
	add(COMPARE_BEFORE, 100);
	add(COMPARE_AFTER, 130);
	assert_int_equal(compare_finish(&compare), 0);
	assert_int_equal(compare.number, 3);
	assert_string_equal(compare.subjects[0].name, "");
	assert_string_equal(compare.subjects[1].name, "cc");
	assert_string_equal(compare.subjects[2].name, "ld");
	change = change_of("", 0, COMPARE_MINOR);
	assert_true(change.before.mean == 170 && change.after.mean == 200);
	assert_true(change.difference == 30 && fabs(change.percent - 17.647) < 0.001);
	assert_true(change.chance == -1 && !compare_is_beyond(&change));
	assert_true(change_of("cc", 0, COMPARE_MINOR).after.mean == 180);
	assert_true(change_of("cc", 0, COMPARE_PROCESSES).after.mean == 2);
	assert_true(change_of("cc", 0, COMPARE_ELAPSED).after.mean == 2.0 * SECOND);
	assert_true(change_of("cc", 0, COMPARE_RESIDENT).after.mean == 30 * MADE_PAGE);
	assert_true(change_of("", 0, COMPARE_RESIDENT).after.mean == 30 * MADE_PAGE);
	assert_true(change_of("", 0, COMPARE_ELAPSED).before.mean == 4.0 * SECOND);
	assert_true(change_of("", 0, COMPARE_SWITCHES).before.mean == 2);
	assert_true(change_of("", 0, COMPARE_MAJOR).before.mean == 1);
}

/* Nobody looked at ld while it lived, and the kernel told nothing of its memory. */
static void test_a_peak_that_nobody_knows(void **state)
{
	struct compare_change change;

	(void)state;
	add(COMPARE_BEFORE, 100);
	add(COMPARE_AFTER, 100);
	assert_int_equal(made_new(NULL), 0);
	build(100);
	made_join(4, 0, 0, "ld");
	made_sample(4, 5, (struct fl_counts){ .resident = 40 });
	assert_int_equal(compare_add(&compare, COMPARE_AFTER, made), 0);
	made_free(NULL);
	assert_int_equal(compare_finish(&compare), 0);
	change = change_of("ld", 0, COMPARE_RESIDENT);
	assert_int_equal(change.before.number, 0);
	assert_int_equal(change.after.number, 1);
	assert_true(change.after.mean == 40 * MADE_PAGE);
	assert_true(isnan(change.difference) && isnan(change.percent) && change.chance == -1);
	assert_int_equal(change_of("ld", 0, COMPARE_SWAPPED).before.number, 0);
	assert_int_equal(change_of("", 0, COMPARE_RESIDENT).before.number, 1);
}

static void test_each_by_itself(void **state)
{
	(void)state;
	compare.each = true;
	add(COMPARE_BEFORE, 100);
	add(COMPARE_AFTER, 130);
	assert_int_equal(compare_finish(&compare), 0);
	assert_int_equal(compare.number, 4);
	assert_true(change_of("cc", 1, COMPARE_MINOR).difference == 30);
	assert_true(change_of("cc", 2, COMPARE_MINOR).difference == 0);
	assert_true(change_of("ld", 1, COMPARE_MINOR).before.mean == 20);
}

static void test_sets_tell_changes_from_noise(void **state)
{
	struct compare_change change;

	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		add(COMPARE_BEFORE, 1000 + i);
		add(COMPARE_AFTER, 1010 + i);
	}
	assert_int_equal(compare_finish(&compare), 0);
	change = change_of("", 0, COMPARE_MINOR);
	assert_int_equal(change.before.number, 4);
	assert_true(change.difference == 10);
	assert_true(change.chance > 0 && compare_is_beyond(&change));
	change = change_of("ld", 0, COMPARE_MINOR);
	assert_true(change.chance == 1 && !compare_is_beyond(&change));
}

static void test_noise_is_no_change(void **state)
{
	struct compare_change change;

	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		add(COMPARE_BEFORE, 1000 + 100 * i);
		add(COMPARE_AFTER, 1010 + 100 * i);
	}
	assert_int_equal(compare_finish(&compare), 0);
	change = change_of("", 0, COMPARE_MINOR);
	assert_true(change.difference == 10 && !compare_is_beyond(&change));
}

static void test_what_one_side_does_not_have(void **state)
{
	struct compare_change change;

	(void)state;
	add(COMPARE_BEFORE, 100);
	assert_int_equal(made_new(NULL), 0);
	build(100);
	made_join(9, 0, 0, "new");
	made_exit(9, 1, 0, (struct fl_counts){ .minor = 3 });
	assert_int_equal(compare_add(&compare, COMPARE_AFTER, made), 0);
	made_free(NULL);
	assert_int_equal(compare_finish(&compare), 0);
	change = change_of("new", 0, COMPARE_MINOR);
	assert_true(change.before.mean == 0 && change.after.mean == 3 && isinf(change.percent));
	assert_true(change_of("new", 0, COMPARE_MAJOR).percent == 0);
}

static void test_segments_are_runs(void **state)
{
	(void)state;
	assert_int_equal(made_new(NULL), 0);
	build(100);
	made_begin(10 * MS);
	build(300);
	assert_int_equal(compare_add(&compare, COMPARE_BEFORE, made), 0);
	made_free(NULL);
	add(COMPARE_AFTER, 1);
	assert_int_equal(compare_finish(&compare), 0);
	assert_int_equal(compare.runs[COMPARE_BEFORE], 2);
	assert_true(change_of("", 0, COMPARE_MINOR).before.mean == 270);
}

static void test_a_process_without_a_name_is_not_all(void **state)
{
	(void)state;
	assert_int_equal(made_new(NULL), 0);
	made_join(1, 0, 0, "");
	made_exit(1, 1, 0, (struct fl_counts){ .minor = 3 });
	assert_int_equal(compare_add(&compare, COMPARE_BEFORE, made), 0);
	assert_int_equal(compare_add(&compare, COMPARE_AFTER, made), 0);
	made_free(NULL);
	assert_int_equal(compare_finish(&compare), 0);
	assert_int_equal(compare.number, 2);
	assert_true(change_of("", 0, COMPARE_MINOR).before.mean == 3);
	assert_true(change_of("?", 0, COMPARE_MINOR).before.mean == 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(single_runs),	  TEST(a_peak_that_nobody_knows),
		TEST(each_by_itself),	  TEST(sets_tell_changes_from_noise),
		TEST(noise_is_no_change), TEST(what_one_side_does_not_have),
		TEST(segments_are_runs),  TEST(a_process_without_a_name_is_not_all),
	};

	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
