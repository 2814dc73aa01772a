// SPDX-License-Identifier: MIT
/* Against values from tables, closed forms and integrals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool near(double number, double expected, double tolerance)
{
	return fabs(number - expected) <= tolerance;
}

static void test_mean_and_deviation(void **state)
{
	const double values[] = { 2, 4, 4, 4, 5, 5, 7, 9 };
	struct statistics of = statistics_of(values, COUNT(values));

	(void)state;
	assert_true(near(of.mean, 5, 1e-12));
	assert_true(near(of.deviation, sqrt(32.0 / 7), 1e-12));
	assert_true(statistics_of(values, 1).deviation == 0);
	assert_true(statistics_of(values, 0).mean == 0);
}

static void test_median(void **state)
{
	double odd[] = { 9, 1, 5 };
	double even[] = { 4, 1, 3, 2 };

	(void)state;
	assert_true(statistics_median(odd, 3) == 5);
	assert_true(statistics_median(even, 4) == 2.5);
	assert_true(statistics_median(odd, 0) == 0);
}

static void test_line(void **state)
{
	const double x[] = { 0, 1, 2, 3 };
	const double straight[] = { 1, 3, 5, 7 };
	const double bent[] = { 0, 1, 4, 9 };
	const double flat[] = { 2, 2, 2, 2 };

	(void)state;
	assert_true(near(statistics_line(x, straight, 4).slope, 2, 1e-12));
	assert_true(near(statistics_line(x, straight, 4).fit, 1, 1e-12));
	assert_true(near(statistics_line(x, bent, 4).slope, 3, 1e-12));
	assert_true(near(statistics_line(x, bent, 4).fit, 225.0 / 245, 1e-12));
	assert_true(statistics_line(x, flat, 4).slope == 0);
	assert_true(statistics_line(flat, x, 4).fit == 0);
}

static void test_beta(void **state)
{
	(void)state;
	/* In closed form: x for (1, 1), arcsine for halves, polynomials for whole ones. */
	assert_true(near(statistics_beta(0.3, 1, 1), 0.3, 1e-12));
	assert_true(near(statistics_beta(0.3, 0.5, 0.5), 2 / M_PI * asin(sqrt(0.3)), 1e-12));
	assert_true(near(statistics_beta(0.9, 2, 3), 6 * 0.81 - 8 * 0.729 + 3 * 0.6561, 1e-12));
	assert_true(near(statistics_beta(0.5, 300, 300), 0.5, 1e-10));
	assert_true(statistics_beta(0, 2, 3) == 0);
	assert_true(statistics_beta(1, 2, 3) == 1);
}

/* Two of n values each with the same deviation differ by t standard errors: 2 n - 2 degrees. */
static double chance_of(double t, size_t number)
{
	const struct statistics one = { number, 0, 1 };
	const struct statistics other = { number, t * sqrt(2.0 / number), 1 };

	return statistics_chance(&one, &other);
}

static void test_chances_are_those_of_tables(void **state)
{
	(void)state;
	/* Two-sided quantiles of Student's t. */
	assert_true(near(chance_of(4.303, 2), 0.05, 1e-5));    /* 2 degrees */
	assert_true(near(chance_of(2.776, 3), 0.05, 1e-4));    /* 4 */
	assert_true(near(chance_of(4.604, 3), 0.01, 1e-5));    /* 4 */
	assert_true(near(chance_of(2.228, 6), 0.05, 1e-4));    /* 10 */
	assert_true(near(chance_of(2.845, 11), 0.01, 1e-4));   /* 20 */
	assert_true(near(chance_of(1.960, 5000), 0.05, 1e-3)); /* the normal one's, nearly */
	assert_true(near(chance_of(0, 5), 1, 1e-12));
	assert_true(near(chance_of(-4.604, 3), 0.01, 1e-5));
}

static void test_spreads_and_numbers_may_differ(void **state)
{
	/* t = -1.96534 with 8.11664 degrees of freedom; p by integrating Student's density. */
	const double one[] = { 27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1,
			       21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4 };
	const double other[] = { 27.1, 22.0, 20.8, 23.4, 23.4 };
	struct statistics a = statistics_of(one, COUNT(one));
	struct statistics b = statistics_of(other, COUNT(other));

	(void)state;
	assert_true(near(statistics_chance(&a, &b), 0.0844357, 1e-6));
	assert_true(near(statistics_chance(&b, &a), 0.0844357, 1e-6));
}

static void test_without_spread_there_is_no_chance(void **state)
{
	const struct statistics one = { 1, 5, 0 };
	const struct statistics same = { 3, 5, 0 };
	const struct statistics other = { 3, 6, 0 };

	(void)state;
	assert_true(statistics_chance(&one, &other) == -1);
	assert_true(statistics_chance(&other, &one) == -1);
	assert_true(statistics_chance(&same, &other) == 0);
	assert_true(statistics_chance(&same, &same) == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mean_and_deviation),
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_beta),
		cmocka_unit_test(test_chances_are_those_of_tables),
		cmocka_unit_test(test_spreads_and_numbers_may_differ),
		cmocka_unit_test(test_without_spread_there_is_no_chance),
	};

	return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
