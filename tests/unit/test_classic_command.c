// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "classic_command.h"
#include "faultline_classic.h"

#define UNTOUCHED (-4711)

/* The text in memory of just its size, so that the sanitizer sees each step beside it. */
static int next(const char *text, size_t len, struct fl_classic_command *cmd)
{
	char *exact = malloc(len ? len : 1);
	int ret;

	assert_non_null(exact);
	memcpy(exact, text, len);
	cmd->verb = '?';
	cmd->pid = UNTOUCHED;
	ret = fl_classic_command_next(len ? exact : exact + 1, len, cmd);
	free(exact);
	if (ret <= 0)
		assert_true(cmd->verb == '?' && cmd->pid == UNTOUCHED);
	return ret;
}

static void takes(const char *text, int used, char verb, int pid)
{
	struct fl_classic_command cmd;

	assert_int_equal(next(text, strlen(text), &cmd), used);
	assert_int_equal(cmd.verb, verb);
	assert_int_equal(cmd.pid, pid);
}

static void returns(const char *text, size_t len, int expected)
{
	struct fl_classic_command cmd;
	int ret = next(text, len, &cmd);

	if (ret != expected)
		fail_msg("'%.*s' returned %d, not %d", (int)len, text, ret, expected);
}

static void refuses(const char *text)
{
	returns(text, strlen(text), -EINVAL);
}

static void test_takes_both_verbs(void **state)
{
	(void)state;
	takes("R 1\n", 4, FL_CLASSIC_REGISTER, 1);
	takes("U 1\n", 4, FL_CLASSIC_UNREGISTER, 1);
	takes("R 4194304\n", 10, FL_CLASSIC_REGISTER, 4194304);
}

static void test_takes_a_line_without_its_newline(void **state)
{
	(void)state;
	takes("R 12", 4, FL_CLASSIC_REGISTER, 12);
	takes("U 12  ", 6, FL_CLASSIC_UNREGISTER, 12);
	takes("\nU 1", 4, FL_CLASSIC_UNREGISTER, 1);
}

static void test_ignores_blanks_around(void **state)
{
	(void)state;
	takes("  R 5\n", 6, FL_CLASSIC_REGISTER, 5);
	takes("R 5  \n", 6, FL_CLASSIC_REGISTER, 5);
	takes("R    5\n", 7, FL_CLASSIC_REGISTER, 5);
	takes("R\t5\n", 4, FL_CLASSIC_REGISTER, 5);
	takes("\tR \t 5\t\n", 8, FL_CLASSIC_REGISTER, 5);
	takes("R 5\r\n", 5, FL_CLASSIC_REGISTER, 5);
	takes("R 5 \r", 5, FL_CLASSIC_REGISTER, 5);
}

static void test_skips_empty_lines_before_and_none_behind(void **state)
{
	(void)state;
	takes("\n\nR 5\n\n\n", 6, FL_CLASSIC_REGISTER, 5);
	takes(" \n\t\n\r\nR 5\n", 10, FL_CLASSIC_REGISTER, 5);
}

static void test_finds_nothing_among_blanks(void **state)
{
	(void)state;
	returns("", 0, 0);
	returns(" ", 1, 0);
	returns("\n", 1, 0);
	returns("\n\n\n", 3, 0);
	returns(" \t\r\n \t\r", 7, 0);
}

static void test_works_off_several_lines_one_by_one(void **state)
{
	static const char text[] = "R 1\n\n  U 22\r\nR 333";
	static const struct {
		int used;
		char verb;
		int pid;
	} lines[] = { { 4, 'R', 1 }, { 9, 'U', 22 }, { 5, 'R', 333 } };
	const char *at = text;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		takes(at, lines[i].used, lines[i].verb, lines[i].pid);
		at += lines[i].used;
	}
	assert_ptr_equal(at, text + strlen(text));
}

/* What is wrong further on is met when its turn comes. */
static void test_looks_no_further_than_the_first_command(void **state)
{
	(void)state;
	takes("R 1\nnonsense\n", 4, FL_CLASSIC_REGISTER, 1);
	refuses("nonsense\nR 1\n");
	refuses("\n\nnonsense\nR 1\n");
}

static void test_pids_have_a_range(void **state)
{
	(void)state;
	takes("R 0\n", 4, FL_CLASSIC_REGISTER, 0);
	takes("R 007\n", 6, FL_CLASSIC_REGISTER, 7);
	takes("R 2147483647\n", 13, FL_CLASSIC_REGISTER, 2147483647);
	refuses("R 2147483648\n");
	refuses("R 4294967296\n"); /* 0 modulo 2^32 */
	refuses("R 4294967297\n");
	refuses("R 18446744073709551617\n"); /* 1 modulo 2^64 */
	refuses("R 99999999999999999999999999999999999999999\n");
	refuses("R -1\n");
	refuses("R -2147483648\n");
}

