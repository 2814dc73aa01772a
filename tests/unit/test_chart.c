// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "chart.h"

static void assert_draws(const struct chart *chart, const char *expected)
{
	char *drawn = NULL;
	size_t bytes = 0;
	FILE *to = open_memstream(&drawn, &bytes);

	assert_non_null(to);
	chart_draw(to, chart);
	fclose(to);
	assert_string_equal(drawn, expected);
	free(drawn);
}

static const double slope[] = { 0, 0.001, 1, 2, 4, 8, 15, 16 };

static void test_blocks(void **state)
{
	const struct chart chart = { .title = "faults",
				     .values = slope,
				     .number = 8,
				     .rows = 2,
				     .seconds = 8,
				     .blocks = true };

	(void)state;
	assert_draws(&chart, "  faults\n"
			     "      16 ┤      ▇█\n"
			     "       8 ┤ ▁▁▂▄███\n"
			     "       0 └────────\n"
			     "          0 s\n");
}

static void test_ascii(void **state)
{
	const struct chart chart = {
		.title = "faults", .values = slope, .number = 8, .rows = 2, .seconds = 8
	};

	(void)state;
	assert_draws(&chart, "  faults\n"
			     "      16 |      ##\n"
			     "       8 | ....###\n"
			     "       0 +--------\n"
			     "          0 s\n");
}

static void test_nothing_at_all(void **state)
{
	const double none[3] = { 0 };
	const struct chart chart = {
		.title = "none", .values = none, .number = 3, .rows = 3, .seconds = 0.5
	};

	(void)state;
	assert_draws(&chart, "  none\n"
			     "       1 |\n"
			     "         |\n"
			     "         |\n"
			     "       0 +---\n"
			     "          0 s\n");
}

static void test_marks_of_time(void **state)
{
	static double ones[CHART_COLUMNS];
	const struct chart chart = {
		.title = "ones", .values = ones, .number = CHART_COLUMNS, .rows = 2, .seconds = 32
	};

	(void)state;
	for (size_t i = 0; i < CHART_COLUMNS; i++)
		ones[i] = 0;
	assert_draws(
		&chart,
		"  ones\n"
		"       1 |\n"
		"     0.5 |\n"
		"       0 +--------------------+-------------------+-------------------+---\n"
		"          0 s                 10 s                20 s                30 s\n");
}

static void test_round_numbers(void **state)
{
	(void)state;
	assert_true(chart_top(0) == 1);
	assert_true(chart_top(1) == 1);
	assert_true(chart_top(1.01) == 1.2);
	assert_true(chart_top(45123) == 50000);
	assert_true(chart_top(95) == 100);
	assert_true(chart_step(3) == 5);
	assert_true(chart_step(2) == 2);
	assert_true(chart_step(6e-3) == 1e-2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),	       cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_nothing_at_all), cmocka_unit_test(test_marks_of_time),
		cmocka_unit_test(test_round_numbers),
	};

	return cmocka_run_group_tests_name("chart", tests, NULL, NULL);
}
