// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "units.h"

static char text[UNITS_BYTES];

static void test_counts_have_commas(void **state)
{
	(void)state;
	assert_string_equal(units_count(text, 0), "0");
	assert_string_equal(units_count(text, 999), "999");
	assert_string_equal(units_count(text, 1000), "1,000");
	assert_string_equal(units_count(text, 55583), "55,583");
	assert_string_equal(units_count(text, UINT64_MAX), "18,446,744,073,709,551,615");
}

static void test_short_ones_have_three_digits(void **state)
{
	(void)state;
	assert_string_equal(units_short(text, 0), "0");
	assert_string_equal(units_short(text, 0.5), "0.50");
	assert_string_equal(units_short(text, 7), "7");
	assert_string_equal(units_short(text, 7.256), "7.26");
	assert_string_equal(units_short(text, 9.999), "10.0");
	assert_string_equal(units_short(text, 99.96), "100");
	assert_string_equal(units_short(text, 999.4), "999");
	assert_string_equal(units_short(text, 999.6), "1.00k");
	assert_string_equal(units_short(text, 55583), "55.6k");
	assert_string_equal(units_short(text, 999600), "1.00M");
	assert_string_equal(units_short(text, 1.8e19), "18.0E");
	assert_string_equal(units_short(text, -1234), "-1.23k");
}

static void test_bytes_are_powers_of_1024(void **state)
{
	(void)state;
	assert_string_equal(units_bytes(text, 0), "0 B");
	assert_string_equal(units_bytes(text, 1023), "1023 B");
	assert_string_equal(units_bytes(text, 1024), "1.0 KiB");
	assert_string_equal(units_bytes(text, 3.25 * 1048576), "3.2 MiB");
	assert_string_equal(units_bytes(text, 10.0 * 1048576), "10 MiB");
	assert_string_equal(units_bytes(text, 1023.7 * 1024), "1.0 MiB");
	assert_string_equal(units_bytes(text, -2048), "-2.0 KiB");
}

static void test_times_have_their_unit(void **state)
{
	(void)state;
	assert_string_equal(units_time(text, 0), "0 ns");
	assert_string_equal(units_time(text, 870), "870 ns");
	assert_string_equal(units_time(text, 12300), "12.3 us");
	assert_string_equal(units_time(text, 1500000), "1.50 ms");
	assert_string_equal(units_time(text, 999.6e6), "1.00 s");
	assert_string_equal(units_time(text, 2.31e9), "2.31 s");
	assert_string_equal(units_time(text, 119.4e9), "119 s");
	assert_string_equal(units_time(text, 200e9), "3 min 20 s");
	assert_string_equal(units_time(text, 2 * 3600e9 + 5 * 60e9), "2 h 5 min");
	assert_string_equal(units_time(text, -1500), "-1.50 us");
}

static void test_percents(void **state)
{
	(void)state;
	assert_string_equal(units_percent(text, 0), "0 %");
	assert_string_equal(units_percent(text, 0.034), "0.03 %");
	assert_string_equal(units_percent(text, 4.21), "4.2 %");
	assert_string_equal(units_percent(text, 9.96), "10 %");
	assert_string_equal(units_percent(text, 199.9), "200 %");
}

static void takes_time(const char *from, uint64_t expected)
{
	uint64_t ns = 0;

	assert_int_equal(units_read_time(from, &ns), 0);
	assert_true(ns == expected);
}

static void test_reads_times(void **state)
{
	(void)state;
	takes_time("10ms", 10000000);
	takes_time("100us", 100000);
	takes_time("1.5s", 1500000000);
	takes_time("2min", 120000000000);
	takes_time("20", 20000000);
	takes_time("5 ns", 5);
}

static void test_reads_bytes(void **state)
{
	uint64_t bytes = 0;

	(void)state;
	assert_int_equal(units_read_bytes("64k", &bytes), 0);
	assert_int_equal(bytes, 65536);
	assert_int_equal(units_read_bytes("1.5MiB", &bytes), 0);
	assert_int_equal(bytes, 1572864);
	assert_int_equal(units_read_bytes("512", &bytes), 0);
	assert_int_equal(bytes, 512);
}

static void test_refuses_what_is_none(void **state)
{
	static const char *const wrong[] = { "",     "ms",  "-1s", "+1s", "1 parsec", "10msx",
					     "0x10", "nan", "inf", "1e",  ".",	      " 1s" };
	uint64_t value = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(units_read_time(wrong[i], &value), -EINVAL);
		assert_int_equal(units_read_bytes(wrong[i], &value), -EINVAL);
	}
	assert_int_equal(units_read_time("0", &value), -ERANGE);
	assert_int_equal(units_read_time("0.4ns", &value), -ERANGE);
	assert_int_equal(units_read_time("9999999999999h", &value), -ERANGE);
	assert_true(value == 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_have_commas),
		cmocka_unit_test(test_short_ones_have_three_digits),
		cmocka_unit_test(test_bytes_are_powers_of_1024),
		cmocka_unit_test(test_times_have_their_unit),
		cmocka_unit_test(test_percents),
		cmocka_unit_test(test_reads_times),
		cmocka_unit_test(test_reads_bytes),
		cmocka_unit_test(test_refuses_what_is_none),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
