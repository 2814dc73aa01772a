// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "fake_mapping.h"
#include "libfaultline.h"

#define RING_BYTES 8192

/* The device is a file that holds a mapping; its ioctls are these. */
static char device[32];
static struct fake fake;

static struct {
	uint32_t major;
	unsigned long fails; /* this request, with error */
	int error;
	unsigned long request; /* the newest */
	void *argument;
	struct fl_setup setup;
	struct fl_add add;
	struct fl_consume consume;
	int poll_result, poll_events, poll_timeout;
	int unmapped;
} calls;

int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);
int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);

static void answer(unsigned long request, void *argument)
{
	if (request == FL_IOC_VERSION) {
		struct fl_version *version = argument;

		version->abi_major = calls.major;
	} else if (request == FL_IOC_SETUP) {
		struct fl_setup *setup = argument;

		calls.setup = *setup;
		setup->mapping_bytes = fake.bytes;
	} else if (request == FL_IOC_ADD) {
		struct fl_add *add = argument;

		calls.add = *add;
		add->target = 77;
	} else if (request == FL_IOC_CONSUME) {
		calls.consume = *(struct fl_consume *)argument;
	}
}

int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	calls.request = request;
	calls.argument = argument;
	if (calls.error && request == calls.fails) {
		errno = calls.error;
		return -1;
	}
	answer(request, argument);
	return 0;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	assert_int_equal(count, 1);
	assert_int_equal(fds->events, POLLIN);
	calls.poll_timeout = timeout;
	fds->revents = (short)calls.poll_events;
	errno = EINTR;
	return calls.poll_result;
}

int __wrap_munmap(void *at, size_t size)
{
	calls.unmapped += size == fake.bytes;
	return __real_munmap(at, size);
}

static int make_device(void **state)
{
	const size_t bytes = FAKE_HEAD_BYTES + RING_BYTES;
	void *memory;
	int fd;

	(void)state;
	snprintf(device, sizeof(device), "/tmp/test_session.XXXXXX");
	fd = mkstemp(device);
	if (fd < 0 || ftruncate(fd, (off_t)bytes))
		return -1;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory == MAP_FAILED)
		return -1;
	memset(&calls, 0, sizeof(calls));
	calls.major = FL_ABI_MAJOR;
	fake_lay_out(&fake, memory, RING_BYTES, 0);
	return 0;
}

static int remove_device(void **state)
{
	(void)state;
	__real_munmap(fake.memory, fake.bytes);
	unlink(device);
	return 0;
}

