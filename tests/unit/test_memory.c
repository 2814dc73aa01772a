// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "memory.h"

/* What the system calls below are to do, and what they saw. */
static struct {
	int map_fails_at; /* the how many-th mmap fails with ENOMEM; 0: none */
	int advice_error; /* errno of madvise; 0: it works */
	int mapped, unmapped, advised;
} calls;

void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t size);
int __real_madvise(void *at, size_t size, int advice);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __wrap_munmap(void *at, size_t size);
int __wrap_madvise(void *at, size_t size, int advice);

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	assert_int_equal(size, MEMORY_BLOCK_BYTES);
	if (calls.mapped + 1 == calls.map_fails_at) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	calls.mapped++;
	return __real_mmap(at, size, protection, flags, fd, offset);
}

int __wrap_munmap(void *at, size_t size)
{
	assert_int_equal(size, MEMORY_BLOCK_BYTES);
	calls.unmapped++;
	return __real_munmap(at, size);
}

int __wrap_madvise(void *at, size_t size, int advice)
{
	assert_int_equal(size, MEMORY_BLOCK_BYTES);
	assert_int_equal(advice, MADV_NOHUGEPAGE);
	calls.advised++;
	if (calls.advice_error) {
		errno = calls.advice_error;
		return -1;
	}
	return __real_madvise(at, size, advice);
}

static struct memory memory;

static int forget_calls(void **state)
{
	(void)state;
	calls.map_fails_at = calls.advice_error = 0;
	calls.mapped = calls.unmapped = calls.advised = 0;
	return 0;
}

static void test_writes_where_the_offset_says(void **state)
{
	(void)state;
	assert_int_equal(memory_map(&memory, 3, false), 0);
	assert_int_equal(memory.blocks, 3);
	memory_write(&memory, 0);
	memory_write(&memory, MEMORY_BLOCK_BYTES - 1);
	memory_write(&memory, MEMORY_BLOCK_BYTES);
	memory_write(&memory, 3 * MEMORY_BLOCK_BYTES - 1);
	assert_int_equal(memory.block[0][0], 1);
	assert_int_equal(memory.block[0][1], 0);
	assert_int_equal(memory.block[0][MEMORY_BLOCK_BYTES - 1], 1);
	assert_int_equal(memory.block[1][0], 1);
	assert_int_equal(memory.block[1][1], 0);
	assert_int_equal(memory.block[2][MEMORY_BLOCK_BYTES - 1], 1);
	memory_unmap(&memory);
	assert_int_equal(memory.blocks, 0);
	assert_int_equal(calls.mapped, 3);
	assert_int_equal(calls.unmapped, 3);
}

static long minor_faults(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_minflt;
}

static void test_each_page_costs_one_fault(void **state)
{
	const long page = sysconf(_SC_PAGESIZE), pages = 8L * MEMORY_BLOCK_BYTES / page;
	long before, first, again;

	(void)state;
	before = minor_faults();
	assert_int_equal(memory_map(&memory, 8, false), 0);
	for (long i = 0; i < pages; i++)
		memory_write(&memory, i * page);
	first = minor_faults() - before;
	before = minor_faults();
	for (long i = 0; i < pages; i++)
		memory_write(&memory, i * page + page - 1);
	again = minor_faults() - before;
	/* The sanitizer has its own shadow of this memory, of an eighth, and touches some of it. */
	assert_in_range(first, pages, pages + pages / 8);
	assert_in_range(again, 0, pages / 8);
	memory_unmap(&memory);
}

static void test_asks_for_small_pages_unless_told_otherwise(void **state)
{
	(void)state;
	assert_int_equal(memory_map(&memory, 4, false), 0);
	assert_int_equal(calls.advised, 4);
	memory_unmap(&memory);
	assert_int_equal(memory_map(&memory, 4, true), 0);
	assert_int_equal(calls.advised, 4);
	memory_unmap(&memory);
}

static void test_does_without_the_advice_where_there_are_no_huge_pages(void **state)
{
	(void)state;
	calls.advice_error = EINVAL;
	assert_int_equal(memory_map(&memory, 2, false), 0);
	memory_unmap(&memory);
	assert_int_equal(calls.unmapped, 2);
}

static void test_leaves_nothing_behind_when_memory_runs_out(void **state)
{
	(void)state;
	calls.map_fails_at = 3;
	assert_int_equal(memory_map(&memory, 5, false), -ENOMEM);
	assert_int_equal(memory.blocks, 0);
	assert_int_equal(calls.mapped, 2);
	assert_int_equal(calls.unmapped, 2);
}

static void test_leaves_nothing_behind_when_advising_fails(void **state)
{
	(void)state;
	calls.advice_error = ENOMEM;
	assert_int_equal(memory_map(&memory, 5, false), -ENOMEM);
	assert_int_equal(memory.blocks, 0);
	assert_int_equal(calls.mapped, 1);
	assert_int_equal(calls.unmapped, 1);
}

static void test_maps_the_largest_buffer(void **state)
{
	(void)state;
	assert_int_equal(memory_map(&memory, MEMORY_BLOCKS_MAX, false), 0);
	memory_write(&memory, (uint64_t)MEMORY_BLOCKS_MAX * MEMORY_BLOCK_BYTES - 1);
	assert_int_equal(memory.block[MEMORY_BLOCKS_MAX - 1][MEMORY_BLOCK_BYTES - 1], 1);
	memory_unmap(&memory);
	assert_int_equal(calls.unmapped, MEMORY_BLOCKS_MAX);
}

#define TEST(name) cmocka_unit_test_setup(name, forget_calls)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_writes_where_the_offset_says),
		TEST(test_each_page_costs_one_fault),
		TEST(test_asks_for_small_pages_unless_told_otherwise),
		TEST(test_does_without_the_advice_where_there_are_no_huge_pages),
		TEST(test_leaves_nothing_behind_when_memory_runs_out),
		TEST(test_leaves_nothing_behind_when_advising_fails),
		TEST(test_maps_the_largest_buffer),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
