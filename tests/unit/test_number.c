// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "number.h"

#define UNTOUCHED 0xdead

static void takes(const char *text, uint64_t min, uint64_t max, uint64_t expected)
{
	uint64_t value = UNTOUCHED;

	assert_int_equal(number_parse(text, min, max, &value), 0);
	assert_true(value == expected);
}

static void refuses(const char *text, uint64_t min, uint64_t max)
{
	uint64_t value = UNTOUCHED;

	assert_int_equal(number_parse(text, min, max, &value), -EINVAL);
	assert_true(value == UNTOUCHED);
}

static void test_takes_the_whole_range(void **state)
{
	(void)state;
	takes("1", 1, 1024, 1);
	takes("1024", 1, 1024, 1024);
	takes("0", 0, 0, 0);
	takes("0007", 1, 9, 7);
	takes("2147483647", 1, 2147483647, 2147483647);
	takes("18446744073709551615", 0, UINT64_MAX, UINT64_MAX);
}

static void test_refuses_what_is_out_of_range(void **state)
{
	(void)state;
	refuses("0", 1, 1024);
	refuses("1025", 1, 1024);
	refuses("10240", 1, 1024);
	refuses("2147483648", 1, 2147483647);
	refuses("18446744073709551616", 0, UINT64_MAX);
	refuses("18446744073709551617", 1, 1024); /* 1 modulo 2^64 */
	refuses("99999999999999999999999999999999999999999", 0, UINT64_MAX);
}

static void test_refuses_what_is_no_number(void **state)
{
	/* clang-format off */
	static const char *const junk[] = {
		"", " ", "-1", "+1", "1 ", " 1", "1x", "x", "0x10", "1e3", "1.0", "1,0", "--",
		"1\n", "\t1",
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
		refuses(junk[i], 0, UINT64_MAX);
}

static void takes_seconds(const char *text, uint64_t max_ms, uint64_t expected)
{
	uint64_t ms = UNTOUCHED;

	assert_int_equal(number_parse_seconds(text, max_ms, &ms), 0);
	assert_true(ms == expected);
}

static void refuses_seconds(const char *text, uint64_t max_ms)
{
	uint64_t ms = UNTOUCHED;

	assert_int_equal(number_parse_seconds(text, max_ms, &ms), -EINVAL);
	assert_true(ms == UNTOUCHED);
}

static void test_takes_seconds_with_decimals(void **state)
{
	(void)state;
	takes_seconds("0", 1000, 0);
	takes_seconds("1", 1000, 1000);
	takes_seconds("0.25", 1000, 250);
	takes_seconds(".5", 1000, 500);
	takes_seconds("2.", 2000, 2000);
	takes_seconds("1.001", 86400000, 1001);
	takes_seconds("86400.000", 86400000, 86400000);
	takes_seconds("1.5", 1500, 1500);
}

static void test_refuses_bad_seconds(void **state)
{
	/* clang-format off */
	static const char *const junk[] = {
		"", ".", "..", "1..2", "-1", "-0.5", "+1", "1.0005", "1.-5", "1e3", "inf", "nan",
		"0x1", "1s", " 1", "1 ", "1.5 ", "1,5",
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
		refuses_seconds(junk[i], 86400000);
	refuses_seconds("86400.001", 86400000);
	refuses_seconds("86401", 86400000);
	refuses_seconds("18446744073709551616", 86400000);
	refuses_seconds("18446744073709551.616", 86400000); /* 0 modulo 2^64 ms */
	refuses_seconds("1.501", 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_the_whole_range),
		cmocka_unit_test(test_refuses_what_is_out_of_range),
		cmocka_unit_test(test_refuses_what_is_no_number),
		cmocka_unit_test(test_takes_seconds_with_decimals),
		cmocka_unit_test(test_refuses_bad_seconds),
	};

	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
