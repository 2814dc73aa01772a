// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <cmocka.h>

#include "recording_file.h"

/* What the disk is to do, and what it saw. */
static struct {
	uint64_t room;	/* bytes of a file that it has */
	size_t at_once; /* bytes that a write takes at most */
	int signals;	/* so many signals come first */
	int truncate_fails;
	int syncs, sync_error;
} disk;

ssize_t __real_pwrite(int fd, const void *from, size_t bytes, off_t at);
ssize_t __wrap_pwrite(int fd, const void *from, size_t bytes, off_t at);
int __real_ftruncate(int fd, off_t bytes);
int __wrap_ftruncate(int fd, off_t bytes);
int __wrap_fdatasync(int fd);

ssize_t __wrap_pwrite(int fd, const void *from, size_t bytes, off_t at)
{
	uint64_t left = disk.room > (uint64_t)at ? disk.room - at : 0;

	if (disk.signals && disk.signals--) {
		errno = EINTR;
		return -1;
	}
	if (!left) {
		errno = ENOSPC;
		return -1;
	}
	if (bytes > left)
		bytes = left;
	if (bytes > disk.at_once)
		bytes = disk.at_once;
	return __real_pwrite(fd, from, bytes, at);
}

int __wrap_ftruncate(int fd, off_t bytes)
{
	errno = EIO;
	return disk.truncate_fails ? -1 : __real_ftruncate(fd, bytes);
}

int __wrap_fdatasync(int fd)
{
	assert_true(fd >= 0);
	disk.syncs++;
	errno = disk.sync_error;
	return disk.sync_error ? -1 : 0;
}

static int make_disk(void **state)
{
	file_remove(state);
	memset(&disk, 0, sizeof(disk));
	disk.room = UINT64_MAX;
	disk.at_once = SIZE_MAX;
	return 0;
}

static _Alignas(8) unsigned char good[FILE_MAX], bytes[FILE_MAX];

