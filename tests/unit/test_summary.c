// SPDX-License-Identifier: MIT
#include "made_history.h"
#include "series.h"
#include "summary.h"

static struct summary summarize(uint32_t segment)
{
	struct summary summary;

	assert_int_equal(summary_make(made, segment, &summary), 0);
	return summary;
}

static void test_totals(void **state)
{
	struct summary summary;

	(void)state;
	made_join(1, 0, SECOND, "one");
	made_join(2, 1, 2 * SECOND, "two");
	made_exit(2, 3 * SECOND, 0, (struct fl_counts){ .minor = 5, .major = 1, .cpu_ns = 30 });
	made_exit(1, 4 * SECOND, 0,
		  (struct fl_counts){ .minor = 7,
				      .cpu_ns = 3,
				      .system_ns = 2,
				      .voluntary = 3,
				      .involuntary = 4 });
	made_end(5 * SECOND, (struct faultline_end){ .passes = 500,
						     .own_cpu_ns = 10,
						     .pass_ns = 5,
						     .lost = 1,
						     .overwritten = 2,
						     .skipped = 3,
						     .missed = 4,
						     .shed = 5,
						     .unfollowed = 6 });
	summary = summarize(0);
	assert_int_equal(summary.elapsed_ns, 5 * SECOND);
	assert_int_equal(summary.life_ns, 3 * SECOND);
	assert_int_equal(summary.processes, 2);
	assert_int_equal(summary.total.minor, 12);
	assert_int_equal(summary.total.major, 1);
	assert_int_equal(summary.total.cpu_ns, 33);
	assert_int_equal(summary.total.system_ns, 2);
	assert_int_equal(summary.total.voluntary, 3);
	assert_int_equal(summary.total.involuntary, 4);
	assert_int_equal(summary.lost, 6);
	assert_int_equal(summary.missed, 4);
	assert_int_equal(summary.shed, 5);
	assert_int_equal(summary.unfollowed, 6);
	assert_int_equal(summary.cost_ns, 15);
}

static void test_who_stands_in_has_its_passes_in_its_cpu_time(void **state)
{
	(void)state;
	made->segments[0].head.source = FAULTLINE_SOURCE_PROC;
	made_end(SECOND, (struct faultline_end){ .own_cpu_ns = 10, .pass_ns = 5 });
	assert_int_equal(summarize(0).cost_ns, 10);
}

/* Two that are never large at the same time. */
/* The sanitizer looks at how it is added up; that it means nothing is clear. */
static void test_nonsense_is_added_up_all_the_same(void **state)
{
	(void)state;
	for (uint32_t target = 1; target <= 3; target++) {
		made_join(target, 0, 0, "job");
		made_sample(target, SECOND, (struct fl_counts){ .resident = INT64_MAX });
		made_sample(target, 2 * SECOND, (struct fl_counts){ .resident = 1ULL << 63 });
	}
	assert_int_equal(summarize(0).processes, 3);
}

static void test_peaks_are_of_one_moment(void **state)
{
	(void)state;
	made_join(1, 0, 0, "one");
	made_join(2, 0, 0, "two");
	made_sample(1, SECOND, (struct fl_counts){ .resident = 100, .swapped = 7 });
	made_sample(2, SECOND, (struct fl_counts){ .resident = 10 });
	made_sample(1, 2 * SECOND, (struct fl_counts){ .resident = 10, .swapped = 1 });
	made_sample(2, 2 * SECOND, (struct fl_counts){ .resident = 95, .swapped = 5 });
	assert_int_equal(summarize(0).peak_resident, 110);
	assert_int_equal(summarize(0).peak_swapped, 7);
}

static void test_the_dead_have_no_memory(void **state)
{
	(void)state;
	made_join(1, 0, 0, "one");
	made_sample(1, SECOND, (struct fl_counts){ .resident = 100 });
	made_exit(1, 2 * SECOND, 0, (struct fl_counts){ 0 });
	made_join(2, 0, 0, "two");
	made_sample(2, 3 * SECOND, (struct fl_counts){ .resident = 90 });
	assert_int_equal(summarize(0).peak_resident, 100);
}

