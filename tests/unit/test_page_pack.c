// SPDX-License-Identifier: MIT
/* Numbers of pages, packed: they are unpacked here as a browser does. */
#include <stdlib.h>
#include <zlib.h>

#include "made_history.h"
#include "page_pack.h"

#define BYTES_MAX (4U << 20)

static FILE *file;

static int begin(void **state)
{
	(void)state;
	file = tmpfile();
	return file ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	return fclose(file);
}

static unsigned int digit_of(int character)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *place = strchr(digits, character);

	assert_true(character && place);
	return place - digits;
}

/* Base64, padded or not at its end. Returns how many bytes. */
static size_t read_packed(unsigned char *bytes)
{
	unsigned int bits = 0;
	unsigned int number = 0;
	size_t characters = 0;
	size_t used = 0;
	int character;

	rewind(file);
	for (; (character = getc(file)) != EOF; characters++) {
		if (character == '=')
			continue;
		bits = bits << 6 | digit_of(character);
		number += 6;
		if (number < 8)
			continue;
		number -= 8;
		bytes[used++] = bits >> number;
		assert_true(used < BYTES_MAX);
	}
	assert_int_equal(characters % 4, 0);
	return used;
}

/* What the differences add up to. */
static uint64_t next(const unsigned char **at, uint64_t last)
{
	uint64_t bits = 0;
	unsigned int shift = 0;

	do
		bits |= (uint64_t)(**at & 127) << shift, shift += 7;
	while (*(*at)++ & 128);
	return last + (bits & 1 ? ~(bits >> 1) : bits >> 1);
}

static void assert_comes_back(const uint64_t *numbers, size_t number)
{
	static unsigned char packed[BYTES_MAX], plain[BYTES_MAX];
	const unsigned char *at = plain;
	uLongf bytes = sizeof(plain);
	uint64_t last = 0;

	assert_int_equal(uncompress(plain, &bytes, packed, read_packed(packed)), Z_OK);
	for (size_t i = 0; i < number; i++) {
		last = next(&at, last);
		assert_int_equal(last, numbers[i]);
	}
	assert_int_equal(at - plain, bytes);
}

static void test_numbers_come_back_whichever_way_they_go(void **state)
{
	static const uint64_t numbers[] = {
		0, 1, 0, 63, 64, 128, 1ULL << 52, 5, 5, 1000000, 999999
	};
	struct page_pack *pack = page_pack_new(file);

	(void)state;
	assert_non_null(pack);
	page_pack_begin(pack);
	for (size_t i = 0; i < 11; i++)
		page_pack_add(pack, numbers[i]);
	page_pack_finish(pack);
	assert_comes_back(numbers, 11);
}

static void test_many_numbers_that_hardly_deflate(void **state)
{
	static uint64_t numbers[300000];
	struct page_pack *pack = page_pack_new(file);

	(void)state;
	assert_non_null(pack);
	page_pack_begin(pack);
	srandom(7);
	for (size_t i = 0; i < 300000; i++) {
		numbers[i] = random();
		page_pack_add(pack, numbers[i]);
	}
	page_pack_finish(pack);
	assert_comes_back(numbers, 300000);
}

static void test_a_column_begins_at_zero(void **state)
{
	static const uint64_t numbers[] = { 7, 14 }; /* as one column they would be 7 and 7 */
	struct page_pack *pack = page_pack_new(file);

	(void)state;
	assert_non_null(pack);
	for (size_t i = 0; i < 2; i++) {
		page_pack_begin(pack);
		page_pack_add(pack, 7);
	}
	page_pack_finish(pack);
	assert_comes_back(numbers, 2);
}

static void test_nothing_is_packed_as_well(void **state)
{
	(void)state;
	page_pack_finish(page_pack_new(file));
	assert_comes_back(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_numbers_come_back_whichever_way_they_go, begin,
						end),
		cmocka_unit_test_setup_teardown(test_many_numbers_that_hardly_deflate, begin, end),
		cmocka_unit_test_setup_teardown(test_a_column_begins_at_zero, begin, end),
		cmocka_unit_test_setup_teardown(test_nothing_is_packed_as_well, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
