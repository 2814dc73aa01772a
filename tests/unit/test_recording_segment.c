// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "recording_format.h"
#include "recording_segment.h"

static const struct faultline_segment all = {
	.size = sizeof(all),
	.source = FAULTLINE_SOURCE_PROC,
	.clock = 9,
	.ring_flags = FL_SETUP_RAN,
	.page_bytes = 65536,
	.cpus = 3,
	.period_ns = 4,
	.start_ns = 5,
	.wall_ns = -6,
	.node = "a node",
	.machine = "a machine",
	.kernel = "7.2",
	.source_version = "1.2.3",
	.blind = "",
	.command = "record -- \"x y\"",
};

static void *packed(uint32_t *bytes)
{
	void *payload;

	assert_int_equal(segment_pack(&all, &payload, bytes), 0);
	assert_int_equal(*bytes % 8, 0);
	return payload;
}

static void assert_is_all(const struct faultline_segment *segment)
{
	assert_int_equal(segment->size, sizeof(*segment));
	assert_int_equal(segment->source, all.source);
	assert_int_equal(segment->clock, all.clock);
	assert_int_equal(segment->ring_flags, all.ring_flags);
	assert_int_equal(segment->page_bytes, all.page_bytes);
	assert_int_equal(segment->cpus, all.cpus);
	assert_int_equal(segment->period_ns, all.period_ns);
	assert_int_equal(segment->start_ns, all.start_ns);
	assert_int_equal(segment->wall_ns, all.wall_ns);
	assert_string_equal(segment->node, all.node);
	assert_string_equal(segment->machine, all.machine);
	assert_string_equal(segment->kernel, all.kernel);
	assert_string_equal(segment->source_version, all.source_version);
	assert_string_equal(segment->blind, all.blind);
	assert_string_equal(segment->command, all.command);
}

static void test_comes_back_as_it_was(void **state)
{
	struct faultline_segment segment;
	uint32_t bytes;
	void *payload = packed(&bytes);

	(void)state;
	assert_int_equal(segment_unpack(&segment, payload, bytes), 0);
	assert_is_all(&segment);
	free(payload);
}

static void test_what_is_left_out_is_this_machine_s(void **state)
{
	struct faultline_segment segment, none = { .size = sizeof(none) };
	struct utsname about, here;
	struct timespec now;

	(void)state;
	assert_int_equal(uname(&here), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(segment_complete(&segment, i ? &none : NULL, &about), 0);
		assert_int_equal(segment.source, FAULTLINE_SOURCE_MODULE);
		assert_int_equal(segment.clock, FL_CLOCK_MONOTONIC);
		assert_int_equal(segment.page_bytes, sysconf(_SC_PAGESIZE));
		assert_int_equal(segment.cpus, sysconf(_SC_NPROCESSORS_ONLN));
		assert_string_equal(segment.node, here.nodename);
		assert_string_equal(segment.machine, here.machine);
		assert_string_equal(segment.kernel, here.release);
		assert_string_equal(segment.source_version, "");
		assert_string_equal(segment.blind, "");
		assert_string_equal(segment.command, "");
		clock_gettime(CLOCK_REALTIME, &now);
		assert_in_range((segment.start_ns + segment.wall_ns) / 1000000000, now.tv_sec - 10,
				now.tv_sec);
	}
}

static void test_what_is_given_stays(void **state)
{
	struct faultline_segment segment;
	struct utsname about;

	(void)state;
	assert_int_equal(segment_complete(&segment, &all, &about), 0);
	segment.size = sizeof(segment);
	assert_is_all(&segment);
}

static void test_a_struct_of_another_size(void **state)
{
	struct faultline_segment segment, other = all;
	struct utsname about;

	(void)state;
	other.size = sizeof(other) - 8;
	assert_int_equal(segment_complete(&segment, &other, &about), -EINVAL);
	other.size = 0;
	assert_int_equal(segment_complete(&segment, &other, &about), -EINVAL);
}

