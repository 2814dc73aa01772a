// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <cmocka.h>

#include "device.h"
#include "libfaultline.h"
#include "message.h"

/* What ioctl(2) is to do, and what it saw. */
static struct {
	uint32_t major, minor; /* of the module */
	int error;	       /* errno; 0: it works */
	int signals;	       /* so often a signal comes first */
	int count;
	unsigned long request;
} calls;

int __wrap_ioctl(int fd, unsigned long request, void *argument);

int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	struct fl_version *version = argument;

	assert_true(fd >= 0);
	calls.count++;
	calls.request = request;
	errno = calls.signals ? EINTR : calls.error;
	if (calls.signals)
		calls.signals--;
	if (errno)
		return -1;
	if (request != FL_IOC_VERSION)
		return 0;
	assert_int_equal(version->size, sizeof(*version));
	version->abi_major = calls.major;
	version->abi_minor = calls.minor;
	memset(version->module, 'v', sizeof(version->module));
	return 0;
}

static int forget_calls(void **state)
{
	(void)state;
	memset(&calls, 0, sizeof(calls));
	calls.major = FL_ABI_MAJOR;
	calls.minor = FL_ABI_MINOR;
	return 0;
}

static int free_fd(void)
{
	int fd = open("/dev/null", O_RDONLY);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static void test_our_major_version_is_taken_with_any_minor(void **state)
{
	(void)state;
	for (calls.minor = 0; calls.minor < 3; calls.minor++)
		assert_int_equal(device_shake_hands(0), 0);
	assert_int_equal(calls.request, FL_IOC_VERSION);
}

static void test_another_major_version_is_refused_and_named(void **state)
{
	static const uint32_t majors[] = { 0, FL_ABI_MAJOR + 1, 4000000000U };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		calls.major = majors[i];
		calls.minor = 5;
		assert_int_equal(device_shake_hands(0), -EPROTONOSUPPORT);
		assert_non_null(strstr(faultline_message(), ".5, this library"));
		assert_non_null(strstr(faultline_message(), ": install both of one release"));
	}
}

static void test_anyone_may_ask_for_the_version(void **state)
{
	struct fl_version version;
	int before = free_fd();

	(void)state;
	calls.major = 9;
	assert_int_equal(faultline_module_version("/dev/null", &version), 0);
	assert_int_equal(version.abi_major, 9);
	assert_int_equal(strlen(version.module), sizeof(version.module) - 1);
	assert_int_equal(faultline_module_version("/no/such/file", &version), -ENOENT);
	calls.error = ENOTTY;
	assert_int_equal(faultline_module_version("/dev/null", &version), -ENOTTY);
	assert_int_equal(free_fd(), before);
}

static void test_a_signal_is_no_error(void **state)
{
	(void)state;
	calls.signals = 3;
	assert_int_equal(device_call(0, FL_IOC_STOP, NULL), 0);
	assert_int_equal(calls.count, 4);
}

static void test_errors_are_handed_on_and_explained_by_request(void **state)
{
	static const struct {
		unsigned long request;
		int error;
		const char *begins, *has; /* NULL: what strerror() says */
	} said[] = {
		{ FL_IOC_VERSION, ENOTTY, "asking the module for its version: ", "another path" },
		{ FL_IOC_SETUP, EINVAL, "setting up a session: ", "period" },
		{ FL_IOC_SETUP, ENOMEM, "setting up a session: ", "`ulimit -l`" },
		{ FL_IOC_SETUP, EAGAIN, "setting up a session: ", "thread" },
		{ FL_IOC_SETUP, EBUSY, "setting up a session: ", NULL },
		{ FL_IOC_ADD, EINVAL, "adding a target: ", "kind" },
		{ FL_IOC_ADD, ESRCH, "adding a target: ", "dead already" },
		{ FL_IOC_ADD, EEXIST, "adding a target: ", "already" },
		{ FL_IOC_ADD, EPERM, "adding a target: ", "with sudo" },
		{ FL_IOC_ADD, EBADF, "adding a target: ", "cgroup v2" },
		{ FL_IOC_ADD, ENOSPC, "adding a target: ", "remove some" },
		{ FL_IOC_ADD, ENOMEM, "adding a target: ", NULL },
		{ FL_IOC_REMOVE, ENOENT, "removing a target: ", "that id" },
		{ FL_IOC_START, EINVAL, "starting: ", "no period" },
		{ FL_IOC_STOP, ENXIO, "stopping: ", NULL },
		{ FL_IOC_SAMPLE, EFAULT, "taking a sample: ", NULL },
		{ FL_IOC_CONSUME, EINVAL, "consuming records: ", "another reader" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		calls.error = said[i].error;
		assert_int_equal(device_call(0, said[i].request, NULL), -said[i].error);
		assert_ptr_equal(strstr(faultline_message(), said[i].begins), faultline_message());
		assert_non_null(strstr(faultline_message(),
				       said[i].has ? said[i].has : strerror(said[i].error)));
		assert_null(strchr(faultline_message(), '\n'));
	}
}

static void test_a_device_that_cannot_be_opened_is_named(void **state)
{
	(void)state;
	assert_int_equal(device_open("/no/such/file"), -ENOENT);
	assert_string_equal(faultline_message(), "/no/such/file: no module is loaded: "
						 "`sudo modprobe faultline` loads it");
	assert_int_equal(device_open("/dev/null/x"), -ENOTDIR);
	assert_non_null(strstr(faultline_message(), "/dev/null/x: "));
}

static void *look_at_message(void *unused)
{
	(void)unused;
	assert_string_equal(faultline_message(), "");
	message_fail(-EIO, "of this thread");
	return NULL;
}

static void test_messages_are_the_thread_s_own(void **state)
{
	pthread_t other;

	(void)state;
	assert_int_equal(message_fail(-EPERM, "%s %d", "number", 7), -EPERM);
	assert_int_equal(pthread_create(&other, NULL, look_at_message, NULL), 0);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_string_equal(faultline_message(), "number 7");
}

static void test_long_messages_are_cut_and_errno_is_kept(void **state)
{
	char text[2 * MESSAGE_BYTES];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	errno = EDOM;
	message_fail(-1, "%s", text);
	assert_int_equal(errno, EDOM);
	assert_int_equal(strlen(faultline_message()), MESSAGE_BYTES - 1);
	message_fail_at(-99999, "what");
	assert_non_null(strstr(faultline_message(), "99999"));
}

#define TEST(name) cmocka_unit_test_setup(name, forget_calls)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_our_major_version_is_taken_with_any_minor),
		TEST(test_another_major_version_is_refused_and_named),
		TEST(test_anyone_may_ask_for_the_version),
		TEST(test_a_signal_is_no_error),
		TEST(test_errors_are_handed_on_and_explained_by_request),
		TEST(test_a_device_that_cannot_be_opened_is_named),
		TEST(test_messages_are_the_thread_s_own),
		TEST(test_long_messages_are_cut_and_errno_is_kept),
	};

	return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
