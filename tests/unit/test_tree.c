// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tree.h"

static size_t order[8];
static unsigned int depths[8];

static void stands(const size_t *parents, size_t number, const size_t *expected,
		   const unsigned int *expected_depths)
{
	assert_int_equal(tree_order(parents, number, order, depths), 0);
	for (size_t i = 0; i < number; i++) {
		assert_int_equal(order[i], expected[i]);
		assert_int_equal(depths[i], expected_depths[i]);
	}
}

static void test_children_stand_below_their_parents(void **state)
{
	/* 1 has 3 and 0, which has 4; 2 and 5 have nobody. */
	const size_t parents[] = { 1, TREE_ROOT, TREE_ROOT, 1, 0, TREE_ROOT };
	const size_t expected[] = { 1, 0, 4, 3, 2, 5 };
	const unsigned int deep[] = { 0, 1, 2, 1, 0, 0 };

	(void)state;
	stands(parents, 6, expected, deep);
}

static void test_a_line_of_descent(void **state)
{
	const size_t parents[] = { TREE_ROOT, 0, 1, 2 };
	const size_t expected[] = { 0, 1, 2, 3 };
	const unsigned int deep[] = { 0, 1, 2, 3 };

	(void)state;
	stands(parents, 4, expected, deep);
}

static void test_nobody(void **state)
{
	(void)state;
	assert_int_equal(tree_order(NULL, 0, NULL, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_children_stand_below_their_parents),
		cmocka_unit_test(test_a_line_of_descent),
		cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
