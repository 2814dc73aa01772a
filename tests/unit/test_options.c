// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "libfaultline.h"
#include "options.h"

/* A struct as it was first, as it is, and as it will be. */
struct first {
	uint32_t size;
	uint32_t a;
};

struct known {
	uint32_t size;
	uint32_t a;
	uint64_t b;
};

struct newer {
	uint32_t size;
	uint32_t a;
	uint64_t b;
	uint64_t c;
};

static int take(struct known *to, const void *from)
{
	memset(to, 0xee, sizeof(*to));
	return options_take(to, sizeof(*to), sizeof(struct first), from);
}

static void test_takes_its_own_size(void **state)
{
	struct known from = { sizeof(from), 1, 2 }, to;

	(void)state;
	assert_int_equal(take(&to, &from), 0);
	assert_int_equal(to.a, 1);
	assert_int_equal(to.b, 2);
}

static void test_what_an_older_program_has_not_is_zero(void **state)
{
	struct first from = { sizeof(from), 1 };
	struct known to;

	(void)state;
	assert_int_equal(take(&to, &from), 0);
	assert_int_equal(to.a, 1);
	assert_int_equal(to.b, 0);
}

static void test_what_a_newer_program_wants_must_be_zero(void **state)
{
	struct newer from = { sizeof(from), 1, 2, 0 };
	struct known to;

	(void)state;
	assert_int_equal(take(&to, &from), 0);
	assert_int_equal(to.b, 2);
	for (size_t i = 0; i < sizeof(from.c); i++) {
		from.c = UINT64_C(1) << (8 * i);
		assert_int_equal(take(&to, &from), -E2BIG);
		assert_non_null(strstr(faultline_message(), "newer libfaultline"));
	}
}

static void test_a_size_that_never_was_is_refused(void **state)
{
	struct known from = { 0 }, to;

	(void)state;
	for (uint32_t size = 0; size < sizeof(struct first); size++) {
		from.size = size;
		assert_int_equal(take(&to, &from), -EINVAL);
		assert_int_equal(options_give(&from, sizeof(struct first), &to, sizeof(to)),
				 -EINVAL);
		assert_int_equal(from.a, 0);
	}
}

static void test_gives_as_much_as_there_is_room_for(void **state)
{
	const struct known from = { 0, 1, 2 };
	struct {
		struct newer newer;
		uint64_t behind;
	} to;

	(void)state;
	for (uint32_t size = sizeof(struct first); size <= sizeof(struct newer); size += 8) {
		memset(&to, 0xee, sizeof(to));
		to.newer.size = size;
		assert_int_equal(options_give(&to, sizeof(struct first), &from, sizeof(from)), 0);
		assert_int_equal(to.newer.size, size);
		assert_int_equal(to.newer.a, 1);
		assert_int_equal(to.newer.b, size < 16 ? 0xeeeeeeeeeeeeeeee : 2);
		assert_int_equal(to.newer.c, size < 24 ? 0xeeeeeeeeeeeeeeee : 0);
		assert_int_equal(to.behind, 0xeeeeeeeeeeeeeeee);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_its_own_size),
		cmocka_unit_test(test_what_an_older_program_has_not_is_zero),
		cmocka_unit_test(test_what_a_newer_program_wants_must_be_zero),
		cmocka_unit_test(test_a_size_that_never_was_is_refused),
		cmocka_unit_test(test_gives_as_much_as_there_is_room_for),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
