// SPDX-License-Identifier: MIT
/* Each finding: a history that has it, and one that just has not. */
#include "found.h"

static void test_nothing(void **state)
{
	(void)state;
	made_join(1, 0, 0, "calm");
	for (uint64_t at = 10 * MS; at <= 2 * SECOND; at += 10 * MS)
		made_sample(1, at, (struct fl_counts){ .minor = at / MS, .cpu_ns = at / 2 });
	made_end(2 * SECOND, (struct faultline_end){ .passes = 200 });
	assert_int_equal(insights_find(made, 0, &found), 0);
	assert_int_equal(found.number, 0);
}

static void test_an_empty_segment_has_nothing(void **state)
{
	(void)state;
	assert_int_equal(insights_find(made, 0, &found), 0);
	assert_int_equal(found.number, 0);
}

/* A process that ends with such figures. */
static void recorded(struct faultline_end figures)
{
	made_join(1, 0, 0, "job");
	made_exit(1, SECOND, 0, (struct fl_counts){ .minor = 100 });
	made_end(SECOND, figures);
}

static void test_records_are_missing(void **state)
{
	(void)state;
	recorded((struct faultline_end){ .passes = 100, .lost = 6, .skipped = 1 });
	assert_says(find(INSIGHT_RECORDING), "7 records were lost");
}

static void test_processes_are_missing(void **state)
{
	(void)state;
	recorded((struct faultline_end){ .passes = 100, .unfollowed = 2 });
	assert_says(find(INSIGHT_RECORDING), "2 processes are in no total: ");
}

static void test_deadlines_were_missed(void **state)
{
	(void)state;
	recorded((struct faultline_end){ .passes = 99, .missed = 1 });
	assert_says(find(INSIGHT_RECORDING), "1 deadline for samples was missed, 1.0 % of all");
}

static void test_few_deadlines_are_no_matter(void **state)
{
	(void)state;
	recorded((struct faultline_end){ .passes = 100, .missed = 1 });
	assert_null(find(INSIGHT_RECORDING));
}

static void test_shed_visits(void **state)
{
	(void)state;
	recorded((struct faultline_end){ .passes = 100, .shed = 3 });
	assert_says(find(INSIGHT_RECORDING), "3 visits");
}

static void test_recording_cost_much(void **state)
{
	(void)state;
	recorded((struct faultline_end){ .own_cpu_ns = 30 * MS, .pass_ns = 20 * MS });
	assert_says(find(INSIGHT_RECORDING), "50.0 ms of CPU time, 5.0 % of one CPU");
}

static void test_recording_cost_little(void **state)
{
	(void)state;
	recorded((struct faultline_end){ .own_cpu_ns = 30 * MS, .pass_ns = 19 * MS });
	assert_null(find(INSIGHT_RECORDING));
}

/* For 10 s 100 faults a second, and so many more in the 20 ms from 4 s on. */
static void burst(uint64_t faults)
{
	uint64_t minor = 0;

	made_join(1, 0, 0, "steady");
	made_join(2, 0, 0, "sudden");
	for (uint64_t at = 10 * MS; at <= 10 * SECOND; at += 10 * MS) {
		made_sample(1, at, (struct fl_counts){ .minor = ++minor });
		made_sample(2, at, (struct fl_counts){ .minor = at > 4 * SECOND ? faults : 0 });
	}
	made_end(10 * SECOND, (struct faultline_end){ .passes = 1000 });
}

static void test_burst(void **state)
{
	const struct insight *insight;

	(void)state;
	burst(1000);
	insight = find(INSIGHT_BURST);
	assert_says(insight, "1 burst of minor faults: 50 % of all in 0.20 % of the time");
	assert_says(insight, "began at 4.00 s and lasted 20.0 ms: 1,002 faults");
	assert_says(insight, "against a median of 100/s");
	assert_says(insight, "by sudden (PID 1002)");
	assert_int_equal(insight->process, 1);
	assert_true(insight->from_ns == START + 4 * SECOND);
	assert_true(number(insight, "bursts") == 1);
}

static void test_burst_that_is_too_small(void **state)
{
	(void)state;
	burst(990);
	assert_null(find(INSIGHT_BURST));
}

