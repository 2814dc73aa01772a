// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "small_recording.h"

/* What reading from the disk is like. */
static struct {
	size_t at_once; /* bytes that a read gives at most; 0: all */
	int signals;	/* so many signals come first */
} disk;

ssize_t __real_pread(int fd, void *to, size_t bytes, off_t at);
ssize_t __wrap_pread(int fd, void *to, size_t bytes, off_t at);

ssize_t __wrap_pread(int fd, void *to, size_t bytes, off_t at)
{
	if (disk.signals && disk.signals--) {
		errno = EINTR;
		return -1;
	}
	return __real_pread(fd, to, disk.at_once && bytes > disk.at_once ? disk.at_once : bytes,
			    at);
}

static void test_reads_what_was_written(void **state)
{
	(void)state;
	assert_ends_at(good_bytes, good_bytes);
}

static void test_short_reads_and_signals_do_not_show(void **state)
{
	(void)state;
	disk.at_once = 7;
	disk.signals = 20;
	assert_ends_at(good_bytes, good_bytes);
	assert_int_equal(disk.signals, 0);
	disk.at_once = 0;
}

/* What has begun to be taken from the part before is not mixed up with this one. */
static void test_records_not_taken_are_gone_with_the_next_part(void **state)
{
	struct faultline_recording *recording;
	struct faultline_batch *batch;

	(void)state;
	file_store(good, ends_at[2]);
	assert_int_equal(faultline_recording_open(file_path, &recording), 0);
	assert_int_equal(faultline_recording_read(recording, &batch), FAULTLINE_PART_SEGMENT);
	assert_null(faultline_next(batch));
	assert_int_equal(faultline_recording_read(recording, &batch), FAULTLINE_PART_RECORDS);
	assert_true(fake_is(faultline_next(batch), 0));
	assert_int_equal(faultline_recording_read(recording, &batch), FAULTLINE_PART_RECORDS);
	assert_true(fake_is(faultline_next(batch), 3));
	assert_int_equal(faultline_recording_read(recording, &batch), FAULTLINE_PART_NONE);
	assert_null(faultline_next(batch));
	faultline_recording_close(recording);
}

static void test_pads_and_unknown_types_in_a_file(void **state)
{
	size_t at = ends_at[0];
	struct recording_block *block = file_block(bad, &at);
	struct fl_sample *first = (void *)(block + 1);
	struct seen seen;

	(void)state;
	first[0].record.type = FL_RECORD_PAD;
	first[1].record.type = 99;
	file_seal(block);
	file_store(bad, good_bytes);
	seen = file_see();
	assert_int_equal(seen.errors, 0);
	assert_int_equal(seen.records, 4);
}

static void test_blocks_of_unknown_kinds_are_skipped(void **state)
{
	struct recording_block *newer = (void *)(bad + ends_at[1]);
	size_t rest = good_bytes - ends_at[1];

	(void)state;
	memmove(bad + ends_at[1] + sizeof(*newer) + 24, bad + ends_at[1], rest);
	*newer = (struct recording_block){ .magic = RECORDING_MAGIC(1), .kind = 77, .length = 24 };
	file_seal(newer);
	file_store(bad, good_bytes + sizeof(*newer) + 24);
	assert_int_equal(file_see().state.unfinished, 0);
	assert_int_equal(file_see().records, 5);
	assert_int_equal(file_see().errors, 0);
}

static void test_a_longer_end_of_a_newer_version(void **state)
{
	struct recording_block *end = (void *)(bad + ends_at[2]);
	struct seen seen;

	(void)state;
	memset(bad + good_bytes, 0xff, 16);
	end->length += 16;
	*(uint32_t *)(void *)(end + 1) += 16;
	file_seal(end);
	file_store(bad, good_bytes + 16);
	seen = file_see();
	assert_int_equal(seen.ends, 1);
	assert_int_equal(seen.state.unfinished, 0);
	assert_int_equal(seen.end_size, sizeof(struct faultline_end));
	for (uint32_t wrong = 8; wrong < 200; wrong += 128) {
		*(uint32_t *)(void *)(end + 1) = wrong;
		file_seal(end);
		file_store(bad, good_bytes + 16);
		seen = file_see();
		assert_int_equal(seen.ends, 0);
		assert_int_equal(seen.errors, 1);
		assert_int_equal(seen.state.unfinished, 1);
	}
}

