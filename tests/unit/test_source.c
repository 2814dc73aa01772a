// SPDX-License-Identifier: MIT
/* Which source is taken, what it refuses, and whom it follows if that is no process. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <cmocka.h>

#include "events.h"
#include "watch.h"

#define PAGES 100

static struct watch watch;
static char folder[] = "/tmp/test_source.XXXXXX";
static char device[64];
static bool no_perf;
static uint32_t abi_major;
static rlim_t files_limit;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, long a, long b, long c, long d, long e);
int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_fstatfs(int fd, struct statfs *about);
int __wrap_getrlimit(int resource, struct rlimit *limit);

/* All of them are words, in registers: it does not matter how many there are. */
long __wrap_syscall(long number, long a, long b, long c, long d, long e)
{
	if (number == SYS_perf_event_open && no_perf) {
		errno = EACCES;
		return -1;
	}
	return __real_syscall(number, a, b, c, d, e);
}

/* A file is the device; it only says its version. */
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	if (request == FIONREAD)
		return (int)__real_syscall(SYS_ioctl, fd, request, argument);
	if (request == FL_IOC_VERSION && abi_major) {
		((struct fl_version *)argument)->abi_major = abi_major;
		return 0;
	}
	errno = ENOTTY;
	return -1;
}

int __wrap_getrlimit(int resource, struct rlimit *limit)
{
	(void)resource;
	*limit = (struct rlimit){ files_limit, files_limit };
	return 0;
}

/* Any folder is one of a cgroup v2. */
int __wrap_fstatfs(int fd, struct statfs *about)
{
	*about = (struct statfs){ .f_type = CGROUP2_SUPER_MAGIC };
	return fd < 0 ? -1 : 0;
}

static int begin(void **state)
{
	(void)state;
	watch = (struct watch){ .go = -1, .steps = { -1, -1 } };
	no_perf = false;
	abi_major = 0;
	files_limit = 1024;
	return 0;
}

static int end(void **state)
{
	(void)state;
	watch_close(&watch);
	return 0;
}

static int open_source(enum faultline_source kind, uint64_t period_ns)
{
	struct source_plan plan = { .kind = kind, .device = device, .period_ns = period_ns };

	return source_open(&plan, &watch.source);
}

static void test_without_a_module_the_next_best_is_taken(void **state)
{
	bool perf = !events_permitted();

	(void)state;
	assert_int_equal(open_source(0, 0), 0);
	assert_int_equal(source_segment(watch.source)->source,
			 perf ? FAULTLINE_SOURCE_PERF : FAULTLINE_SOURCE_PROC);
	assert_int_equal(source_segment(watch.source)->period_ns, SOURCE_OTHER_PERIOD_NS);
	assert_non_null(strstr(source_why(watch.source), "is the module loaded?"));
	assert_true(*source_segment(watch.source)->blind != '\0');
}

static void test_where_perf_is_refused_it_is_proc(void **state)
{
	(void)state;
	no_perf = true;
	assert_int_equal(open_source(0, 0), 0);
	assert_int_equal(source_segment(watch.source)->source, FAULTLINE_SOURCE_PROC);
	assert_non_null(strstr(source_why(watch.source), "perf_event_paranoid"));
	assert_non_null(strstr(source_segment(watch.source)->blind, "between two polls"));
}

static void test_what_was_asked_for_is_not_replaced(void **state)
{
	(void)state;
	no_perf = true;
	assert_int_equal(open_source(FAULTLINE_SOURCE_PERF, 0), -EACCES);
	assert_null(watch.source);
	assert_non_null(strstr(source_message(), "perf_event_paranoid"));
	assert_int_equal(open_source(FAULTLINE_SOURCE_MODULE, 0), -ENOENT);
	assert_non_null(strstr(source_message(), "doctor"));
	assert_int_equal(open_source(77, 0), -EINVAL);
	assert_int_equal(open_source(FAULTLINE_SOURCE_PROC, 0), 0);
	assert_string_equal(source_why(watch.source), "");
}

static void make_device(void)
{
	close(open(device, O_WRONLY | O_CREAT, 0600));
}

static void test_another_version_is_not_passed_over(void **state)
{
	(void)state;
	make_device();
	abi_major = FL_ABI_MAJOR + 1;
	assert_int_equal(open_source(0, 0), -EPROTONOSUPPORT);
	assert_true(*source_message() != '\0');
	/* A module that is none is no reason to fail. */
	abi_major = 0;
	assert_int_equal(open_source(0, 0), 0);
	unlink(device);
}

