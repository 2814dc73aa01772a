// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spark.h"

static char text[SPARK_BYTES(9)];

static void test_the_highest_is_a_full_block(void **state)
{
	const float numbers[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };

	(void)state;
	assert_string_equal(spark_draw(text, numbers, 9, true), " ▁▂▃▄▅▆▇█");
	assert_string_equal(spark_draw(text, numbers, 9, false), " _.-=+*%#");
}

static void test_a_little_is_not_nothing(void **state)
{
	const float numbers[] = { 0, 1e-6F, 1e6F };

	(void)state;
	assert_string_equal(spark_draw(text, numbers, 3, true), " ▁█");
}

static void test_nothing_is_blank(void **state)
{
	const float numbers[] = { 0, 0, 0 };

	(void)state;
	assert_string_equal(spark_draw(text, numbers, 3, true), "   ");
	assert_string_equal(spark_draw(text, numbers, 0, true), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_highest_is_a_full_block),
		cmocka_unit_test(test_a_little_is_not_nothing),
		cmocka_unit_test(test_nothing_is_blank),
	};

	return cmocka_run_group_tests_name("spark", tests, NULL, NULL);
}
