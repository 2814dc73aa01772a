// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger.h"
#include "told_history.h"

static struct ledger ledger;

static int count(const struct fl_record *record)
{
	return ledger_record(&ledger, record);
}

static int begin(void **state)
{
	if (told_begin(state))
		return -1;
	ledger_begin(&ledger, history, START, START);
	also_tell = count;
	return 0;
}

static int end(void **state)
{
	ledger_clear(&ledger);
	return told_end(state);
}

static void test_the_total_is_that_of_all(void **state)
{
	struct fl_counts total;

	(void)state;
	told_join(1, 0, START + 1, "one");
	told_join(2, 1, START + 2, "two");
	told_sample(1, START + SECOND, 100, 10);
	told_sample(2, START + SECOND, 1000, 20);
	told_exit(2, START + 2 * SECOND, 1500);
	total = ledger_total(&ledger);
	assert_int_equal(total.minor, 1600);
	assert_int_equal(total.major, 160);
	assert_int_equal(total.cpu_ns, 1600000);
	assert_int_equal(total.system_ns, 400000);
	assert_int_equal(total.resident, 10);
}

static void test_the_peak_is_of_a_moment(void **state)
{
	(void)state;
	told_join(1, 0, START + 1, "one");
	told_join(2, 1, START + 2, "two");
	told_sample(1, START + SECOND, 1, 100);
	told_sample(2, START + SECOND, 1, 50);
	told_sample(1, START + 2 * SECOND, 1, 10);
	told_sample(2, START + 2 * SECOND, 1, 130);
	told_exit(2, START + 3 * SECOND, 1);
	told_sample(1, START + 4 * SECOND, 1, 149);
	ledger_peak(&ledger);
	assert_int_equal(ledger.peak_resident, 150);
}

static void test_who_ends_before_the_next_pass_is_in_the_peak(void **state)
{
	(void)state;
	told_join(1, 0, START + 1, "one");
	told_sample(1, START + SECOND, 1, 100);
	told_exit(1, START + SECOND + 1, 1);
	ledger_peak(&ledger);
	assert_int_equal(ledger.peak_resident, 100);
}

static void test_intervals_add_up(void **state)
{
	uint64_t sum = 0;

	(void)state;
	told_join(1, 0, START, "one");
	for (unsigned int i = 1; i <= 30; i++)
		told_sample(1, START + i * SECOND / 10, 7ULL * i * i, i);
	for (unsigned int i = 1; i <= 7; i++) {
		sum += ledger_interval(&ledger, START + i * SECOND / 3, false).minor;
		history_forget(history, START + i * SECOND / 3);
	}
	told_exit(1, START + 3 * SECOND + 1, 6301);
	sum += ledger_interval(&ledger, START + 3 * SECOND + 1, true).minor;
	assert_int_equal(sum, 6301);
}

static void test_an_interval_has_its_share(void **state)
{
	struct fl_counts counts;

	(void)state;
	told_join(1, 0, START, "one");
	told_sample(1, START + 2 * SECOND, 1000, 33);
	counts = ledger_interval(&ledger, START + SECOND / 2, false);
	assert_int_equal(counts.minor, 250);
	assert_int_equal(counts.cpu_ns, 250000);
	assert_int_equal(counts.resident, 33);
	counts = ledger_interval(&ledger, START + 2 * SECOND, false);
	assert_int_equal(counts.minor, 750);
}

/* CPU time is exact, system time comes in ticks, late. */
static void told_ticks(uint64_t time_ns, uint64_t cpu_ns, uint64_t system_ns)
{
	const struct fl_sample sample = {
		.record = record_of(FL_RECORD_SAMPLE, sizeof(sample), time_ns),
		.target = 1,
		.counts = { .cpu_ns = cpu_ns, .system_ns = system_ns },
	};

	tell(&sample.record);
}

static void test_no_user_time_is_below_nothing(void **state)
{
	static const uint64_t cpu[] = { 3, 6, 9, 12, 15, 16 };
	uint64_t system = 0;
	struct fl_counts counts;

	(void)state;
	told_join(1, 0, START, "one");
	for (unsigned int i = 0; i < 6; i++) {
		told_ticks(START + (i + 1) * SECOND, cpu[i], i < 3 ? 0 : i < 5 ? 10 : 16);
		counts = ledger_interval(&ledger, START + (i + 1) * SECOND, i == 5);
		assert_int_equal(counts.cpu_ns, cpu[i] - (i ? cpu[i - 1] : 0));
		assert_true(counts.system_ns <= counts.cpu_ns);
		system += counts.system_ns;
	}
	assert_true(system > 0);
	assert_int_equal(ledger_total(&ledger).system_ns, system);
}

static void test_no_user_time_since_the_beginning_is_below_nothing(void **state)
{
	struct fl_counts total;

	(void)state;
	told_join(1, 0, START - SECOND, "one");
	told_ticks(START, 19, 10);
	told_ticks(START + SECOND, 21, 20);
	total = ledger_total(&ledger);
	assert_int_equal(total.cpu_ns, 2);
	assert_int_equal(total.system_ns, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_total_is_that_of_all, begin, end),
		cmocka_unit_test_setup_teardown(test_the_peak_is_of_a_moment, begin, end),
		cmocka_unit_test_setup_teardown(test_who_ends_before_the_next_pass_is_in_the_peak,
						begin, end),
		cmocka_unit_test_setup_teardown(test_intervals_add_up, begin, end),
		cmocka_unit_test_setup_teardown(test_an_interval_has_its_share, begin, end),
		cmocka_unit_test_setup_teardown(test_no_user_time_is_below_nothing, begin, end),
		cmocka_unit_test_setup_teardown(
			test_no_user_time_since_the_beginning_is_below_nothing, begin, end),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