static void test_periods_have_limits(void **state)
{
	(void)state;
	assert_int_equal(open_source(FAULTLINE_SOURCE_PROC, MS - 1), -EINVAL);
	assert_non_null(strstr(source_message(), "1 ms"));
	assert_int_equal(open_source(0, MS / 10), -EINVAL);
	assert_int_equal(open_source(FAULTLINE_SOURCE_PROC, FL_PERIOD_MAX_NS + 1), -EINVAL);
	assert_int_equal(open_source(FAULTLINE_SOURCE_PROC, MS), 0);
	assert_int_equal(source_start(watch.source), 0);
}

static void test_without_a_period_it_is_asked(void **state)
{
	struct source_plan plan = { .kind = FAULTLINE_SOURCE_PROC, .only_when_asked = true };

	(void)state;
	watch_open(&watch, &plan);
	assert_int_equal(source_segment(watch.source)->period_ns, 0);
	assert_int_equal(source_start(watch.source), -EINVAL);
	assert_int_equal(source_add(watch.source, FL_TARGET_PROCESS, getpid()), 0);
	usleep(1000); /* it waits at least once */
	assert_int_equal(source_sample(watch.source), 0);
	watch_drain(&watch);
	assert_int_equal(watch.all[0].samples, 1);
	assert_true(watch.all[0].counts.resident > 0);
	assert_true(watch.all[0].counts.voluntary > 0);
}

static bool is_readable(void)
{
	struct pollfd ready = { .fd = source_fd(watch.source), .events = POLLIN };

	return poll(&ready, 1, 0) == 1;
}

static void test_its_descriptor_tells(void **state)
{
	(void)state;
	watch_open(&watch, &(struct source_plan){ .kind = FAULTLINE_SOURCE_PROC });
	assert_false(is_readable());
	assert_int_equal(source_add(watch.source, FL_TARGET_PROCESS, getpid()), 0);
	assert_true(is_readable());
	watch_drain(&watch);
	assert_false(is_readable());
	assert_int_equal(source_sample(watch.source), 0);
	assert_true(is_readable());
	watch_drain(&watch);
	assert_false(is_readable());
	assert_int_equal(source_start(watch.source), 0);
	usleep(2 * SOURCE_OTHER_PERIOD_NS / 1000);
	assert_true(is_readable());
	watch_drain(&watch);
	assert_int_equal(watch.all[0].samples, 2);
	assert_true(watch.missed >= 1);
}

static void test_refuses_who_is_not_there(void **state)
{
	pid_t zombie = fork();

	(void)state;
	if (!zombie)
		_exit(0);
	waitid(P_PID, zombie, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	watch_open(&watch, &(struct source_plan){ .kind = FAULTLINE_SOURCE_PROC });
	assert_int_equal(source_add(watch.source, FL_TARGET_PROCESS, 0), -EINVAL);
	assert_int_equal(source_add(watch.source, FL_TARGET_TREE, -1), -EINVAL);
	assert_int_equal(source_add(watch.source, 9, 1), -EINVAL);
	assert_int_equal(source_add(watch.source, FL_TARGET_PROCESS, 0x7fffffff), -ESRCH);
	assert_int_equal(source_add(watch.source, FL_TARGET_THREAD, 0x7fffffff), -ESRCH);
	assert_int_equal(source_add(watch.source, FL_TARGET_TREE, zombie), -ESRCH);
	assert_non_null(strstr(source_message(), "there is no process"));
	assert_int_equal(source_add(watch.source, FL_TARGET_CGROUP, -1), -EBADF);
	assert_int_equal(source_add(watch.source, FL_TARGET_PROCESS, getpid()), 0);
	assert_int_equal(source_add(watch.source, FL_TARGET_TREE, getpid()), -EEXIST);
	assert_int_equal(source_targets(watch.source), 1);
	waitpid(zombie, NULL, 0);
}

static pthread_barrier_t barrier;
static pid_t tid;

static void *run_thread(void *unused)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory;

	tid = gettid();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	madvise(memory, PAGES * page, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < PAGES; i++)
		memory[i * page] = 1;
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	munmap(memory, PAGES * page);
	return unused;
}