static void test_a_phase_is_no_burst(void **state)
{
	uint64_t minor = 0;

	(void)state;
	made_join(1, 0, 0, "phased");
	for (uint64_t at = 10 * MS; at <= 10 * SECOND; at += 10 * MS) {
		minor += at > 4 * SECOND && at <= 5100 * MS ? 100 : 0;
		made_sample(1, at, (struct fl_counts){ .minor = minor });
	}
	assert_null(find(INSIGHT_BURST));
}

/* So many lives of a length in 10 s, one after another. */
static void storm(uint32_t lives, uint64_t life_ns)
{
	made_join(1, 0, 0, "shell");
	for (uint32_t i = 0; i < lives; i++) {
		uint64_t at = 10 * SECOND / lives * i;

		made_join(2 + i, 1, at, i % 5 ? "true" : "false");
		made_exit(2 + i, at + life_ns, 0, (struct fl_counts){ .minor = 90, .cpu_ns = MS });
	}
	made_exit(1, 12 * SECOND, 0, (struct fl_counts){ .minor = 6000, .cpu_ns = 60 * MS });
	made_end(12 * SECOND, (struct faultline_end){ .passes = 1200 });
}

static void test_storm(void **state)
{
	const struct insight *insight;

	(void)state;
	storm(60, 5 * MS);
	insight = find(INSIGHT_STORM);
	assert_says(insight, "60 processes lived for less than 1 s, 5 of them a second");
	assert_says(insight, "a median life of 5.00 ms; 48 are called true");
	assert_says(insight, "50 % of the CPU time and 47 % of the minor faults");
}

static void test_storm_that_is_none(void **state)
{
	(void)state;
	storm(59, 5 * MS);
	assert_null(find(INSIGHT_STORM));
}

static void test_long_lives_are_no_storm(void **state)
{
	(void)state;
	storm(60, SECOND);
	assert_null(find(INSIGHT_STORM));
}

static void test_killed(void **state)
{
	const struct insight *insight;

	(void)state;
	made_join(1, 0, 0, "victim");
	made_exit(1, 3 * SECOND, SIGKILL, (struct fl_counts){ 0 });
	for (uint32_t target = 2; target <= 4; target++) {
		made_join(target, 0, 0, "other");
		made_exit(target, 4 * SECOND, SIGSEGV | 0x80, (struct fl_counts){ 0 });
	}
	insight = find(INSIGHT_KILLED);
	assert_says(insight,
		    "4 processes died of a signal: victim (PID 1001) at 3.00 s of SIGKILL");
	assert_says(insight, "of SIGSEGV (core dumped), and so on.");
	assert_says(insight, "dmesg");
	assert_int_equal(insight->process, 0);
}

static void test_failure_is_no_killing(void **state)
{
	(void)state;
	made_join(1, 0, 0, "fails");
	made_exit(1, SECOND, SIGKILL << 8, (struct fl_counts){ 0 });
	assert_null(find(INSIGHT_KILLED));
}

static void test_names_do_nothing_to_terminals(void **state)
{
	(void)state;
	made_join(1, 0, 0, "\033[2Jevil");
	made_exit(1, SECOND, SIGTERM, (struct fl_counts){ 0 });
	assert_says(find(INSIGHT_KILLED), "?[2Jevil (PID 1001)");
}

static void test_other_segments_are_not_looked_at(void **state)
{
	(void)state;
	made_join(1, 0, 0, "fine");
	made_exit(1, SECOND, 0, (struct fl_counts){ 0 });
	made_begin(10 * MS);
	made_join(1, 0, 0, "victim");
	made_exit(1, SECOND, SIGTERM, (struct fl_counts){ 0 });
	assert_null(find(INSIGHT_KILLED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing),
		TEST(an_empty_segment_has_nothing),
		TEST(records_are_missing),
		TEST(processes_are_missing),
		TEST(deadlines_were_missed),
		TEST(few_deadlines_are_no_matter),
		TEST(shed_visits),
		TEST(recording_cost_much),
		TEST(recording_cost_little),
		TEST(burst),
		TEST(burst_that_is_too_small),
		TEST(a_phase_is_no_burst),
		TEST(storm),
		TEST(storm_that_is_none),
		TEST(long_lives_are_no_storm),
		TEST(killed),
		TEST(failure_is_no_killing),
		TEST(names_do_nothing_to_terminals),
		TEST(other_segments_are_not_looked_at),
	};

	return cmocka_run_group_tests_name("insight", tests, NULL, NULL);
}
