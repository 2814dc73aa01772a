// SPDX-License-Identifier: MIT
/* What a made-up folder cannot play: a device that answers, or that may not be opened. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "checkup.h"
#include "libfaultline.h"

static struct {
	int open_error;	 /* of the device: errno; 0: it opens */
	int ioctl_error; /* likewise */
	uint32_t major;
} device;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, void *argument);

int __wrap_open(const char *path, int flags, ...)
{
	const char *name = strrchr(path, '/');

	if (name && !strcmp(name, "/faultline") && device.open_error) {
		errno = device.open_error;
		return -1;
	}
	return __real_open(path, flags, 0600);
}

int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	struct fl_version *version = argument;

	assert_true(fd >= 0);
	assert_int_equal(request, FL_IOC_VERSION);
	errno = device.ioctl_error;
	if (errno)
		return -1;
	version->abi_major = device.major;
	version->abi_minor = 7;
	return 0;
}

static char root[] = "/tmp/test_checkup.XXXXXX";

/* What is to be made and removed, folders before what is in them. */
static const char *const parts[] = { "proc", "proc/modules", "dev", "dev/faultline" };

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static const char *part(size_t i)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", root, parts[i]);
	return path;
}

static int make_machine(void **state)
{
	(void)state;
	if (!mkdtemp(root))
		return -1;
	for (size_t i = 0; i < PARTS; i++) {
		bool folder = !strchr(parts[i], '/');

		if (folder ? mkdir(part(i), 0700) : mknod(part(i), S_IFREG | 0600, 0))
			return -1;
	}
	return 0;
}

static int remove_machine(void **state)
{
	(void)state;
	for (size_t i = PARTS; i-- > 0;)
		remove(part(i));
	return rmdir(root);
}

static struct checkup checkup;

static const struct checkup_finding *find(const char *about)
{
	checkup_run(&checkup, root);
	for (size_t i = 0; i < checkup.number; i++)
		if (!strcmp(checkup.findings[i].about, about))
			return &checkup.findings[i];
	fail_msg("nothing was found about %s", about);
	return NULL;
}

static int forget(void **state)
{
	(void)state;
	memset(&device, 0, sizeof(device));
	device.major = FL_ABI_MAJOR;
	return 0;
}

static void test_a_module_of_our_language_works(void **state)
{
	const struct checkup_finding *finding = find("version");

	(void)state;
	assert_int_equal(finding->verdict, CHECKUP_OK);
	assert_string_equal(finding->text, "the module and this tool speak the same, 1.7");
	assert_string_equal(finding->mend, "");
	assert_true(checkup.works);
}

static void test_one_of_another_language_does_not(void **state)
{
	const struct checkup_finding *finding;

	(void)state;
	device.major = FL_ABI_MAJOR + 1;
	finding = find("version");
	assert_int_equal(finding->verdict, CHECKUP_WRONG);
	assert_string_equal(finding->text,
			    "the module speaks 2.7, this tool 1.1: one of them is too old");
	assert_string_equal(finding->mend, "sudo rmmod faultline; make && sudo make install && "
					   "sudo modprobe faultline");
	assert_false(checkup.works);
}

static void test_what_does_not_answer_does_not_work(void **state)
{
	const struct checkup_finding *finding;

	(void)state;
	device.ioctl_error = EIO;
	finding = find("version");
	assert_int_equal(finding->verdict, CHECKUP_WRONG);
	assert_non_null(strstr(finding->text, "asking the module for its version: "));
	assert_false(checkup.works);
	device.ioctl_error = ENOTTY;
	assert_string_equal(find("version")->text,
			    "what answers at /dev/faultline is not faultline");
	assert_false(checkup.works);
}

static void assert_closed(int error, const char *text, const char *mend)
{
	const struct checkup_finding *finding;

	device.open_error = error;
	finding = find("device");
	assert_int_equal(finding->verdict, CHECKUP_WRONG);
	assert_string_equal(finding->text, text);
	assert_string_equal(finding->mend, mend);
	assert_false(checkup.works);
}

static void test_a_device_that_cannot_be_opened(void **state)
{
	(void)state;
	assert_closed(EACCES, "this user may not open /dev/faultline",
		      "sudo chmod 666 /dev/faultline");
	assert_closed(EPERM, "this user may not open /dev/faultline",
		      "sudo chmod 666 /dev/faultline");
	assert_closed(ENODEV, "there is no module behind /dev/faultline",
		      "sudo modprobe faultline");
	assert_closed(ENXIO, "there is no module behind /dev/faultline", "sudo modprobe faultline");
	assert_closed(EMFILE, "/dev/faultline cannot be opened: Too many open files", "");
}

static void test_findings_beyond_the_last_are_left_out(void **state)
{
	(void)state;
	checkup.number = 0;
	for (size_t i = 0; i < CHECKUP_MAX + 2; i++)
		checkup_add(&checkup, "it", CHECKUP_NOTE, NULL, "%zu", i);
	assert_int_equal(checkup.number, CHECKUP_MAX);
	assert_string_equal(checkup.findings[CHECKUP_MAX - 1].text, "15");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_module_of_our_language_works, forget),
		cmocka_unit_test_setup(test_one_of_another_language_does_not, forget),
		cmocka_unit_test_setup(test_what_does_not_answer_does_not_work, forget),
		cmocka_unit_test_setup(test_a_device_that_cannot_be_opened, forget),
		cmocka_unit_test_setup(test_findings_beyond_the_last_are_left_out, forget),
	};

	return cmocka_run_group_tests(tests, make_machine, remove_machine);
}
