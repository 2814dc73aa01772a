// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "protobuf.h"
#include "utf8.h"

static struct protobuf message, inner;

static int empty(void **state)
{
	(void)state;
	message.length = inner.length = 0;
	return 0;
}

static void assert_bytes(const char *bytes, size_t length)
{
	assert_int_equal(message.length, length);
	assert_memory_equal(message.bytes, bytes, length);
}

static void test_numbers_are_varints(void **state)
{
	(void)state;
	protobuf_number(&message, 1, 0);
	protobuf_number(&message, 1, 127);
	protobuf_number(&message, 1, 150);
	protobuf_number(&message, 16, UINT64_MAX);
	assert_bytes("\x08\x00\x08\x7f\x08\x96\x01\x80\x01"
		     "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		     19);
}

static void test_doubles_are_little_endian(void **state)
{
	(void)state;
	protobuf_double(&message, 44, 1.5);
	assert_bytes("\xe1\x02\0\0\0\0\0\0\xf8\x3f", 10);
}

static void test_texts_and_messages_have_their_length_in_front(void **state)
{
	(void)state;
	protobuf_text(&inner, 2, "testing");
	protobuf_message(&message, 3, &inner);
	protobuf_text(&message, 2, "");
	assert_bytes("\x1a\x09\x12\x07testing\x12\x00", 13);
}

static void test_what_does_not_fit_is_left_out_whole(void **state)
{
	static char text[PROTOBUF_BYTES + 1];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	protobuf_text(&message, 1, text);
	assert_int_equal(message.length, 0);
	text[PROTOBUF_BYTES - 3] = '\0'; /* a tag and two bytes of length */
	protobuf_text(&message, 1, text);
	assert_int_equal(message.length, PROTOBUF_BYTES);
	protobuf_number(&message, 1, 1);
	protobuf_double(&message, 1, 1);
	protobuf_bytes(&message, 1, text, SIZE_MAX);
	assert_int_equal(message.length, PROTOBUF_BYTES);
}

static void test_text_is_never_cut_within_a_character(void **state)
{
	char text[8];

	(void)state;
	assert_string_equal(utf8_clean(text, sizeof(text), "abc\xe2\x82\xac\xe2\x82\xac"),
			    "abc\xe2\x82\xac");
	assert_string_equal(utf8_clean(text, sizeof(text), "\xff\xff\xff"),
			    "\xef\xbf\xbd\xef\xbf\xbd");
	assert_string_equal(utf8_clean(text, 1, "x"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_numbers_are_varints, empty),
		cmocka_unit_test_setup(test_doubles_are_little_endian, empty),
		cmocka_unit_test_setup(test_texts_and_messages_have_their_length_in_front, empty),
		cmocka_unit_test_setup(test_what_does_not_fit_is_left_out_whole, empty),
		cmocka_unit_test(test_text_is_never_cut_within_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