static int free_fd(void)
{
	int fd = open("/dev/null", O_RDONLY);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static struct faultline_session *open_session(void)
{
	const struct faultline_options options = { .size = sizeof(options), .device = device };
	struct faultline_session *session;

	assert_int_equal(faultline_session_open(&options, &session), 0);
	return session;
}

static void test_options_reach_the_module(void **state)
{
	const struct faultline_options options = {
		.size = sizeof(options),
		.flags = FL_SETUP_RAN,
		.device = device,
		.period_ns = 1000000,
		.ring_bytes = 1U << 20,
		.wake_bytes = 4096,
	};
	struct faultline_session *session;
	int before = free_fd();

	(void)state;
	assert_int_equal(faultline_session_open(&options, &session), 0);
	assert_int_equal(calls.setup.size, sizeof(struct fl_setup));
	assert_int_equal(calls.setup.flags, FL_SETUP_RAN);
	assert_int_equal(calls.setup.period_ns, 1000000);
	assert_int_equal(calls.setup.ring_bytes, 1U << 20);
	assert_int_equal(calls.setup.wake_bytes, 4096);
	assert_int_equal(faultline_session_header(session)->page_bytes, 4096);
	assert_int_equal(faultline_session_fd(session), before);
	faultline_session_close(session);
	assert_int_equal(calls.unmapped, 1);
	assert_int_equal(free_fd(), before);
	faultline_session_close(NULL);
}

static void test_options_of_another_size(void **state)
{
	struct {
		struct faultline_options options;
		uint64_t newer;
	} longer = { { .size = sizeof(longer), .device = device }, 0 };
	struct faultline_session *session;

	(void)state;
	assert_int_equal(faultline_session_open(&longer.options, &session), 0);
	faultline_session_close(session);
	longer.newer = 1;
	assert_int_equal(faultline_session_open(&longer.options, &session), -E2BIG);
	assert_null(session);
	longer.options.size = sizeof(longer.options) - 8;
	assert_int_equal(faultline_session_open(&longer.options, &session), -EINVAL);
}

/* Whatever goes wrong, nothing stays open and nothing stays mapped. */
static void open_fails(int err, const char *says, int unmapped)
{
	const struct faultline_options options = { .size = sizeof(options), .device = device };
	struct faultline_session *session;
	int before = free_fd();

	calls.unmapped = 0;
	assert_int_equal(faultline_session_open(&options, &session), err);
	assert_null(session);
	assert_non_null(strstr(faultline_message(), says));
	assert_int_equal(calls.unmapped, unmapped);
	assert_int_equal(free_fd(), before);
}

static void test_opening_undoes_what_it_did(void **state)
{
	(void)state;
	calls.major = FL_ABI_MAJOR + 1;
	open_fails(-EPROTONOSUPPORT, "ABI 2.0", 0);
	calls.major = FL_ABI_MAJOR;
	calls.fails = FL_IOC_VERSION;
	calls.error = ENOTTY;
	open_fails(-ENOTTY, "not faultline's", 0);
	calls.fails = FL_IOC_SETUP;
	calls.error = ENOMEM;
	open_fails(-ENOMEM, "ulimit", 0);
	calls.error = 0;
	fake.header->magic++;
	open_fails(-EPROTO, "contradicts itself", 1);
	fake.header->magic--;
	fake.ring->bytes = 24;
	open_fails(-EPROTO, "contradicts itself", 1);
	fake.ring->bytes = RING_BYTES;
	fake.bytes = 0; /* of which the module says that it is the mapping's size */
	open_fails(-EINVAL, "cannot be mapped", 0);
	fake.bytes = FAKE_HEAD_BYTES + RING_BYTES;
}

static void test_no_module_is_said_so(void **state)
{
	struct faultline_options options = { .size = sizeof(options), .device = "/no/such/device" };
	struct faultline_session *session;

	(void)state;
	assert_int_equal(faultline_session_open(&options, &session), -ENOENT);
	assert_non_null(strstr(faultline_message(), "`sudo modprobe faultline`"));
}

static void test_rings_of_unknown_kinds_have_no_reader(void **state)
{
	struct faultline_session *session;

	(void)state;
	fake.header->rings = 2;
	fake.ring[1] = fake.ring[0];
	fake.ring[0].kind = 99;
	session = open_session();
	assert_null(faultline_session_reader(session, 0));
	assert_non_null(faultline_session_reader(session, 1));
	assert_null(faultline_session_reader(session, 2));
	fake_put_sample(&fake);
	assert_int_equal(faultline_session_consume(session, faultline_session_reader(session, 1)),
			 0);
	assert_int_equal(calls.consume.ring, 1);
	faultline_session_close(session);
}

static void test_targets(void **state)
{
	struct faultline_session *session = open_session();
	uint32_t target = 0;

	(void)state;
	assert_int_equal(faultline_session_add(session, FL_TARGET_TREE, 42, &target), 0);
	assert_int_equal(target, 77);
	assert_int_equal(calls.add.size, sizeof(struct fl_add));
	assert_int_equal(calls.add.flags, 0);
	assert_int_equal(calls.add.kind, FL_TARGET_TREE);
	assert_int_equal(calls.add.number, 42);
	assert_int_equal(calls.add.reserved, 0);
	assert_int_equal(faultline_session_add(session, FL_TARGET_CGROUP, 3, NULL), 0);
	assert_int_equal(faultline_session_remove(session, 77), 0);
	assert_int_equal(calls.request, FL_IOC_REMOVE);
	calls.fails = FL_IOC_ADD;
	calls.error = EPERM;
	target = 5;
	assert_int_equal(faultline_session_add(session, FL_TARGET_PROCESS, 1, &target), -EPERM);
	assert_int_equal(target, 5);
	faultline_session_close(session);
}

static void test_requests_without_an_argument(void **state)
{
	static int (*const calling[])(struct faultline_session *) = { faultline_session_start,
								      faultline_session_stop,
								      faultline_session_sample };
	static const unsigned long requests[] = { FL_IOC_START, FL_IOC_STOP, FL_IOC_SAMPLE };
	struct faultline_session *session = open_session();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		calls.argument = &calls;
		assert_int_equal(calling[i](session), 0);
		assert_int_equal(calls.request, requests[i]);
		assert_null(calls.argument);
	}
	faultline_session_close(session);
}

static void test_waiting(void **state)
{
	struct faultline_session *session = open_session();

	(void)state;
	calls.poll_result = 1;
	calls.poll_events = POLLIN;
	assert_int_equal(faultline_session_wait(session, 250), 1);
	assert_int_equal(calls.poll_timeout, 250);
	calls.poll_events = POLLERR;
	assert_int_equal(faultline_session_wait(session, -1), -EIO);
	assert_int_equal(calls.poll_timeout, -1);
	calls.poll_result = 0;
	assert_int_equal(faultline_session_wait(session, 0), 0);
	calls.poll_result = -1;
	assert_int_equal(faultline_session_wait(session, 0), -EINTR);
	faultline_session_close(session);
}