static int free_fd(void)
{
	int fd = open("/dev/null", O_RDONLY);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static int open_writer(uint32_t flags, struct faultline_writer **writer)
{
	return faultline_writer_open(file_path, flags, NULL, writer);
}

static bool is_there(void)
{
	return access(file_path, F_OK) == 0;
}

static void test_a_file_that_is_there_is_left_alone(void **state)
{
	struct faultline_writer *writer;
	int before = free_fd();

	(void)state;
	file_store("precious", 8);
	assert_int_equal(open_writer(0, &writer), -EEXIST);
	assert_null(writer);
	assert_non_null(strstr(faultline_message(), "append"));
	assert_int_equal(open_writer(FAULTLINE_WRITER_APPEND, &writer), -EINVAL);
	assert_non_null(strstr(faultline_message(), "no recording"));
	assert_int_equal(file_load(bytes), 8);
	assert_memory_equal(bytes, "precious", 8);
	assert_int_equal(free_fd(), before);
}

static void test_replaces_whatever_was_there(void **state)
{
	struct faultline_writer *writer;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	file_store(bytes, sizeof(bytes) - 1);
	assert_int_equal(open_writer(FAULTLINE_WRITER_REPLACE, &writer), 0);
	assert_int_equal(faultline_writer_cut(writer), 0);
	assert_int_equal(faultline_writer_close(writer, NULL), 0);
	file_write_small(FAULTLINE_WRITER_REPLACE);
	assert_int_equal(file_see().records, 5);
	assert_int_equal(file_see().state.ignored_bytes, 0);
}

static void test_appends_to_nothing(void **state)
{
	(void)state;
	file_write_small(FAULTLINE_WRITER_APPEND);
	assert_int_equal(file_see().records, 5);
	file_store("", 0);
	file_write_small(FAULTLINE_WRITER_APPEND);
	assert_int_equal(file_see().records, 5);
}

static void test_unknown_flags_are_refused(void **state)
{
	struct faultline_writer *writer;

	(void)state;
	assert_int_equal(open_writer(3, &writer), -EINVAL);
	for (int bit = 2; bit < 32; bit++)
		assert_int_equal(open_writer(1U << bit, &writer), -EINVAL);
	assert_false(is_there());
}

static void test_only_one_may_write(void **state)
{
	struct faultline_writer *first, *second;

	(void)state;
	assert_int_equal(open_writer(0, &first), 0);
	assert_int_equal(open_writer(FAULTLINE_WRITER_APPEND, &second), -EBUSY);
	assert_int_equal(open_writer(FAULTLINE_WRITER_REPLACE, &second), -EBUSY);
	assert_int_equal(faultline_writer_close(first, NULL), 0);
	assert_int_equal(open_writer(FAULTLINE_WRITER_APPEND, &second), 0);
	assert_int_equal(faultline_writer_close(second, NULL), 0);
	assert_int_equal(file_see().state.segments, 2);
}

/* Wherever the writer before ended, all its whole blocks stay, and ours are behind. */
static void test_appends_after_a_crash_at_every_byte(void **state)
{
	size_t good_bytes, at, whole;
	struct faultline_writer *writer;

	(void)state;
	file_write_small(0);
	good_bytes = file_load(good);
	for (size_t cut = 0; cut <= good_bytes; cut++) {
		uint64_t records = 0;
		struct seen seen;

		for (at = whole = 0; at < cut; whole = at <= cut ? at : whole) {
			const struct recording_block *block = file_block(good, &at);

			if (at <= cut && block->kind == RECORDING_RECORDS)
				records += block->length / sizeof(struct fl_sample);
		}
		file_store(good, cut);
		assert_int_equal(open_writer(FAULTLINE_WRITER_APPEND, &writer), 0);
		assert_int_equal(faultline_writer_cut(writer), cut - whole);
		file_add(writer, 100, 106);
		assert_int_equal(faultline_writer_close(writer, NULL), 0);
		seen = file_see();
		assert_int_equal(seen.errors, 0);
		assert_int_equal(seen.records, records + 7);
		assert_int_equal(seen.state.segments, whole ? 2 : 1);
		assert_int_equal(seen.state.ignored_bytes, 0);
	}
}

static void test_does_not_append_to_what_is_damaged(void **state)
{
	struct faultline_writer *writer;
	size_t count;

	(void)state;
	file_write_small(0);
	count = file_load(bytes);
	bytes[count - 200] ^= 1;
	file_store(bytes, count);
	assert_int_equal(open_writer(FAULTLINE_WRITER_APPEND, &writer), -EBADMSG);
	assert_non_null(strstr(faultline_message(), "damaged at byte"));
	bytes[count - 200] ^= 1;
	bytes[3]++;
	file_store(bytes, count);
	assert_int_equal(open_writer(FAULTLINE_WRITER_APPEND, &writer), -EPROTONOSUPPORT);
	assert_int_equal(file_load(bytes), count);
}

static void test_does_not_append_to_what_cannot_be_read(void **state)
{
	struct faultline_writer *writer;
	struct recording_block *first;
	size_t count, at = 0;

	(void)state;
	file_write_small(0);
	count = file_load(bytes);
	first = file_block(bytes, &at);
	first->kind = RECORDING_RECORDS;
	file_seal(first);
	file_store(bytes, count);
	assert_int_equal(open_writer(FAULTLINE_WRITER_APPEND, &writer), -EBADMSG);
	first->kind = RECORDING_SEGMENT;
	((struct recording_segment *)(void *)(first + 1))->abi_major++;
	file_seal(first);
	file_store(bytes, count);
	assert_int_equal(open_writer(FAULTLINE_WRITER_APPEND, &writer), -EPROTONOSUPPORT);
	assert_int_equal(file_load(good), count);
	assert_memory_equal(good, bytes, count);
}

static void test_numbers_its_segments_to_the_last(void **state)
{
	struct faultline_writer *writer;
	struct recording_block *last;
	size_t count, at;

	(void)state;
	file_write_small(0);
	count = at = file_load(bytes);
	last = (void *)(bytes + count);
	*last = (struct recording_block){ .magic = RECORDING_MAGIC(1), .segment = 65533 };
	file_seal(last);
	file_store(bytes, count + sizeof(*last));
	assert_int_equal(open_writer(FAULTLINE_WRITER_APPEND, &writer), 0);
	assert_int_equal(faultline_writer_close(writer, NULL), 0);
	file_load(bytes);
	at += sizeof(*last);
	assert_int_equal(file_block(bytes, &at)->segment, 65534);
	assert_int_equal(open_writer(FAULTLINE_WRITER_APPEND, &writer), -EFBIG);
	assert_non_null(strstr(faultline_message(), "another file"));
}

static void test_pads_are_left_out_and_malformed_records_refused(void **state)
{
	struct fl_record record[16] = { 0 };
	struct faultline_writer *writer;
	size_t count, at = 0;

	(void)state;
	assert_int_equal(open_writer(0, &writer), 0);
	record->type = FL_RECORD_PAD;
	record->size = 8;
	assert_int_equal(faultline_writer_add(writer, record), 0);
	record->type = FL_RECORD_SAMPLE;
	for (record->size = 0; record->size < sizeof(struct fl_sample); record->size++)
		assert_int_equal(faultline_writer_add(writer, record), -EINVAL);
	record->size = sizeof(struct fl_sample) + 4;
	assert_int_equal(faultline_writer_add(writer, record), -EINVAL);
	assert_int_equal(faultline_writer_close(writer, NULL), 0);
	count = file_load(bytes);
	file_block(bytes, &at);
	assert_int_equal(at, count);
}

static void test_the_longest_records_fit(void **state)
{
	uint64_t *record = malloc(65528);
	struct faultline_writer *writer;

	(void)state;
	assert_non_null(record);
	assert_int_equal(open_writer(0, &writer), 0);
	for (uint32_t i = 0; i < 5; i++) {
		fake_fill(record, FL_RECORD_LOST + 1, 65528, i);
		assert_int_equal(faultline_writer_add(writer, (void *)record), 0);
	}
	assert_int_equal(faultline_writer_close(writer, NULL), 0);
	assert_int_equal(file_see().records, 5);
	free(record);
}

static void test_many_records_go_into_several_blocks(void **state)
{
	const struct faultline_figures figures = { .size = sizeof(figures) };
	struct faultline_writer *writer;
	struct seen seen;

	(void)state;
	assert_int_equal(open_writer(0, &writer), 0);
	file_add(writer, 0, 9999);
	assert_int_equal(faultline_writer_close(writer, &figures), 0);
	seen = file_see();
	assert_int_equal(seen.records, 10000);
	assert_int_equal(seen.state.unfinished, 0);
}

static void test_short_writes_and_signals_do_not_show(void **state)
{
	(void)state;
	disk.at_once = 7;
	disk.signals = 20;
	file_write_small(0);
	assert_int_equal(disk.signals, 0);
	assert_int_equal(file_see().records, 5);
	assert_int_equal(file_see().state.unfinished, 0);
}

static void test_flush_brings_it_to_disk_if_asked(void **state)
{
	struct faultline_writer *writer;

	(void)state;
	assert_int_equal(open_writer(0, &writer), 0);
	file_add(writer, 0, 0);
	assert_int_equal(file_see().records, 0);
	assert_int_equal(faultline_writer_flush(writer, false), 0);
	assert_int_equal(disk.syncs, 0);
	assert_int_equal(file_see().records, 1);
	assert_int_equal(faultline_writer_flush(writer, true), 0);
	assert_int_equal(disk.syncs, 1);
	disk.sync_error = EIO;
	assert_int_equal(faultline_writer_flush(writer, true), -EIO);
	assert_int_equal(faultline_writer_close(writer, NULL), 0);
}

/* However full the disk, the file is whole, and what was given goes in once there is room. */
static void test_a_full_disk_at_every_byte(void **state)
{
	const struct faultline_figures figures = { .size = sizeof(figures) };
	struct faultline_writer *writer;
	size_t all;

	(void)state;
	file_write_small(0);
	all = file_load(good);
	for (uint64_t room = 0; room < all; room++) {
		struct seen seen;
		int err;

		file_remove(state);
		disk.room = room;
		disk.truncate_fails = room % 2;
		err = open_writer(0, &writer);
		if (err) {
			assert_int_equal(err, -ENOSPC);
			assert_false(is_there());
			continue;
		}
		file_add(writer, 0, 2);
		err = faultline_writer_flush(writer, false);
		assert_true(!err || err == -ENOSPC);
		file_add(writer, 3, 4);
		seen = file_see();
		assert_int_equal(seen.records, err ? 0 : 3);
		assert_int_equal(seen.errors, 0);
		if (!disk.truncate_fails)
			assert_int_equal(seen.state.ignored_bytes, 0);
		if (room % 4 < 2)
			disk.room = UINT64_MAX;
		err = faultline_writer_close(writer, &figures);
		seen = file_see();
		assert_int_equal(seen.errors, 0);
		assert_int_equal(seen.state.unfinished, !!err);
		assert_int_equal(err, room % 4 < 2 ? 0 : -ENOSPC);
		if (!err)
			assert_int_equal(seen.records, 5);
	}
}

static void test_a_full_buffer_on_a_full_disk_takes_no_more(void **state)
{
	uint64_t record[sizeof(struct fl_sample) / sizeof(uint64_t)];
	struct faultline_writer *writer;
	uint32_t taken = 0;

	(void)state;
	assert_int_equal(open_writer(0, &writer), 0);
	disk.room = 1000;
	for (;; taken++) {
		fake_fill(record, FL_RECORD_SAMPLE, sizeof(record), taken);
		if (faultline_writer_add(writer, (void *)record))
			break;
		assert_true(taken < 10000);
	}
	assert_int_equal(faultline_writer_add(writer, (void *)record), -ENOSPC);
	disk.room = UINT64_MAX;
	assert_int_equal(faultline_writer_add(writer, (void *)record), 0);
	assert_int_equal(faultline_writer_close(writer, NULL), 0);
	assert_int_equal(file_see().records, taken + 1);
}

static void test_nothing_is_left_open(void **state)
{
	struct faultline_segment wrong = { .size = 4 };
	struct faultline_writer *writer;
	int before = free_fd();

	(void)state;
	assert_int_equal(faultline_writer_open(file_path, 0, &wrong, &writer), -EINVAL);
	assert_false(is_there());
	assert_int_equal(faultline_writer_open("/no/such/folder/x", 0, NULL, &writer), -ENOENT);
	assert_int_equal(faultline_writer_open("/dev/null", FAULTLINE_WRITER_APPEND, NULL, &writer),
			 -EINVAL);
	file_write_small(0);
	assert_int_equal(free_fd(), before);
	assert_int_equal(faultline_writer_close(NULL, NULL), 0);
}

static void test_figures_of_another_size_end_nothing(void **state)
{
	const struct faultline_figures wrong = { .size = 8 };
	struct faultline_writer *writer;

	(void)state;
	assert_int_equal(open_writer(0, &writer), 0);
	file_add(writer, 0, 0);
	assert_int_equal(faultline_writer_close(writer, &wrong), -EINVAL);
	assert_int_equal(file_see().records, 1);
	assert_int_equal(file_see().state.unfinished, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_disk, file_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_that_is_there_is_left_alone),
		TEST(test_replaces_whatever_was_there),
		TEST(test_appends_to_nothing),
		TEST(test_unknown_flags_are_refused),
		TEST(test_only_one_may_write),
		TEST(test_appends_after_a_crash_at_every_byte),
		TEST(test_does_not_append_to_what_is_damaged),
		TEST(test_does_not_append_to_what_cannot_be_read),
		TEST(test_numbers_its_segments_to_the_last),
		TEST(test_pads_are_left_out_and_malformed_records_refused),
		TEST(test_the_longest_records_fit),
		TEST(test_many_records_go_into_several_blocks),
		TEST(test_short_writes_and_signals_do_not_show),
		TEST(test_flush_brings_it_to_disk_if_asked),
		TEST(test_a_full_disk_at_every_byte),
		TEST(test_a_full_buffer_on_a_full_disk_takes_no_more),
		TEST(test_nothing_is_left_open),
		TEST(test_figures_of_another_size_end_nothing),
	};

	return cmocka_run_group_tests_name("recording write", tests, file_make_folder,
					   file_remove_folder);
}