static void test_a_thread_is_followed_alone(void **state)
{
	uint64_t before;
	pthread_t thread;

	(void)state;
	watch_open(&watch, &(struct source_plan){ .kind = FAULTLINE_SOURCE_PROC });
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, run_thread, NULL);
	pthread_barrier_wait(&barrier);
	assert_int_equal(source_add(watch.source, FL_TARGET_PROCESS, tid), -ESRCH);
	assert_int_equal(source_add(watch.source, FL_TARGET_THREAD, tid), 0);
	assert_int_equal(source_add(watch.source, FL_TARGET_THREAD, tid), -EEXIST);
	source_sample(watch.source);
	watch_drain(&watch);
	assert_int_equal(watch.all[0].pid, getpid());
	assert_int_equal(watch.all[0].tid, tid);
	before = watch.all[0].counts.minor;
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	source_sample(watch.source);
	watch_drain(&watch);
	assert_in_range(watch.all[0].counts.minor - before, PAGES, 2 * PAGES);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	source_sample(watch.source);
	watch_drain(&watch);
	assert_int_equal(watch.all[0].ended, FL_RECORD_EXIT);
}

static void write_members(const char *below, int first, int second)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%scgroup.procs", folder, below);
	file = fopen(path, "w");
	assert_non_null(file);
	if (first)
		fprintf(file, "%d\n", first);
	if (second)
		fprintf(file, "%d\n", second);
	fclose(file);
}

static void sample(void)
{
	assert_int_equal(source_sample(watch.source), 0);
	watch_drain(&watch);
}

static void test_a_cgroup_is_followed(void **state)
{
	char below[64];
	int file;

	(void)state;
	snprintf(below, sizeof(below), "%s/below", folder);
	mkdir(below, 0700);
	write_members("", getpid(), 0);
	write_members("below/", 0, 0);
	watch_open(&watch, &(struct source_plan){ .kind = FAULTLINE_SOURCE_PROC });
	file = open(folder, O_RDONLY | O_DIRECTORY);
	assert_int_equal(source_add(watch.source, FL_TARGET_CGROUP, file), 0);
	close(file);
	sample();
	assert_int_equal(watch.number, 1);
	assert_int_equal(watch.all[0].pid, getpid());
	assert_true(watch.all[0].parent && watch.all[0].parent != watch.all[0].id);
	write_members("below/", getppid(), 0);
	sample();
	assert_int_equal(watch.number, 2);
	assert_int_equal(watch.all[1].joined, FL_RECORD_TARGET);
	/* Moved within the group: nobody leaves. */
	write_members("", 0, 0);
	write_members("below/", getppid(), getpid());
	sample();
	sample();
	assert_int_equal(watch.all[0].ended, 0);
	write_members("below/", getppid(), 0);
	sample();
	sample();
	assert_int_equal(watch.all[0].ended, FL_RECORD_LEFT);
	assert_int_equal(watch.all[1].ended, 0);
	write_members("below/", getppid(), getpid());
	sample();
	assert_int_equal(watch.number, 3);
}

static void test_few_descriptors_are_enough(void **state)
{
	pid_t child = fork();

	(void)state;
	if (!child) {
		pause();
		_exit(0);
	}
	/* One stat file may stay open, and no pidfd. */
	files_limit = 2;
	watch_open(&watch, &(struct source_plan){ .kind = FAULTLINE_SOURCE_PROC });
	assert_int_equal(source_add(watch.source, FL_TARGET_PROCESS, getpid()), 0);
	assert_int_equal(source_add(watch.source, FL_TARGET_PROCESS, child), 0);
	sample();
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	sample();
	assert_int_equal(watch.all[1].samples, 1);
	assert_int_equal(watch.all[1].ended, FL_RECORD_EXIT);
	assert_int_equal(watch.all[0].samples, 2);
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(device, sizeof(device), "%s/device", folder);
	return 0;
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "below/cgroup.procs", "cgroup.procs" };
	char path[96];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/below", folder);
	rmdir(path);
	return rmdir(folder);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_a_module_the_next_best_is_taken),
		TEST(test_where_perf_is_refused_it_is_proc),
		TEST(test_what_was_asked_for_is_not_replaced),
		TEST(test_another_version_is_not_passed_over),
		TEST(test_periods_have_limits),
		TEST(test_without_a_period_it_is_asked),
		TEST(test_its_descriptor_tells),
		TEST(test_refuses_who_is_not_there),
		TEST(test_a_thread_is_followed_alone),
		TEST(test_a_cgroup_is_followed),
		TEST(test_few_descriptors_are_enough),
	};

	return cmocka_run_group_tests_name("source", tests, make_folder, remove_folder);
}
