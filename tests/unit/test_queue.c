// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "queue.h"

static struct queue queue;
static bool no_memory;

void *__real_realloc(void *at, size_t size);
void *__wrap_realloc(void *at, size_t size);

void *__wrap_realloc(void *at, size_t size)
{
	return no_memory ? NULL : __real_realloc(at, size);
}

static int end(void **state)
{
	(void)state;
	queue_free(&queue);
	no_memory = false;
	return 0;
}

static void put(uint64_t time_ns, uint32_t target)
{
	struct fl_sample sample = { .target = target };

	queue_add(&queue, FL_RECORD_SAMPLE, time_ns, &sample, sizeof(sample));
}

static void expect(uint16_t type, uint32_t seq, uint64_t time_ns)
{
	const struct fl_record *record = queue_next(&queue);

	assert_non_null(record);
	assert_int_equal(record->type, type);
	assert_int_equal(record->seq, seq);
	assert_true(record->time_ns == time_ns);
}

static void test_gives_what_was_put(void **state)
{
	(void)state;
	assert_true(queue_empty(&queue));
	assert_null(queue_next(&queue));
	put(5, 1);
	put(7, 2);
	assert_false(queue_empty(&queue));
	expect(FL_RECORD_SAMPLE, 0, 5);
	expect(FL_RECORD_SAMPLE, 1, 7);
	assert_true(queue_empty(&queue));
	assert_null(queue_next(&queue));
	put(8, 3);
	expect(FL_RECORD_SAMPLE, 2, 8);
	assert_int_equal(queue.records, 3);
}

static void test_time_does_not_go_back(void **state)
{
	(void)state;
	put(9, 1);
	put(4, 2);
	expect(FL_RECORD_SAMPLE, 0, 9);
	expect(FL_RECORD_SAMPLE, 1, 9);
}

static void test_grows(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 10000; i++)
		put(i, i);
	for (uint32_t i = 0; i < 10000; i++) {
		const struct fl_record *record = queue_next(&queue);

		assert_int_equal(record->seq, i);
		assert_int_equal(((const struct fl_sample *)record)->target, i);
	}
	assert_null(queue_next(&queue));
}

static void test_tells_of_what_was_lost(void **state)
{
	const struct fl_record *record;

	(void)state;
	no_memory = true;
	put(1, 1);
	put(2, 1);
	no_memory = false;
	queue_lose(&queue, 3, 4);
	put(3, 1);
	record = queue_next(&queue);
	assert_int_equal(record->type, FL_RECORD_LOST);
	assert_int_equal(record->seq, 5);
	assert_int_equal(((const struct fl_lost *)record)->records, 5);
	assert_int_equal(((const struct fl_lost *)record)->unfollowed, 4);
	expect(FL_RECORD_SAMPLE, 6, 3);
	put(4, 1);
	expect(FL_RECORD_SAMPLE, 7, 4);
	assert_int_equal(queue.lost, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_gives_what_was_put, end),
		cmocka_unit_test_teardown(test_time_does_not_go_back, end),
		cmocka_unit_test_teardown(test_grows, end),
		cmocka_unit_test_teardown(test_tells_of_what_was_lost, end),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
