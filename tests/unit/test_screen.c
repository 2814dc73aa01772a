// SPDX-License-Identifier: MIT
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "screen.h"
#include "told_history.h"

static struct table table;
static struct screen screen;
static struct footing footing;
static struct screen_view view;

static int begin(void **state)
{
	footing = (struct footing){
		.segment = told_segment(),
		.why = "",
		.wall_ns = 10 * SECOND,
		.cpu_ns = SECOND / 100,
		.figures = { .pass_ns = SECOND / 1000, .missed = 1234 },
	};
	view = (struct screen_view){
		.table = &table,
		.footing = &footing,
		.length_ns = SECOND,
		.unicode = true,
	};
	return told_begin(state);
}

static int end(void **state)
{
	table_clear(&table);
	screen_clear(&screen);
	return told_end(state);
}

static void fill(uint64_t to_ns)
{
	assert_int_equal(table_fill(&table, history, &view.order, SECOND, to_ns), 0);
	table_note(&table);
}

/* A parent that sleeps, a child that faults and one that has ended. */
static void tell_three(void)
{
	told_join(1, 0, START, "make");
	told_join(2, 1, START + 1, "cc1");
	told_join(3, 2, START + 2, "as");
	told_sample(1, START + SECOND, 0, 1000);
	told_sample(2, START + SECOND, 5, 20000);
	told_sample(3, START + SECOND, 0, 500);
	fill(START + SECOND);
	told_sample(1, START + 2 * SECOND, 0, 1000);
	told_sample(2, START + 2 * SECOND, 500005, 30000);
	told_exit(3, START + 2 * SECOND, 8);
	fill(START + 2 * SECOND);
}

static void compose(size_t rows, int columns)
{
	assert_int_equal(screen_compose(&screen, &view, rows, columns), 0);
}

/* Lines as they are; blanks at their ends do not show. */
static void shows(size_t first, const char *const *lines, size_t number)
{
	for (size_t i = 0; i < number; i++) {
		char *text = screen.lines[first + i].line.text;
		size_t bytes = strlen(text);

		while (bytes && text[bytes - 1] == ' ')
			text[--bytes] = '\0';
		assert_string_equal(text, lines[i]);
	}
}

static void test_a_screen_of_80_columns(void **state)
{
	static const char *const lines[] = {
		"faultline top  2 processes, 1 ended, each 1.00 s, by minor faults",
		"minor    500k/s                             ▁█ CPU      50 %  resident  121 MiB",
		"major   50.0k/s                              █ kernel   13 %  swapped       0 B",
		"source      module 1.2, a sample every 10.0 ms",
		"cannot see  what is told to nobody",
		"lost        1,234 deadlines missed; own cost 0.11 % of one CPU: 10.0 ms here,...",
		"    PID ▼minor/s  major/s     CPU  resident  swapped last 11 s   name",
		"   1002     500k    50.0k    50 %   117 MiB      0 B          ▁█ cc1",
		"   1003        8        0     0 %       0 B      0 B           █ as (ended)",
		"   1001        0        0     0 %   3.9 MiB      0 B             make",
	};

	(void)state;
	tell_three();
	compose(24, 80);
	assert_int_equal(screen.number, 24);
	shows(0, lines, sizeof(lines) / sizeof(lines[0]));
	assert_int_equal(screen.lines[0].style, SCREEN_TITLE);
	compose(24, 40);
	shows(0, (const char *const[]){ "faultline top  2 processes, 1 ended, ..." }, 1);
	compose(24, 80);
	assert_int_equal(screen.lines[6].style, SCREEN_HEAD);
	assert_int_equal(screen.lines[7].style, SCREEN_CURSOR);
	assert_int_equal(screen.lines[8].style, SCREEN_ENDED);
	assert_int_equal(screen.lines[9].style, SCREEN_PLAIN);
	assert_int_equal(screen.lines[23].style, SCREEN_KEYS);
	view.cursor = 2;
	compose(24, 80);
	assert_int_equal(screen.lines[7].style, SCREEN_MAJOR);
}

static void test_a_tree_in_ascii(void **state)
{
	static const char *const lines[] = {
		"    PID ^minor/s  major/s     CPU  resident  swapped last 11 s   name",
		"   1001        0        0     0 %   3.9 MiB      0 B             make",
		"   1002     500k    50.0k    50 %   117 MiB      0 B          _# ` cc1",
		"   1003        8        0     0 %       0 B      0 B           #   ` as (ended)",
	};

	(void)state;
	view.unicode = false;
	view.order.tree = view.order.reverse = true;
	tell_three();
	compose(24, 80);
	shows(6, lines, sizeof(lines) / sizeof(lines[0]));
	for (size_t i = 0; i < screen.number; i++)
		for (const char *text = screen.lines[i].line.text; *text; text++)
			assert_in_range(*text, ' ', '~');
}

static void test_what_fits_is_shown(void **state)
{
	static const char *const tiny[] = { "m  500k/s" };
	static const char *const small[] = { "minor    500k/s", "▼minor/s name", "    500k cc1" };

	(void)state;
	tell_three();
	compose(1, 10);
	assert_int_equal(screen.number, 1);
	shows(0, tiny, 1);
	compose(3, 20);
	assert_int_equal(screen.number, 3);
	shows(0, small, 1);
	compose(3, 17);
	shows(1, small + 1, 2);
}