static void test_what_the_end_says(void **state)
{
	const struct faultline_figures figures = {
		.size = sizeof(figures),
		.passes = 1,
		.missed = 2,
		.shed = 3,
		.unfollowed = 4,
		.pass_ns = 5,
		.lost = 6,
		.overwritten = 7,
		.skipped = 8,
	};
	struct faultline_recording *recording;
	const struct faultline_end *end;
	struct faultline_writer *writer;
	struct faultline_batch *batch;

	assert_int_equal(file_remove(state), 0);
	assert_int_equal(faultline_writer_open(file_path, 0, NULL, &writer), 0);
	file_add(writer, 0, 8);
	assert_int_equal(faultline_writer_close(writer, &figures), 0);
	assert_int_equal(faultline_recording_open(file_path, &recording), 0);
	assert_null(faultline_recording_end(recording));
	while (faultline_recording_read(recording, &batch) > 0)
		;
	end = faultline_recording_end(recording);
	assert_non_null(end);
	assert_int_equal(end->size, sizeof(*end));
	assert_int_equal(end->records, 9);
	assert_int_equal(end->passes, 1);
	assert_int_equal(end->missed, 2);
	assert_int_equal(end->shed, 3);
	assert_int_equal(end->unfollowed, 4);
	assert_int_equal(end->pass_ns, 5);
	assert_int_equal(end->lost, 6);
	assert_int_equal(end->overwritten, 7);
	assert_int_equal(end->skipped, 8);
	assert_in_range(end->own_cpu_ns, 1, 10000000000);
	assert_true(end->end_ns >= faultline_recording_segment(recording)->start_ns);
	faultline_recording_close(recording);
}

static void test_segments_follow_each_other(void **state)
{
	struct seen seen;

	(void)state;
	file_write_small(FAULTLINE_WRITER_APPEND);
	file_store(good, ends_at[1]);
	file_write_small(FAULTLINE_WRITER_APPEND);
	file_write_small(FAULTLINE_WRITER_APPEND);
	seen = file_see();
	assert_int_equal(seen.state.segments, 3);
	assert_int_equal(seen.state.unfinished, 1);
	assert_int_equal(seen.ends, 2);
	assert_int_equal(seen.records, 13);
	assert_int_equal(seen.errors, 0);
}

static void test_a_file_that_does_not_begin_with_its_segment(void **state)
{
	size_t bytes, at = 0;
	struct recording_block *first = file_block(bad, &at);

	(void)state;
	first->kind = RECORDING_END;
	file_seal(first);
	file_store(bad, good_bytes);
	assert_int_equal(file_see().opened, -EBADMSG);
	file_store(good, ends_at[0]);
	file_write_small(FAULTLINE_WRITER_APPEND);
	bytes = file_load(bad);
	bad[20] ^= 1;
	file_store(bad, bytes);
	assert_int_equal(file_see().opened, -EBADMSG);
}

static void test_other_versions_and_machines_are_named(void **state)
{
	(void)state;
	bad[3] = 2;
	file_store(bad, good_bytes);
	assert_int_equal(file_see().opened, -EPROTONOSUPPORT);
	assert_non_null(strstr(faultline_message(), "version 2"));
	memcpy(bad, (const char[]){ 1, 'R', 'L', 'F' }, 4);
	file_store(bad, good_bytes);
	assert_int_equal(file_see().opened, -EPROTONOSUPPORT);
	assert_non_null(strstr(faultline_message(), "big-endian"));
}

static void test_other_files_are_no_recordings(void **state)
{
	struct faultline_recording *recording;

	(void)state;
	file_store("hello, world\n", 13);
	assert_int_equal(file_see().opened, -EINVAL);
	assert_non_null(strstr(faultline_message(), "no recording"));
	file_store("FLX", 3);
	assert_int_equal(file_see().opened, -EINVAL);
	memset(bad, 0, sizeof(bad));
	file_store(bad, sizeof(bad));
	assert_int_equal(file_see().opened, -EINVAL);
	assert_int_equal(faultline_recording_open("/dev/null", &recording), -EINVAL);
	assert_int_equal(faultline_recording_open(file_folder, &recording), -EINVAL);
	assert_int_equal(faultline_recording_open("/no/such/file", &recording), -ENOENT);
	assert_null(recording);
	faultline_recording_close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_small, file_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_reads_what_was_written),
		TEST(test_short_reads_and_signals_do_not_show),
		TEST(test_records_not_taken_are_gone_with_the_next_part),
		TEST(test_pads_and_unknown_types_in_a_file),
		TEST(test_blocks_of_unknown_kinds_are_skipped),
		TEST(test_a_longer_end_of_a_newer_version),
		TEST(test_what_the_end_says),
		TEST(test_segments_follow_each_other),
		TEST(test_a_file_that_does_not_begin_with_its_segment),
		TEST(test_other_versions_and_machines_are_named),
		TEST(test_other_files_are_no_recordings),
	};

	return cmocka_run_group_tests_name("recording read", tests, file_make_folder,
					   file_remove_folder);
}
