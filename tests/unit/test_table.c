// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "table.h"
#include "told_history.h"

static struct table table;
static struct table_order order;

static int begin(void **state)
{
	table = (struct table){ 0 };
	order = (struct table_order){ 0 };
	return told_begin(state);
}

static int end(void **state)
{
	table_clear(&table);
	return told_end(state);
}

/* Three siblings of 1001, of which 1004 has a child. */
static void tell_family(void)
{
	told_join(1, 0, START, "mother");
	told_join(2, 1, START + 1, "beta");
	told_join(3, 1, START + 2, "alpha");
	told_join(4, 1, START + 3, "gamma");
	told_join(5, 4, START + 4, "delta");
	for (unsigned int i = 1; i <= 5; i++)
		told_sample(i, START + SECOND, 0, 10 + i);
	told_sample(1, START + 2 * SECOND, 10, 100);
	told_sample(2, START + 2 * SECOND, 20, 50);
	told_sample(3, START + 2 * SECOND, 50, 70);
	told_sample(4, START + 2 * SECOND, 30, 60);
	told_sample(5, START + 2 * SECOND, 40, 10);
}

static void fill(void)
{
	assert_int_equal(table_fill(&table, history, &order, SECOND, START + 2 * SECOND), 0);
}

static void stand(const int *pids)
{
	assert_int_equal(table.number, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(table.rows[i].pid, pids[i]);
}

static void sorts(enum table_key key, bool reverse, const int *pids)
{
	order.key = key;
	order.reverse = reverse;
	assert_int_equal(table_sort(&table, &order), 0);
	stand(pids);
}

static void test_rows_have_the_newest_interval(void **state)
{
	(void)state;
	tell_family();
	fill();
	stand((const int[]){ 1003, 1005, 1004, 1002, 1001 });
	assert_string_equal(table.rows[0].name, "alpha");
	assert_float_equal(table.rows[0].rates.minor, 50, 1e-9);
	assert_float_equal(table.rows[0].rates.major, 5, 1e-9);
	assert_float_equal(table.rows[0].spark[TABLE_SPARK - 1], 55, 1e-3);
	assert_float_equal(table.rows[0].spark[TABLE_SPARK - 2], 0, 1e-9);
	assert_float_equal(table.total.minor, 150, 1e-9);
	assert_float_equal(table.total.resident, 290, 1e-9);
}

static void test_every_key_sorts(void **state)
{
	(void)state;
	tell_family();
	fill();
	sorts(TABLE_MINOR, true, (const int[]){ 1001, 1002, 1004, 1005, 1003 });
	sorts(TABLE_MAJOR, false, (const int[]){ 1003, 1005, 1004, 1002, 1001 });
	sorts(TABLE_CPU, false, (const int[]){ 1003, 1005, 1004, 1002, 1001 });
	sorts(TABLE_RESIDENT, false, (const int[]){ 1001, 1003, 1004, 1002, 1005 });
	sorts(TABLE_SWAPPED, false, (const int[]){ 1001, 1002, 1003, 1004, 1005 });
	sorts(TABLE_PID, true, (const int[]){ 1005, 1004, 1003, 1002, 1001 });
	sorts(TABLE_NAME, false, (const int[]){ 1003, 1002, 1005, 1004, 1001 });
}

static void test_a_tree_has_children_below_parents(void **state)
{
	(void)state;
	order.tree = true;
	tell_family();
	fill();
	stand((const int[]){ 1001, 1003, 1004, 1005, 1002 });
	assert_int_equal(table.rows[0].depth, 0);
	assert_int_equal(table.rows[2].depth, 1);
	assert_int_equal(table.rows[3].depth, 2);
}

static int parent_of(int pid)
{
	return pid == 1001 ? 1003 : pid == 1003 ? 1001 : 0;
}

static void test_a_circle_of_parents_is_none(void **state)
{
	(void)state;
	order.tree = true;
	order.parent_of = parent_of;
	told_join(1, 0, START, "one");
	told_join(3, 0, START + 1, "three");
	assert_int_equal(table_fill(&table, history, &order, SECOND, START + SECOND), 0);
	assert_int_equal(table.number, 2);
	assert_int_equal(table.rows[0].pid, 1001);
	assert_int_equal(table.rows[1].pid, 1003);
	assert_int_equal(table.rows[1].depth, 1);
}

static void test_twins_of_a_tick_are_parent_and_child(void **state)
{
	(void)state;
	order.tree = true;
	order.parent_of = parent_of;
	told_join(3, 0, START, "three");
	told_join(1, 0, START, "one");
	assert_int_equal(table_fill(&table, history, &order, SECOND, START + SECOND), 0);
	assert_int_equal(table.number, 2);
	assert_int_equal(table.rows[0].pid, 1001);
	assert_int_equal(table.rows[1].pid, 1003);
	assert_int_equal(table.rows[1].depth, 1);
}

static void test_a_short_life_has_its_spark(void **state)
{
	(void)state;
	told_join(1, 0, START, "short");
	told_exit(1, START + SECOND / 10, 100);
	assert_int_equal(table_fill(&table, history, &order, SECOND, START + 2 * SECOND), 0);
	assert_float_equal(table.rows[0].spark[TABLE_SPARK - 2], 110, 1e-3);
	assert_float_equal(table.rows[0].spark[TABLE_SPARK - 1], 0, 1e-9);
}

static void test_the_dead_stay_for_a_while(void **state)
{
	(void)state;
	tell_family();
	told_exit(3, START + 2 * SECOND, 60);
	assert_int_equal(table_fill(&table, history, &order, SECOND, START + 3 * SECOND), 0);
	assert_int_equal(table.number, 5);
	assert_int_equal(table.ended, 1);
	assert_float_equal(table.total.resident, 220, 1e-9);
	assert_int_equal(table_fill(&table, history, &order, SECOND, START + 8 * SECOND), 0);
	assert_int_equal(table.number, 4);
	assert_int_equal(table.ended, 0);
}

static void test_totals_go_into_the_sparklines(void **state)
{
	(void)state;
	tell_family();
	fill();
	table_note(&table);
	table.total.minor = 7;
	table_note(&table);
	assert_float_equal(table.minor[TABLE_SPARK - 2], 150, 1e-3);
	assert_float_equal(table.minor[TABLE_SPARK - 1], 7, 1e-3);
	assert_float_equal(table.major[TABLE_SPARK - 2], 15, 1e-3);
	assert_float_equal(table.minor[0], 0, 1e-9);
}

static void test_nobody(void **state)
{
	(void)state;
	order.tree = true;
	fill();
	assert_int_equal(table.number, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows_have_the_newest_interval, begin, end),
		cmocka_unit_test_setup_teardown(test_every_key_sorts, begin, end),
		cmocka_unit_test_setup_teardown(test_a_tree_has_children_below_parents, begin, end),
		cmocka_unit_test_setup_teardown(test_a_circle_of_parents_is_none, begin, end),
		cmocka_unit_test_setup_teardown(test_twins_of_a_tick_are_parent_and_child, begin,
						end),
		cmocka_unit_test_setup_teardown(test_a_short_life_has_its_spark, begin, end),
		cmocka_unit_test_setup_teardown(test_the_dead_stay_for_a_while, begin, end),
		cmocka_unit_test_setup_teardown(test_totals_go_into_the_sparklines, begin, end),
		cmocka_unit_test_setup_teardown(test_nobody, begin, end),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
