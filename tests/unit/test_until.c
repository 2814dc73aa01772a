// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "made_record.h"
#include "until.h"

#define PAGE  4096
#define START (100 * SECOND)

static struct until until;
static struct tally tally;
static char problem[256];

static void ask(const char *text)
{
	tally = (struct tally){ .start_ns = START };
	assert_int_equal(until_parse(&until, text, problem, sizeof(problem)), 0);
}

/* A moment with so many minor faults since the start, a tenth of them major. */
static bool at(uint64_t ms, uint64_t minor)
{
	tally.time_ns = START + ms * (SECOND / 1000);
	tally.samples++;
	tally.minor = minor;
	tally.major = minor / 10;
	return until_holds(&until, &tally, PAGE);
}

static void reads_conditions(void **state)
{
	(void)state;
	ask("major-rate>500");
	assert_int_equal(until.name, UNTIL_MAJOR_RATE);
	assert_false(until.less);
	assert_true(until.number == 500);
	ask("minor-rate < 0.5");
	assert_int_equal(until.name, UNTIL_MINOR_RATE);
	assert_true(until.less);
	assert_true(until.number == 0.5);
	ask("cpu>150%");
	assert_true(until.number == 150);
	ask("resident>1.5G");
	assert_true(until.number == 1.5 * (1 << 30));
	ask("swapped>0");
	assert_true(until.number == 0);
	ask("processes<2");
	assert_int_equal(until.name, UNTIL_PROCESSES);
}

static void refuses(const char *text, const char *word)
{
	problem[0] = '\0';
	assert_int_equal(until_parse(&until, text, problem, sizeof(problem)), -EINVAL);
	if (!strstr(problem, word))
		fail_msg("'%s' says: %s", text, problem);
	assert_null(strchr(problem, '\n'));
}

static void refuses_nonsense_and_says_why(void **state)
{
	(void)state;
	refuses("", "NAME>NUMBER");
	refuses("major-rate", "NAME>NUMBER");
	refuses("major-rate=5", "NAME>NUMBER");
	refuses(">5", "none of minor-rate");
	refuses("major>5", "none of minor-rate");
	refuses("major-rates>5", "none of minor-rate");
	refuses("major-rate>", "needs a number");
	refuses("major-rate>x", "needs a number");
	refuses("major-rate>-5", "needs a number");
	refuses("major-rate>5%", "needs a number");
	refuses("major-rate>=5", "needs a number");
	refuses("major-rate>5 5", "needs a number");
	refuses("minor-rate>1e999", "needs a number");
	refuses("resident>5x", "16M");
	refuses("resident>", "16M");
	refuses("cpu>5G", "percent");
	refuses("cpu>1e999%", "percent");
	refuses("processes>0x10", "needs a number");
}

static void a_rate_is_that_of_the_last_second(void **state)
{
	(void)state;
	ask("minor-rate>500");
	assert_false(at(0, 0));
	for (unsigned int ms = 10; ms <= 5000; ms += 10)
		assert_false(at(ms, ms / 2)); /* 500 a second: not more */
	assert_true(at(5010, 2505 + 4));      /* 504 in the last second */
	assert_true(at(6000, 2505 + 500));
	assert_false(at(6020, 2505 + 501)); /* it is over */
}

static void a_burst_counts_in_the_first_second(void **state)
{
	(void)state;
	ask("major-rate>500");
	assert_false(at(0, 0));
	assert_false(at(10, 4000)); /* not 40,000 a second */
	assert_true(at(20, 5020));
}

static void samples_far_apart_are_no_burst(void **state)
{
	(void)state;
	ask("minor-rate>500");
	assert_false(at(0, 0));
	assert_false(at(10000, 4990));
	assert_true(at(20000, 4990 + 5010));
}

static void less_is_nothing_before_a_second(void **state)
{
	(void)state;
	ask("minor-rate<10");
	assert_false(at(0, 0));
	assert_false(at(500, 1));
	assert_false(at(1000, 1000));
	assert_false(at(1990, 1001)); /* the second has 999 of the first one's */
	assert_true(at(2010, 1002));
}

static void samples_every_100_us_do_not_shorten_the_second(void **state)
{
	(void)state;
	ask("minor-rate>5001");
	for (uint64_t i = 0; i <= 40000; i++) {
		tally.time_ns = START + i * 100000;
		tally.samples++;
		tally.minor = i / 2; /* 5,000 a second */
		assert_false(until_holds(&until, &tally, PAGE));
	}
	assert_true(at(4001, 20000 + 60));
}

static void cpu_is_percent(void **state)
{
	(void)state;
	ask("cpu>150");
	assert_false(at(0, 0));
	tally.cpu_ns = 1500000000;
	assert_false(at(1000, 0));
	tally.cpu_ns += 1510000000;
	assert_true(at(2000, 0));
}

static void memory_is_bytes_and_now(void **state)
{
	(void)state;
	ask("resident>1M");
	tally.resident = 256;
	assert_false(at(0, 0));
	tally.resident = 257;
	assert_true(at(10, 0));
	ask("swapped>0");
	assert_false(at(0, 0));
	tally.swapped = 1;
	assert_true(at(10, 0));
	ask("resident<1M");
	tally.resident = 255;
	assert_true(at(0, 0));
}

static void processes_are_those_alive(void **state)
{
	(void)state;
	ask("processes<2");
	tally.time_ns = START;
	assert_false(until_holds(&until, &tally, PAGE)); /* nobody was looked at yet */
	tally.alive = 2;
	assert_false(at(0, 0));
	tally.alive = 1;
	assert_true(at(10, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_conditions),
		cmocka_unit_test(refuses_nonsense_and_says_why),
		cmocka_unit_test(a_rate_is_that_of_the_last_second),
		cmocka_unit_test(a_burst_counts_in_the_first_second),
		cmocka_unit_test(samples_far_apart_are_no_burst),
		cmocka_unit_test(less_is_nothing_before_a_second),
		cmocka_unit_test(samples_every_100_us_do_not_shorten_the_second),
		cmocka_unit_test(cpu_is_percent),
		cmocka_unit_test(memory_is_bytes_and_now),
		cmocka_unit_test(processes_are_those_alive),
	};

	return cmocka_run_group_tests_name("until", tests, NULL, NULL);
}
