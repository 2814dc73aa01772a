// SPDX-License-Identifier: MIT
/* Findings of churn and growth: who has them, and who just has not. */
#include "found.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests_name("insight_memory", tests, NULL, NULL);
}