static void test_refuses_what_is_no_command(void **state)
{
	/* clang-format off */
	static const char *const junk[] = {
		"R", "R\n", "R \n", "U", "R5\n", "R5", "r 5\n", "u 5\n", "X 5\n", "5\n", "5 R\n",
		"R +5\n", "R 5x\n", "R x5\n", "R 0x5\n", "R 5.0\n", "R 1 2\n", "R R 5\n", "RR 5\n",
		"R 5 R 6\n", "R 5;\n", "R,5\n", "R 5\v\n", "R\f5\n", "\xff\n", "R \xb2\n",
		"R 5\rU 5\n", "-\n",
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
		refuses(junk[i]);
}

static void test_a_nul_is_no_blank(void **state)
{
	(void)state;
	returns("\0", 1, -EINVAL);
	returns("R 5\0", 4, -EINVAL);
	returns("R 5\0\n", 5, -EINVAL);
	returns("R\0005\n", 4, -EINVAL);
	returns("\0R 5\n", 5, -EINVAL);
	returns("R 5\n\0", 5, 4);
}

/* @len bytes that are a command thanks to the blanks in it, or are only blanks, then @end. */
static void line_returns(const char *command, size_t len, const char *end, int expected)
{
	char text[FL_CLASSIC_LINE_MAX + 20];

	snprintf(text, sizeof(text), "%*s%s", (int)len, command, end);
	returns(text, strlen(text), expected);
}

static void test_lines_have_a_longest(void **state)
{
	const size_t max = FL_CLASSIC_LINE_MAX;

	(void)state;
	line_returns("R 5", max - 1, "", max - 1);
	line_returns("R 5", max, "", max);
	line_returns("R 5", max, "\n", max + 1);
	line_returns("R 5", max, "\nU 5\n", max + 1);
	line_returns("R 5", max + 1, "", -EINVAL);
	line_returns("R 5", max + 1, "\n", -EINVAL);
	line_returns("R 5", max + 1, "\nU 5\n", -EINVAL);
	line_returns("", max, "", 0);
	line_returns("", max, "\n", 0);
	line_returns("", max, "\nU 5\n", max + 5);
	line_returns("", max + 1, "", -EINVAL);
	line_returns("", max + 1, "\nU 5\n", -EINVAL);
}

/* Each line counts for itself, up to the longest write. */
static void test_works_off_the_longest_write(void **state)
{
	char text[FL_CLASSIC_WRITE_MAX];
	struct fl_classic_command cmd;
	int done = 0, lines = 0, used;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i += 4)
		memcpy(text + i, "R 7\n", 4);
	while ((used = next(text + done, sizeof(text) - done, &cmd)) > 0) {
		assert_int_equal(used, 4);
		assert_int_equal(cmd.pid, 7);
		done += used;
		lines++;
	}
	assert_int_equal(used, 0);
	assert_int_equal(lines, sizeof(text) / 4);
	memset(text, '\n', sizeof(text));
	assert_int_equal(next(text, sizeof(text), &cmd), 0);
}

/* Whether there is anything but blanks. */
static int has_content(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r\n", text[i]) || !text[i])
			return 1;
	return 0;
}

static void check_anything(const char *text, size_t len)
{
	struct fl_classic_command cmd, again;
	char plain[32];
	int ret = next(text, len, &cmd);

	if (ret == -EINVAL)
		return;
	assert_in_range(ret, 0, len);
	if (ret == 0) {
		assert_false(has_content(text, len));
		return;
	}
	assert_true(cmd.verb == FL_CLASSIC_REGISTER || cmd.verb == FL_CLASSIC_UNREGISTER);
	assert_true(cmd.pid >= 0);
	assert_true(text[ret - 1] == '\n' || (size_t)ret == len);
	/* What it used is the same command by itself, and so is the command written plainly. */
	assert_int_equal(next(text, ret, &again), ret);
	assert_true(again.verb == cmd.verb && again.pid == cmd.pid);
	snprintf(plain, sizeof(plain), "%c %d\n", cmd.verb, cmd.pid);
	assert_int_equal(next(plain, strlen(plain), &again), strlen(plain));
	assert_true(again.verb == cmd.verb && again.pid == cmd.pid);
}

static void test_survives_any_text(void **state)
{
	static const char alphabet[] = "RRRRUU   \n\n\t\r0123456789012345678922-+x\0\xff";
	const char *wish = getenv("SEED");
	unsigned int seed = wish ? strtoul(wish, NULL, 10) : (unsigned int)time(NULL);
	char text[200];

	(void)state;
	print_message("SEED=%u repeats this\n", seed);
	srandom(seed);
	for (int i = 0; i < 300000; i++) {
		size_t len = random() % (random() % 8 ? 12 : sizeof(text));

		for (size_t k = 0; k < len; k++)
			text[k] = i % 16 ? alphabet[random() % (sizeof(alphabet) - 1)]
					 : (char)random();
		check_anything(text, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_both_verbs),
		cmocka_unit_test(test_takes_a_line_without_its_newline),
		cmocka_unit_test(test_ignores_blanks_around),
		cmocka_unit_test(test_skips_empty_lines_before_and_none_behind),
		cmocka_unit_test(test_finds_nothing_among_blanks),
		cmocka_unit_test(test_works_off_several_lines_one_by_one),
		cmocka_unit_test(test_looks_no_further_than_the_first_command),
		cmocka_unit_test(test_pids_have_a_range),
		cmocka_unit_test(test_refuses_what_is_no_command),
		cmocka_unit_test(test_a_nul_is_no_blank),
		cmocka_unit_test(test_lines_have_a_longest),
		cmocka_unit_test(test_works_off_the_longest_write),
		cmocka_unit_test(test_survives_any_text),
	};

	return cmocka_run_group_tests_name("classic_command", tests, NULL, NULL);
}