static void test_reads_and_consumes(void **state)
{
	struct faultline_session *session = open_session();
	struct faultline_reader *reader = faultline_session_reader(session, 0);
	struct faultline_batch *batch;

	(void)state;
	for (int i = 0; i < 3; i++)
		fake_put_sample(&fake);
	assert_int_equal(faultline_reader_read(reader, &batch), 1);
	assert_true(fake_is(faultline_next(batch), 0));
	assert_true(fake_is(faultline_next(batch), 1));
	assert_int_equal(faultline_session_consume(session, reader), 0);
	assert_int_equal(calls.consume.size, sizeof(struct fl_consume));
	assert_int_equal(calls.consume.ring, 0);
	assert_int_equal(calls.consume.position, 2 * sizeof(struct fl_sample));
	calls.fails = FL_IOC_CONSUME;
	calls.error = EINVAL;
	assert_int_equal(faultline_session_consume(session, reader), -EINVAL);
	faultline_session_close(session);
}

static void test_consumes_only_what_is_its_own_and_good(void **state)
{
	struct faultline_session *session = open_session();
	struct faultline_reader *reader = faultline_session_reader(session, 0), *other;
	struct faultline_batch *batch;

	(void)state;
	assert_int_equal(faultline_reader_open(fake.memory, fake.bytes, 0, 0, &other), 0);
	calls.request = 0;
	assert_int_equal(faultline_session_consume(session, other), -EINVAL);
	faultline_reader_close(other);
	fake_put_sample(&fake);
	((struct fl_record *)fake_at(&fake, 0))->size = 0;
	assert_int_equal(faultline_reader_read(reader, &batch), 1);
	assert_null(faultline_next(batch));
	assert_int_equal(faultline_session_consume(session, reader), -EPROTO);
	assert_int_equal(calls.request, 0);
	faultline_session_close(session);
}

static void test_figures(void **state)
{
	struct faultline_session *session = open_session();
	struct faultline_figures figures = { .size = sizeof(figures) };

	(void)state;
	fake.header->targets = 1;
	fake.header->start_ns = 2;
	fake.header->passes = 3;
	fake.header->missed = 4;
	fake.header->shed = 5;
	fake.header->unfollowed = 6;
	fake.header->pass_ns = 7;
	fake.ring->records = 8;
	fake.ring->lost = 9;
	fake.ring->overwritten = 10;
	assert_int_equal(faultline_session_figures(session, &figures), 0);
	assert_int_equal(figures.size, sizeof(figures));
	assert_int_equal(figures.targets, 1);
	assert_int_equal(figures.start_ns, 2);
	assert_int_equal(figures.passes, 3);
	assert_int_equal(figures.missed, 4);
	assert_int_equal(figures.shed, 5);
	assert_int_equal(figures.unfollowed, 6);
	assert_int_equal(figures.pass_ns, 7);
	assert_int_equal(figures.records, 8);
	assert_int_equal(figures.lost, 9);
	assert_int_equal(figures.overwritten, 10);
	assert_int_equal(figures.skipped, 0);
	figures.size = 0;
	assert_int_equal(faultline_session_figures(session, &figures), -EINVAL);
	faultline_session_close(session);
}

static void test_figures_have_what_its_readers_skipped(void **state)
{
	struct faultline_figures figures = { .size = sizeof(figures) };
	struct faultline_session *session;
	struct faultline_batch *batch;

	(void)state;
	fake.header->flags = FL_SETUP_OVERWRITE;
	session = open_session();
	for (int i = 0; i < 1000; i++)
		fake_put_sample(&fake);
	assert_int_equal(faultline_reader_read(faultline_session_reader(session, 0), &batch), 1);
	assert_int_equal(faultline_session_figures(session, &figures), 0);
	assert_int_equal(figures.records, 1000);
	assert_int_equal(figures.skipped, fake.ring->overwritten);
	faultline_session_close(session);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_device, remove_device)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_options_reach_the_module),
		TEST(test_options_of_another_size),
		TEST(test_opening_undoes_what_it_did),
		TEST(test_no_module_is_said_so),
		TEST(test_rings_of_unknown_kinds_have_no_reader),
		TEST(test_targets),
		TEST(test_requests_without_an_argument),
		TEST(test_waiting),
		TEST(test_reads_and_consumes),
		TEST(test_consumes_only_what_is_its_own_and_good),
		TEST(test_figures),
		TEST(test_figures_have_what_its_readers_skipped),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
