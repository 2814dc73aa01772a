// SPDX-License-Identifier: MIT
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cell.h"

static struct cell_line line;

static int begin(void **state)
{
	(void)state;
	memset(&line, 0, sizeof(line));
	line.room = 20;
	return 0;
}

static void test_cells_stand_left_or_right(void **state)
{
	(void)state;
	cell_left(&line, "ab", 4);
	cell_right(&line, "12", 4);
	cell_text(&line, "|");
	assert_string_equal(line.text, "ab    12|");
	assert_int_equal(line.columns, 9);
}

static void test_what_is_too_long_is_cut(void **state)
{
	(void)state;
	cell_left(&line, "abcdef", 3);
	cell_right(&line, "123456", 3);
	cell_text(&line, "the end of the line");
	assert_string_equal(line.text, "abc123the end of the");
	assert_int_equal(line.columns, 20);
	cell_left(&line, "more", 4);
	assert_int_equal(line.columns, 20);
}

static void test_columns_are_not_bytes(void **state)
{
	(void)state;
	cell_left(&line, "▼é", 3);
	cell_right(&line, "漢字", 5);
	assert_string_equal(line.text, "▼é  漢字");
	assert_int_equal(line.columns, 8);
	assert_int_equal(cell_columns("漢字"), 4);
	cell_left(&line, "漢字", 3);
	assert_string_equal(line.text, "▼é  漢字漢 ");
}

static void test_nothing_reaches_the_terminal_but_text(void **state)
{
	(void)state;
	cell_text(&line, "a\033[31m\n\xff"
			 "b\x7f\xc3");
	cell_text(&line, "\u202e\u2066c");
	assert_string_equal(line.text, "a?[31m??b????c");
}

static void test_a_line_of_bytes_is_full_at_its_end(void **state)
{
	(void)state;
	line.room = 100000;
	for (int i = 0; i < 3000; i++)
		cell_text(&line, "█");
	assert_int_equal(line.bytes, strlen(line.text));
	assert_in_range(line.bytes, CELL_LINE_BYTES - 4, CELL_LINE_BYTES - 1);
}

static int take_utf8(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_cells_stand_left_or_right, begin),
		cmocka_unit_test_setup(test_what_is_too_long_is_cut, begin),
		cmocka_unit_test_setup(test_columns_are_not_bytes, begin),
		cmocka_unit_test_setup(test_nothing_reaches_the_terminal_but_text, begin),
		cmocka_unit_test_setup(test_a_line_of_bytes_is_full_at_its_end, begin),
	};

	return cmocka_run_group_tests_name("cell", tests, take_utf8, NULL);
}
