// SPDX-License-Identifier: MIT
/* Findings of major faults, thrashing and swap: who has them, and who just has not. */
#include "found.h"

/* Major faults at 2 s, and so many more at 7 s. */
static void majors(uint64_t early, uint64_t late)
{
	made_join(1, 0, 0, "reader");
	for (uint64_t at = 10 * MS; at <= 10 * SECOND; at += 10 * MS)
		made_sample(1, at,
			    (struct fl_counts){ .major = (at > 2 * SECOND) * early +
							 (at > 7 * SECOND) * late });
}

static void test_major_faults_that_cluster(void **state)
{
	const struct insight *insight;

	(void)state;
	majors(4, 16);
	insight = find(INSIGHT_MAJOR);
	assert_says(insight, "20 faults waited for a disk");
	assert_says(insight, "80 % of them within 20.0 ms from 7.00 s on");
	assert_says(insight, "100 % of them were reader (PID 1001)'s");
}

static void test_major_faults_that_are_spread(void **state)
{
	(void)state;
	majors(10, 10);
	assert_says(find(INSIGHT_MAJOR), "spread over the recording");
}

static void test_few_major_faults(void **state)
{
	(void)state;
	majors(4, 5);
	assert_null(find(INSIGHT_MAJOR));
	made_join(2, 0, 0, "reader");
	made_exit(2, 9 * SECOND, 0, (struct fl_counts){ .major = 1 });
	assert_non_null(find(INSIGHT_MAJOR));
}

/* Calm for 8 s with half a CPU, then 2 s with so many major faults a second and so much CPU. */
static void paging(uint64_t rate, uint64_t percent, uint64_t resident, uint64_t swapped)
{
	struct fl_counts counts = { .resident = resident };

	made_join(1, 0, 0, "crowd");
	for (uint64_t at = 10 * MS; at <= 10 * SECOND; at += 10 * MS) {
		bool calm = at <= 8 * SECOND;

		counts.cpu_ns += 10 * MS * (calm ? 50 : percent) / 100;
		counts.major += calm ? 0 : rate / 100;
		counts.swapped = calm ? 0 : swapped;
		made_sample(1, at, counts);
	}
}

static void test_thrashing(void **state)
{
	const struct insight *insight;

	(void)state;
	paging(500, 39, 100000, 5000);
	insight = find(INSIGHT_THRASHING);
	assert_says(insight, "1,000 major faults, from 8.00 s to 10.00 s");
	assert_says(insight, "in 20 % of the time (10 % or more)");
	assert_says(insight, "a process got 39 % of a CPU, against 50 % in calm time");
	assert_says(insight, "20 MiB were in swap");
	assert_string_equal(insight->title, "Thrashing");
	assert_true(number(insight, "crowded_percent") > 19.9);
	assert_non_null(find(INSIGHT_SWAP));
}

static void test_thrashing_of_files(void **state)
{
	(void)state;
	paging(500, 39, 999, 0);
	assert_non_null(find(INSIGHT_THRASHING));
}

static void test_too_few_major_faults_for_thrashing(void **state)
{
	(void)state;
	paging(400, 39, 100000, 5000);
	assert_null(find(INSIGHT_THRASHING));
}

static void test_a_busy_cpu_is_not_thrashing(void **state)
{
	(void)state;
	paging(500, 50, 100000, 5000);
	assert_null(find(INSIGHT_THRASHING));
	assert_says(find(INSIGHT_MAJOR), "not thrashing: the CPU is used as much");
}

static void test_calm_time_with_little_work_is_no_measure(void **state)
{
	(void)state;
	paging(500, 49, 100000, 5000);
	assert_string_equal(find(INSIGHT_THRASHING)->title, "Probably thrashing");
	assert_says(find(INSIGHT_THRASHING), "a process got 49 % of a CPU; there was no calm time");
}

static void test_reading_for_the_first_time_is_not_thrashing(void **state)
{
	(void)state;
	paging(500, 10, 100000, 0);
	assert_null(find(INSIGHT_THRASHING));
	assert_says(find(INSIGHT_MAJOR), "none of these pages was there before");
}

static void test_a_short_crowd_is_not_thrashing(void **state)
{
	struct fl_counts counts = { .resident = 10000, .swapped = 5000 };

	(void)state;
	made_join(1, 0, 0, "crowd");
	for (uint64_t at = 10 * MS; at <= 10 * SECOND; at += 10 * MS) {
		bool calm = at <= 9200 * MS;

		counts.cpu_ns += calm ? 5 * MS : 0;
		counts.major += calm ? 0 : 20;
		made_sample(1, at, counts);
	}
	assert_null(find(INSIGHT_THRASHING));
}

static void thrash_always(uint64_t percent)
{
	struct fl_counts counts = { .resident = 10000, .swapped = 5000 };

	made_join(1, 0, 0, "crowd");
	for (uint64_t at = 10 * MS; at <= 10 * SECOND; at += 10 * MS) {
		counts.cpu_ns += MS * percent / 10;
		counts.major += 2;
		made_sample(1, at, counts);
	}
}

static void test_thrashing_with_nothing_to_compare(void **state)
{
	const struct insight *insight;

	(void)state;
	thrash_always(49);
	insight = find(INSIGHT_THRASHING);
	assert_says(insight, "no calm time with more to compare");
	assert_string_equal(insight->title, "Probably thrashing");
}

static void test_a_busy_cpu_with_nothing_to_compare(void **state)
{
	(void)state;
	thrash_always(50);
	assert_null(find(INSIGHT_THRASHING));
}

static void test_swap(void **state)
{
	(void)state;
	made_join(1, 0, 0, "pushed");
	made_sample(1, SECOND, (struct fl_counts){ .swapped = 256 });
	assert_says(find(INSIGHT_SWAP), "Up to 1.0 MiB of the processes");
	assert_says(find(INSIGHT_SWAP), "of pushed (PID 1001) up to 1.0 MiB");
}

static void test_little_swap(void **state)
{
	(void)state;
	made_join(1, 0, 0, "pushed");
	made_sample(1, SECOND, (struct fl_counts){ .swapped = 255 });
	assert_null(find(INSIGHT_SWAP));
}

static void test_weightier_kinds_come_first(void **state)
{
	(void)state;
	made_join(2, 0, 0, "victim");
	made_exit(2, MS, SIGTERM, (struct fl_counts){ 0 });
	paging(500, 39, 100000, 5000);
	assert_non_null(find(INSIGHT_KILLED));
	for (size_t i = 1; i < found.number; i++)
		assert_true(found.all[i - 1].kind <= found.all[i].kind);
	assert_string_equal(insight_name(found.all[0].kind), "thrashing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(major_faults_that_cluster),
		TEST(major_faults_that_are_spread),
		TEST(few_major_faults),
		TEST(thrashing),
		TEST(thrashing_of_files),
		TEST(too_few_major_faults_for_thrashing),
		TEST(a_busy_cpu_is_not_thrashing),
		TEST(calm_time_with_little_work_is_no_measure),
		TEST(reading_for_the_first_time_is_not_thrashing),
		TEST(a_short_crowd_is_not_thrashing),
		TEST(thrashing_with_nothing_to_compare),
		TEST(a_busy_cpu_with_nothing_to_compare),
		TEST(swap),
		TEST(little_swap),
		TEST(weightier_kinds_come_first),
	};

	return cmocka_run_group_tests_name("insight_paging", tests, NULL, NULL);
}
