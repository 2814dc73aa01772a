// SPDX-License-Identifier: MIT
/* What a page is told of a recording: it stays what it is, whatever is in its names. */
#include <jansson.h>
#include <stdlib.h>

#include "made_history.h"
#include "page_data.h"

#define BEGIN_META "<script type=\"application/json\" id=\"report-meta\">"

static char *text;
static size_t bytes;

static int end(void **state)
{
	free(text);
	text = NULL;
	return made_free(state);
}

static void write_data(void)
{
	FILE *to = open_memstream(&text, &bytes);

	assert_non_null(to);
	assert_int_equal(page_data_write(made, "some.data", to), 0);
	assert_int_equal(fclose(to), 0);
}

/* The metadata, once they were written. */
static json_t *meta(void)
{
	char *begin = strstr(text, BEGIN_META);
	char *behind = begin ? strstr(begin, "</script>") : NULL;
	json_t *report;

	assert_non_null(behind);
	begin += strlen(BEGIN_META);
	report = json_loadb(begin, behind - begin, 0, NULL);
	assert_non_null(report);
	return report;
}

static json_t *at(json_t *object, const char *array, size_t i)
{
	json_t *item = json_array_get(json_object_get(object, array), i);

	assert_non_null(item);
	return item;
}

static const char *string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void test_names_cannot_end_the_data(void **state)
{
	static const char *const names[] = { "</script><b>", "<!--<script>", "\xff\xfe", "\"\\\n" };
	static const char *const told[] = { "</script><b>", "<!--<script>",
					    "\xef\xbf\xbd\xef\xbf\xbd", "\"\\\n" };
	size_t tags = 0;
	json_t *report;

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		made_join(i + 1, 0, i * MS, names[i]);
	write_data();
	for (size_t i = 0; i < bytes; i++)
		tags += text[i] == '<';
	assert_int_equal(tags, 4); /* of two elements */
	report = meta();
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(string(at(at(report, "segments", 0), "processes", i), "name"),
				    told[i]);
	json_decref(report);
}

static void test_lives_and_what_they_came_to(void **state)
{
	const struct fl_counts counts = { .minor = 90, .major = 2, .cpu_ns = 3 * MS };
	json_t *report;
	json_t *process;

	(void)state;
	made_join(1, 0, 0, "parent");
	made_join(2, 1, 5 * MS, "child");
	made_sample(2, 10 * MS, counts);
	made_exit(2, 20 * MS, 9, counts);
	made_end(30 * MS, (struct faultline_end){ .own_cpu_ns = 4 * MS, .missed = 7 });
	write_data();
	report = meta();
	process = at(at(report, "segments", 0), "processes", 1);
	assert_int_equal(number(process, "parent"), 0);
	assert_int_equal(number(process, "minor"), 90);
	assert_int_equal(number(process, "points"), 3);
	assert_string_equal(string(process, "how"), "SIGKILL");
	assert_true(json_is_true(json_object_get(process, "bad")));
	assert_int_equal(number(at(report, "segments", 0), "missed"), 7);
	assert_int_equal(number(at(at(report, "segments", 0), "processes", 0), "parent"), -1);
	json_decref(report);
}

static void test_a_second_segment_counts_its_processes_anew(void **state)
{
	json_t *report;

	(void)state;
	made_join(1, 0, 0, "first");
	made_begin(10 * MS);
	made_join(1, 0, 0, "parent");
	made_join(2, 1, MS, "child");
	write_data();
	report = meta();
	assert_int_equal(json_array_size(json_object_get(report, "segments")), 2);
	assert_int_equal(number(at(at(report, "segments", 1), "processes", 1), "parent"), 0);
	json_decref(report);
}

static void test_nothing_was_recorded(void **state)
{
	json_t *report;

	(void)state;
	write_data();
	report = meta();
	assert_int_equal(json_array_size(json_object_get(at(report, "segments", 0), "processes")),
			 0);
	json_decref(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names_cannot_end_the_data, made_new, end),
		cmocka_unit_test_setup_teardown(test_lives_and_what_they_came_to, made_new, end),
		cmocka_unit_test_setup_teardown(test_a_second_segment_counts_its_processes_anew,
						made_new, end),
		cmocka_unit_test_setup_teardown(test_nothing_was_recorded, made_new, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