static void test_threads_share_their_memory(void **state)
{
	(void)state;
	for (uint32_t target = 1; target <= 2; target++) {
		struct fl_join join = { .record = made_record(FL_RECORD_TARGET, sizeof(join), 0),
					.target = target,
					.pid = 50,
					.tid = 50 + target };

		assert_int_equal(history_add(made, &join.record), 0);
		made_sample(target, SECOND, (struct fl_counts){ .resident = 100 });
	}
	assert_int_equal(summarize(0).peak_resident, 100);
	assert_int_equal(summarize(0).threads, 2);
}

static void test_without_an_end_records_tell_what_is_missing(void **state)
{
	const struct fl_missed missed = { .record =
						  made_record(FL_RECORD_MISSED, sizeof(missed), 1),
					  .deadlines = 4,
					  .shed = 5 };
	const struct fl_lost lost = { .record = made_record(FL_RECORD_LOST, sizeof(lost), 2),
				      .records = 6,
				      .unfollowed = 7 };

	(void)state;
	assert_int_equal(history_add(made, &missed.record), 0);
	assert_int_equal(history_add(made, &missed.record), 0);
	made_begin(10 * MS);
	assert_int_equal(history_add(made, &lost.record), 0);
	assert_int_equal(summarize(0).missed, 8);
	assert_int_equal(summarize(0).shed, 10);
	assert_int_equal(summarize(0).lost, 0);
	assert_int_equal(summarize(1).missed, 0);
	assert_int_equal(summarize(1).lost, 6);
	assert_int_equal(summarize(1).unfollowed, 7);
}

static void test_series_of_one_and_of_all(void **state)
{
	struct series series;

	(void)state;
	made_join(1, 0, 0, "one");
	made_join(2, 0, 2 * SECOND, "two");
	made_sample(1, SECOND, (struct fl_counts){ .minor = 100, .resident = 5 });
	made_sample(1, 4 * SECOND, (struct fl_counts){ .minor = 400, .resident = 6 });
	made_exit(2, 3 * SECOND, 0, (struct fl_counts){ .minor = 50 });
	assert_int_equal(series_make(made, 0, HISTORY_NONE, 4, &series), 0);
	assert_int_equal(series.number, 4);
	assert_int_equal(series.step_ns, SECOND);
	assert_int_equal(series.slices[0].minor, 100);
	assert_int_equal(series.slices[2].minor, 150);
	assert_int_equal(series.slices[3].minor, 100);
	assert_int_equal(series.slices[3].resident, 6);
	series_free(&series);
	assert_int_equal(series_make(made, 0, 1, 4, &series), 0);
	assert_int_equal(series.slices[1].minor, 0);
	assert_int_equal(series.slices[2].minor, 50);
	series_free(&series);
}

static void test_who_was_not_looked_at_any_more_holds_its_memory(void **state)
{
	struct series series;

	(void)state;
	made_join(1, 0, 0, "lives");
	made_join(2, 0, 0, "ends");
	made_sample(1, SECOND, (struct fl_counts){ .resident = 5 });
	made_sample(2, SECOND, (struct fl_counts){ .resident = 50 });
	made_exit(2, SECOND, 0, (struct fl_counts){ 0 });
	made_end(4 * SECOND, (struct faultline_end){ 0 });
	assert_int_equal(series_make(made, 0, HISTORY_NONE, 4, &series), 0);
	assert_int_equal(series.slices[1].resident, 5);
	assert_int_equal(series.slices[3].resident, 5);
	series_free(&series);
}

static void test_slices_have_two_periods(void **state)
{
	(void)state;
	assert_int_equal(series_slices(made, 0, 64), 1);
	made_end(100 * MS, (struct faultline_end){ 0 });
	assert_int_equal(series_slices(made, 0, 64), 5);
	assert_int_equal(series_slices(made, 0, 4), 4);
	made->segments[0].head.period_ns = 0;
	assert_int_equal(series_slices(made, 0, 64), 64);
	made->segments[0].head.period_ns = 1ULL << 63;
	assert_int_equal(series_slices(made, 0, 64), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, made_new, made_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(totals),
		TEST(who_stands_in_has_its_passes_in_its_cpu_time),
		TEST(nonsense_is_added_up_all_the_same),
		TEST(peaks_are_of_one_moment),
		TEST(the_dead_have_no_memory),
		TEST(threads_share_their_memory),
		TEST(without_an_end_records_tell_what_is_missing),
		TEST(series_of_one_and_of_all),
		TEST(who_was_not_looked_at_any_more_holds_its_memory),
		TEST(slices_have_two_periods),
	};

	return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
