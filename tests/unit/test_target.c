// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <cmocka.h>

#include "target.h"

/* What write(2) is to do, and what it saw. */
static struct {
	int error;   /* its errno; 0: it works */
	int missing; /* bytes it does not take */
	int count;
	char text[64]; /* of the last one, NUL-terminated */
} writes;

ssize_t __wrap_write(int fd, const void *from, size_t len);

ssize_t __wrap_write(int fd, const void *from, size_t len)
{
	assert_true(fd >= 0);
	assert_true(len < sizeof(writes.text));
	memcpy(writes.text, from, len);
	writes.text[len] = '\0';
	writes.count++;
	errno = writes.error;
	return writes.error ? -1 : (ssize_t)len - writes.missing;
}

static int forget_writes(void **state)
{
	(void)state;
	memset(&writes, 0, sizeof(writes));
	return 0;
}

/* The lowest free file descriptor: the same before and after, or something was left open. */
static int free_fd(void)
{
	int fd = open("/dev/null", O_RDONLY);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static void test_a_command_is_one_write(void **state)
{
	int before = free_fd();

	(void)state;
	assert_int_equal(target_register("/dev/null", 42), 0);
	assert_int_equal(writes.count, 1);
	assert_string_equal(writes.text, "R 42\n");
	assert_int_equal(target_unregister("/dev/null", 2147483647), 0);
	assert_int_equal(writes.count, 2);
	assert_string_equal(writes.text, "U 2147483647\n");
	assert_int_equal(free_fd(), before);
}

static void test_hands_on_what_the_module_says(void **state)
{
	static const int errors[] = { EINVAL, ESRCH, EEXIST, ENOENT, EPERM, ENOMEM };
	int before = free_fd();

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		writes.error = errors[i];
		assert_int_equal(target_register("/dev/null", 1), -errors[i]);
		assert_int_equal(target_unregister("/dev/null", 1), -errors[i]);
	}
	assert_int_equal(free_fd(), before);
}

static void test_half_a_command_is_an_error(void **state)
{
	(void)state;
	writes.missing = 1;
	assert_int_equal(target_register("/dev/null", 1), -EIO);
	assert_int_equal(writes.count, 1);
}

static void test_no_file_means_no_module(void **state)
{
	(void)state;
	assert_int_equal(target_register("/proc/no/such/file", 1), -ENODEV);
	assert_int_equal(target_unregister("/proc/no/such/file", 1), -ENODEV);
	assert_int_equal(target_register("/proc", 1), -EISDIR);
	assert_int_equal(writes.count, 0);
}

static void test_explains_every_error_in_its_own_half_line(void **state)
{
	static const int errors[] = {
		ENODEV, EACCES, EPERM, EEXIST, ENOENT, ESRCH, ENOMEM, EINVAL
	};
	const size_t count = sizeof(errors) / sizeof(errors[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const char *text = target_explain(-errors[i]);

		assert_null(strchr(text, '\n'));
		assert_non_null(strchr(text, ':')); /* what it means: what to do */
		assert_string_not_equal(text, strerror(errors[i]));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(text, target_explain(-errors[k]));
	}
	assert_string_equal(target_explain(-EIO), target_explain(-EINVAL));
	assert_string_equal(target_explain(-EMFILE), strerror(EMFILE));
	assert_non_null(strstr(target_explain(-ENODEV), "sudo insmod faultline.ko"));
	assert_non_null(strstr(target_explain(-ENODEV), "make demo"));
}

#define TEST(name) cmocka_unit_test_setup(name, forget_writes)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_command_is_one_write),
		TEST(test_hands_on_what_the_module_says),
		TEST(test_half_a_command_is_an_error),
		TEST(test_no_file_means_no_module),
		TEST(test_explains_every_error_in_its_own_half_line),
	};

	return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