/* What is pressed is whole, or is not there; so are figures. */
static void test_nothing_is_half_there(void **state)
{
	(void)state;
	tell_three();
	for (int columns = 14; columns < 180; columns++) {
		const char *text;

		compose(24, columns);
		text = screen.lines[23].line.text;
		assert_non_null(strstr(text, "q quit"));
		text = screen.lines[1].line.text;
		assert_int_equal(!strstr(text, "CPU"), !strstr(text, "50 %"));
		assert_int_equal(!strstr(text, "resident"), !strstr(text, "121 MiB"));
		text = screen.lines[2].line.text;
		assert_int_equal(!strstr(text, "kernel"), !strstr(text, "13 %"));
		assert_int_equal(!strstr(text, "swapped"), !strstr(text, "0 B"));
	}
}

static void test_a_pause_is_seen_at_any_height(void **state)
{
	(void)state;
	tell_three();
	for (size_t rows = 1; rows < 20; rows++) {
		view.paused = true;
		compose(rows, 80);
		assert_non_null(strstr(screen.lines[0].line.text, "PAUSED"));
		view.paused = false;
		compose(rows, 80);
		assert_null(strstr(screen.lines[0].line.text, "PAUSED"));
	}
}

static void test_one_is_no_processes(void **state)
{
	(void)state;
	told_join(1, 0, START, "one");
	told_sample(1, START + SECOND, 0, 1000);
	fill(START + SECOND);
	compose(24, 80);
	shows(0, (const char *const[]){ "faultline top  1 process, each 1.00 s, by minor faults" },
	      1);
}

static void test_a_long_name_leaves_room_to_say_that_it_ended(void **state)
{
	(void)state;
	told_join(1, 0, START, "fifteen-letters");
	told_sample(1, START + SECOND, 0, 1000);
	told_exit(1, START + SECOND, 1000);
	fill(START + SECOND);
	compose(24, 80);
	assert_non_null(strstr(screen.lines[7].line.text, " fifteen (ended)"));
	for (int columns = 20; columns < 120; columns++) {
		const char *mark;

		compose(24, columns);
		mark = strchr(screen.lines[7].line.text, '(');
		assert_true(!mark || !strncmp(mark, "(ended)", 7));
	}
	compose(24, 120);
	assert_non_null(strstr(screen.lines[7].line.text, " fifteen-letters (ended)"));
}

static void all_sizes(void)
{
	for (size_t rows = 1; rows < 50; rows++) {
		for (int columns = 1; columns < 180; columns++) {
			compose(rows, columns);
			assert_int_equal(screen.number, rows);
			for (size_t i = 0; i < rows; i++)
				assert_true(screen.lines[i].line.columns <= columns);
		}
	}
}

static void test_no_size_is_too_small(void **state)
{
	(void)state;
	all_sizes();
	tell_three();
	all_sizes();
	view.order.tree = true;
	view.help = true;
	all_sizes();
}

static void test_the_cursor_stays_in_sight(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= 100; i++) {
		told_join(i, 0, START + i, "many");
		told_sample(i, START + SECOND, 0, 1);
	}
	fill(START + SECOND);
	view.cursor = 50;
	compose(24, 80);
	assert_int_equal(screen.rows, 16);
	assert_int_equal(view.first, 35);
	assert_int_equal(screen.lines[22].style, SCREEN_CURSOR);
	view.cursor = 40;
	compose(24, 80);
	assert_int_equal(view.first, 35);
	assert_int_equal(screen.lines[12].style, SCREEN_CURSOR);
	view.cursor = 3;
	compose(24, 80);
	assert_int_equal(view.first, 3);
	view.cursor = 1000;
	compose(24, 80);
	assert_int_equal(view.cursor, 99);
	assert_int_equal(view.first, 84);
}

static void test_on_paper_are_all_rows_and_no_keys(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= 100; i++) {
		told_join(i, 0, START + i, "many");
		told_sample(i, START + SECOND, 0, 1);
	}
	fill(START + SECOND);
	view.plain = true;
	compose(0, 100);
	assert_int_equal(screen.number, 7 + 100);
	for (size_t i = 0; i < screen.number; i++) {
		assert_int_not_equal(screen.lines[i].style, SCREEN_KEYS);
		assert_int_not_equal(screen.lines[i].style, SCREEN_CURSOR);
	}
}

static void test_help_says_all_of_the_source(void **state)
{
	bool seen = false;

	(void)state;
	footing.why = "somebody asked for it";
	view.help = true;
	view.paused = true;
	compose(24, 80);
	for (size_t i = 0; i < screen.number; i++)
		seen = seen || strstr(screen.lines[i].line.text, "somebody asked for it");
	assert_true(seen);
	assert_int_equal(screen.lines[23].style, SCREEN_KEYS);
	view.help = false;
	compose(24, 80);
	assert_non_null(strstr(screen.lines[0].line.text, "PAUSED"));
}

static int take_utf8(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_screen_of_80_columns, begin, end),
		cmocka_unit_test_setup_teardown(test_a_tree_in_ascii, begin, end),
		cmocka_unit_test_setup_teardown(test_what_fits_is_shown, begin, end),
		cmocka_unit_test_setup_teardown(test_nothing_is_half_there, begin, end),
		cmocka_unit_test_setup_teardown(test_a_pause_is_seen_at_any_height, begin, end),
		cmocka_unit_test_setup_teardown(test_one_is_no_processes, begin, end),
		cmocka_unit_test_setup_teardown(test_a_long_name_leaves_room_to_say_that_it_ended,
						begin, end),
		cmocka_unit_test_setup_teardown(test_no_size_is_too_small, begin, end),
		cmocka_unit_test_setup_teardown(test_the_cursor_stays_in_sight, begin, end),
		cmocka_unit_test_setup_teardown(test_on_paper_are_all_rows_and_no_keys, begin, end),
		cmocka_unit_test_setup_teardown(test_help_says_all_of_the_source, begin, end),
	};

	return cmocka_run_group_tests_name("screen", tests, take_utf8, NULL);
}