static void test_too_long_a_string_is_refused(void **state)
{
	struct faultline_segment segment = all;
	char *command = malloc(RECORDING_PAYLOAD_MAX + 1);
	void *payload;
	uint32_t bytes;

	(void)state;
	assert_non_null(command);
	memset(command, 'x', RECORDING_PAYLOAD_MAX);
	command[RECORDING_PAYLOAD_MAX] = '\0';
	segment.command = command;
	assert_int_equal(segment_pack(&segment, &payload, &bytes), -EINVAL);
	command[RECORDING_PAYLOAD_MAX - 1024] = '\0';
	assert_int_equal(segment_pack(&segment, &payload, &bytes), 0);
	assert_in_range(bytes, RECORDING_PAYLOAD_MAX - 1024, RECORDING_PAYLOAD_MAX);
	free(payload);
	free(command);
}

static void test_a_newer_minor_version_has_more(void **state)
{
	struct faultline_segment segment;
	uint32_t bytes, more = 16;
	unsigned char *payload = packed(&bytes), *newer = calloc(1, bytes + more);
	const size_t fixed = sizeof(struct recording_segment);
	struct recording_segment *head = (void *)newer;

	(void)state;
	assert_non_null(newer);
	memcpy(newer, payload, fixed);
	memset(newer + fixed, 0xff, more);
	memcpy(newer + fixed + more, payload + fixed, bytes - fixed);
	head->size += more;
	head->minor++;
	for (struct recording_string *s = &head->node; s <= &head->command; s++)
		s->offset += more;
	assert_int_equal(segment_unpack(&segment, newer, bytes + more), 0);
	assert_is_all(&segment);
	free(newer);
	free(payload);
}

static void test_records_of_another_abi_are_refused(void **state)
{
	struct faultline_segment segment;
	uint32_t bytes;
	struct recording_segment *head = packed(&bytes);

	(void)state;
	head->abi_major++;
	assert_int_equal(segment_unpack(&segment, head, bytes), -EPROTONOSUPPORT);
	assert_non_null(strstr(faultline_message(), "ABI 2"));
	free(head);
}

static void test_what_contradicts_itself_is_refused(void **state)
{
	struct faultline_segment segment;
	uint32_t bytes;
	struct recording_segment *head = packed(&bytes), good = *head;
	const uint32_t fixed = sizeof(*head);
	const struct recording_string wrong[] = {
		{ 8, UINT32_MAX },	  { UINT32_MAX, 1 }, { UINT32_MAX, UINT32_MAX },
		{ fixed, 0x1000 },	  { fixed, 3 }, /* where no NUL is */
		{ fixed, bytes - fixed },
	};

	(void)state;
	for (uint32_t less = 0; less < sizeof(*head); less++)
		assert_int_equal(segment_unpack(&segment, head, less), -EBADMSG);
	head->size = sizeof(*head) - 8;
	assert_int_equal(segment_unpack(&segment, head, bytes), -EBADMSG);
	head->size = bytes + 8;
	assert_int_equal(segment_unpack(&segment, head, bytes), -EBADMSG);
	*head = good;
	head->major++;
	assert_int_equal(segment_unpack(&segment, head, bytes), -EBADMSG);
	*head = good;
	memset((char *)head + fixed, 'x', 4);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		head->kernel = wrong[i];
		assert_int_equal(segment_unpack(&segment, head, bytes), -EBADMSG);
	}
	head->kernel = (struct recording_string){ bytes, 0 };
	assert_int_equal(segment_unpack(&segment, head, bytes), -EBADMSG);
	free(head);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_back_as_it_was),
		cmocka_unit_test(test_what_is_left_out_is_this_machine_s),
		cmocka_unit_test(test_what_is_given_stays),
		cmocka_unit_test(test_a_struct_of_another_size),
		cmocka_unit_test(test_too_long_a_string_is_refused),
		cmocka_unit_test(test_a_newer_minor_version_has_more),
		cmocka_unit_test(test_records_of_another_abi_are_refused),
		cmocka_unit_test(test_what_contradicts_itself_is_refused),
	};

	return cmocka_run_group_tests_name("recording segment", tests, NULL, NULL);
}
