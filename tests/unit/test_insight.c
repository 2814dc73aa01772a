// SPDX-License-Identifier: MIT
/* Each finding: a history that has it, and one that just has not. */
#include <signal.h>
#include <stdbool.h>

#include "insight.h"
#include "made_history.h"

static struct insights found;

static int begin(void **state)
{
	found = (struct insights){ 0 };
	return made_new(state);
}

static int end(void **state)
{
	insights_free(&found);
	return made_free(state);
}

/* What is found of a kind; NULL if nothing is. */
static const struct insight *find(enum insight_kind kind)
{
	insights_free(&found);
	assert_int_equal(insights_find(made, 0, &found), 0);
	for (size_t i = 0; i < found.number; i++)
		if (found.all[i].kind == kind)
			return &found.all[i];
	return NULL;
}

static double number(const struct insight *insight, const char *name)
{
	for (size_t i = 0; i < INSIGHT_NUMBERS && insight->numbers[i].name; i++)
		if (!strcmp(insight->numbers[i].name, name))
			return insight->numbers[i].value;
	fail_msg("no number %s", name);
	return 0;
}

static void assert_says(const struct insight *insight, const char *words)
{
	assert_non_null(insight);
	if (!strstr(insight->text, words))
		fail_msg("\"%s\" says nothing of \"%s\"", insight->text, words);
}

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
	assert_says(find(INSIGHT_RECORDING), "1 deadlines for samples were missed, 1.0 % of all");
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

/* So many minor faults in 10 samples, never more than 1000 pages, with so much of 1 s system. */
static void churn(uint64_t minor, uint64_t samples, uint64_t system_ms)
{
	made_join(1, 0, 0, "churner");
	for (uint64_t i = 1; i <= samples; i++)
		made_sample(1, i * 100 * MS,
			    (struct fl_counts){ .minor = minor * i / samples,
						.cpu_ns = SECOND * i / samples,
						.system_ns = system_ms * MS * i / samples,
						.resident = 1000 });
}

static void test_churn(void **state)
{
	const struct insight *insight;

	(void)state;
	churn(10000, 10, 300);
	insight = find(INSIGHT_CHURN);
	assert_says(insight, "churner (PID 1001) took 10,000 minor faults, enough for 39 MiB");
	assert_says(insight, "never held more than 3.9 MiB: 10 times as much");
	assert_says(insight, "30 % of its CPU time was in the kernel");
	assert_says(insight, "munmap(2)");
}

static void test_churn_of_forks(void **state)
{
	(void)state;
	churn(10000, 10, 300);
	for (uint32_t target = 2; target < 12; target++)
		made_join(target, 1, 500 * MS, "child");
	assert_says(find(INSIGHT_CHURN), "forks often");
}

static void test_few_faults_are_no_churn(void **state)
{
	(void)state;
	churn(9999, 10, 300);
	assert_null(find(INSIGHT_CHURN));
}

static void test_cheap_faults_are_no_churn(void **state)
{
	(void)state;
	churn(10000, 10, 299);
	assert_null(find(INSIGHT_CHURN));
}

static void test_churn_takes_samples(void **state)
{
	(void)state;
	churn(10000, 9, 300);
	assert_null(find(INSIGHT_CHURN));
}

/* For so long as much as @pages says of each tenth of a second. */
static void grow(uint64_t length_ns, uint64_t (*pages)(uint64_t tenth))
{
	made_join(1, 0, 0, "leaky");
	for (uint64_t at = 100 * MS; at <= length_ns; at += 100 * MS)
		made_sample(1, at, (struct fl_counts){ .resident = pages(at / (100 * MS)) });
}

static uint64_t steadily(uint64_t tenth)
{
	return 1000 + 53 * tenth;
}

static uint64_t slowly(uint64_t tenth)
{
	return 1000 + 52 * tenth;
}

static uint64_t settling(uint64_t tenth)
{
	return tenth < 70 ? 1000 + 100 * tenth : 8000;
}

static uint64_t up_and_down(uint64_t tenth)
{
	return 1000 + 520 * (tenth % 20) + 60 * tenth;
}

static void test_growth(void **state)
{
	const struct insight *insight;

	(void)state;
	grow(10 * SECOND, steadily);
	insight = find(INSIGHT_GROWTH);
	assert_says(insight, "leaky (PID 1001) grows by 124 MiB a minute");
	assert_says(insight, "leak");
	assert_true(number(insight, "r_squared") > 0.99);
}

static void test_growth_that_is_little(void **state)
{
	(void)state;
	grow(10 * SECOND, slowly);
	assert_null(find(INSIGHT_GROWTH));
}

static void test_growth_that_is_short(void **state)
{
	(void)state;
	grow(9900 * MS, steadily);
	made_end(20 * SECOND, (struct faultline_end){ .passes = 1 });
	assert_null(find(INSIGHT_GROWTH));
}

static void test_growth_that_settles(void **state)
{
	(void)state;
	grow(10 * SECOND, settling);
	assert_null(find(INSIGHT_GROWTH));
}

static void test_memory_that_comes_and_goes(void **state)
{
	(void)state;
	grow(10 * SECOND, up_and_down);
	assert_null(find(INSIGHT_GROWTH));
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

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

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
		TEST(churn),
		TEST(churn_of_forks),
		TEST(few_faults_are_no_churn),
		TEST(cheap_faults_are_no_churn),
		TEST(churn_takes_samples),
		TEST(growth),
		TEST(growth_that_is_little),
		TEST(growth_that_is_short),
		TEST(growth_that_settles),
		TEST(memory_that_comes_and_goes),
		TEST(storm),
		TEST(storm_that_is_none),
		TEST(long_lives_are_no_storm),
		TEST(killed),
		TEST(failure_is_no_killing),
		TEST(names_do_nothing_to_terminals),
		TEST(other_segments_are_not_looked_at),
		TEST(weightier_kinds_come_first),
	};

	return cmocka_run_group_tests_name("insight", tests, NULL, NULL);
}
