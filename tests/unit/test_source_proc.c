// SPDX-License-Identifier: MIT
/*
 * The sources that stand in for the module, on processes of the test's own, as root and as nobody.
 * What is not permitted here is asked of both sides: perf_event_open(2) and pidfds can be refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "events.h"
#include "exits.h"
#include "watch.h"

#define NOBODY	     65534
#define STORM	     50
#define STORM_PAGES  40
#define WORKER_PAGES 200
#define HASTY	     40

static struct watch watch;
static volatile pid_t *shared;
static bool no_perf, no_pidfd, no_ends;
static enum {
	LOSE_NONE,
	LOSE_SOME,
	LOSE_ALL
} lose;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, long a, long b, long c, long d, long e);

/* All of them are words, in registers: it does not matter how many there are. */
long __wrap_syscall(long number, long a, long b, long c, long d, long e)
{
	if ((number == SYS_perf_event_open && no_perf) || (number == SYS_pidfd_open && no_pidfd)) {
		errno = EACCES;
		return -1;
	}
	return __real_syscall(number, a, b, c, d, e);
}

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
ssize_t __real_recvfrom(int file, void *bytes, size_t size, int flags, void *from, void *length);
ssize_t __wrap_recvfrom(int file, void *bytes, size_t size, int flags, void *from, void *length);

int __wrap_socket(int domain, int type, int protocol)
{
	if (!no_ends)
		return __real_socket(domain, type, protocol);
	errno = EPERM;
	return -1;
}

/* As the kernel says once that it had no room. */
ssize_t __wrap_recvfrom(int file, void *bytes, size_t size, int flags, void *from, void *length)
{
	ssize_t found = __real_recvfrom(file, bytes, size, flags, from, length);

	while (lose == LOSE_ALL && found > 0)
		found = __real_recvfrom(file, bytes, size, flags, from, length);
	if (lose == LOSE_NONE || found < 0)
		return found;
	lose = LOSE_NONE;
	errno = ENOBUFS;
	return -1;
}

static int end(void **state)
{
	(void)state;
	watch_close(&watch);
	no_perf = no_pidfd = no_ends = false;
	lose = LOSE_NONE;
	return 0;
}

/* perf where it is permitted; that it is refused is tested wherever that is. */
static enum faultline_source best(void)
{
	return events_permitted() ? FAULTLINE_SOURCE_PROC : FAULTLINE_SOURCE_PERF;
}

static int ignore(void *context, int file)
{
	(void)context;
	return file < 0 ? -1 : 0;
}

/* Does the kernel tell us of ends? Of which version is what it tells, 0: no. */
static unsigned int ends_version(void)
{
	struct exits exits;
	unsigned int version;

	if (events_permitted() || exits_open(&exits, ignore, NULL))
		return 0;
	version = exits.version;
	exits_close(&exits);
	return version;
}

static void open_kind(enum faultline_source kind, uint64_t period_ns)
{
	struct source_plan plan = { .kind = kind, .period_ns = period_ns };

	watch_open(&watch, &plan);
}

static void sleep_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

static void touch(size_t pages)
{
	size_t bytes = pages * sysconf(_SC_PAGESIZE);
	char *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(memory, bytes, MADV_NOHUGEPAGE);
	for (size_t page = 0; page < pages; page++)
		memory[page * sysconf(_SC_PAGESIZE)] = 1;
}

/* In kernel mode: read(2) into fresh memory. */
static void touch_by_kernel(size_t pages)
{
	size_t bytes = pages * sysconf(_SC_PAGESIZE);
	char *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int zero = open("/dev/zero", O_RDONLY);

	madvise(memory, bytes, MADV_NOHUGEPAGE);
	if (read(zero, memory, bytes) != (ssize_t)bytes)
		_exit(1);
}

static void spin_ms(unsigned int ms)
{
	struct timespec now;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < ms);
}

static void *touch_in_thread(void *unused)
{
	touch(WORKER_PAGES);
	return unused;
}

/* Faults of both kinds of mode, of a thread that ends, and CPU time that is no whole tick. */
static void work_all(void)
{
	pthread_t thread;

	touch(300);
	touch_by_kernel(300);
	pthread_create(&thread, NULL, touch_in_thread, NULL);
	pthread_join(thread, NULL);
	for (int i = 0; i < 3; i++)
		watch_pause(&watch);
	spin_ms(27);
	_exit(3);
}

static uint64_t usage_cpu(void)
{
	return (watch.usage.ru_utime.tv_sec + watch.usage.ru_stime.tv_sec) * 1000 * MS +
	       (watch.usage.ru_utime.tv_usec + watch.usage.ru_stime.tv_usec) * 1000ULL;
}

static void expect_exact(enum faultline_source kind)
{
	const struct watched *one = &watch.all[0];

	open_kind(kind, 5 * MS);
	watch_child(&watch, FL_TARGET_TREE, work_all);
	watch_run(&watch);
	assert_int_equal(watch.number, 1);
	assert_int_equal(one->joined, FL_RECORD_TARGET);
	assert_int_equal(one->ended, FL_RECORD_EXIT);
	assert_int_equal(one->status, watch.status);
	assert_int_equal(WEXITSTATUS(one->status), 3);
	assert_true(one->samples > 2);
	assert_true(one->counts.minor >= 600 + WORKER_PAGES);
	assert_int_equal(one->counts.minor, watch.usage.ru_minflt);
	assert_int_equal(one->counts.major, watch.usage.ru_majflt);
	/* rusage is two numbers of microseconds. */
	assert_true(one->counts.cpu_ns + 2000 >= usage_cpu());
	assert_true(one->counts.cpu_ns <= usage_cpu() + 2000);
	assert_int_equal(source_targets(watch.source), 0);
}

static void test_the_command_is_counted_exactly(void **state)
{
	(void)state;
	expect_exact(best());
}

static void test_so_it_is_by_proc(void **state)
{
	(void)state;
	expect_exact(FAULTLINE_SOURCE_PROC);
}

static void test_so_it_is_without_pidfds(void **state)
{
	(void)state;
	no_pidfd = true;
	expect_exact(FAULTLINE_SOURCE_PROC);
}

/* Children of a millisecond, whom their parent does not bury at once. */
static void work_storm(void)
{
	for (int i = 0; i < STORM; i++) {
		if (!fork()) {
			touch(STORM_PAGES);
			sleep_ms(1);
			_exit(i);
		}
		waitid(P_ALL, 0, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
		watch_pause(&watch);
		wait(NULL);
	}
}

static uint64_t sum_minor(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < watch.number; i++)
		sum += watch.all[i].counts.minor;
	return sum;
}

static void test_events_tell_of_a_storm(void **state)
{
	(void)state;
	open_kind(best(), 1000 * MS);
	watch_child(&watch, FL_TARGET_TREE, work_storm);
	watch_run(&watch);
	if (best() == FAULTLINE_SOURCE_PROC) {
		assert_true(watch.number < STORM / 2);
		return;
	}
	assert_int_equal(watch.number, 1 + STORM);
	assert_int_equal(watch.unfollowed, 0);
	for (int i = 0; i < STORM; i++) {
		const struct watched *child = &watch.all[1 + i];

		assert_int_equal(child->joined, FL_RECORD_FORK);
		assert_int_equal(child->parent, watch.all[0].id);
		assert_int_equal(child->ended, FL_RECORD_EXIT);
		assert_int_equal(child->status, i << 8);
		assert_true(child->counts.minor >= STORM_PAGES);
	}
	assert_int_equal(sum_minor(), watch.usage.ru_minflt);
}

static void test_polls_miss_a_storm(void **state)
{
	(void)state;
	open_kind(FAULTLINE_SOURCE_PROC, 1000 * MS);
	watch_child(&watch, FL_TARGET_TREE, work_storm);
	watch_run(&watch);
	assert_true(watch.number < STORM / 2);
	assert_true(sum_minor() < (uint64_t)watch.usage.ru_minflt);
	assert_non_null(strstr(source_segment(watch.source)->blind, "between two polls"));
}

static void bury(int number)
{
	for (int i = 0; i < number; i++) {
		waitid(P_ALL, 0, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
		watch_pause(&watch);
		wait(NULL);
	}
}

/* A child and a grandchild, who live for some polls, and whose parents take their time. */
static void work_family(void)
{
	if (!fork()) {
		if (!fork()) {
			prctl(PR_SET_NAME, "grandchild");
			touch(STORM_PAGES);
			watch_pause(&watch);
			_exit(7);
		}
		bury(1);
		_exit(6);
	}
	bury(1);
}

static void expect_family(enum faultline_source kind)
{
	const struct watched *child = &watch.all[1], *grandchild = &watch.all[2];

	open_kind(kind, 5 * MS);
	watch_child(&watch, FL_TARGET_TREE, work_family);
	watch_run(&watch);
	assert_int_equal(watch.number, 3);
	assert_int_equal(child->joined, FL_RECORD_FORK);
	assert_int_equal(child->parent, watch.all[0].id);
	assert_int_equal(grandchild->joined, FL_RECORD_FORK);
	assert_int_equal(grandchild->parent, child->id);
	assert_true(grandchild->birth_ns >= watch.all[0].birth_ns);
	assert_string_equal(grandchild->comm, "grandchild");
	assert_int_equal(child->status, 6 << 8);
	assert_int_equal(grandchild->ended, FL_RECORD_EXIT);
	assert_true(grandchild->counts.minor >= STORM_PAGES);
}

static void test_children_are_followed(void **state)
{
	(void)state;
	expect_family(best());
}

static void test_so_they_are_by_proc(void **state)
{
	(void)state;
	expect_family(FAULTLINE_SOURCE_PROC);
}

/* Its events are not permitted, as those of another user's process. */
static void test_so_they_are_if_events_are_refused_late(void **state)
{
	enum faultline_source kind = best();

	(void)state;
	open_kind(kind, 5 * MS);
	no_perf = true;
	watch_child(&watch, FL_TARGET_TREE, work_family);
	watch_run(&watch);
	assert_int_equal(watch.number, 3);
	assert_int_equal(watch.all[2].parent, watch.all[1].id);
}

/* Its parent is dead before a poll finds it. */
static void work_orphan(void)
{
	if (!fork()) {
		if (fork())
			_exit(0);
		touch(STORM_PAGES);
		watch_pause(&watch);
		_exit(9);
	}
	wait(NULL);
	sleep_ms(50);
	for (int i = 0; i < 20; i++)
		watch_pause(&watch);
}

static void test_orphans_are_found_and_buried(void **state)
{
	const struct watched *orphan;

	(void)state;
	open_kind(FAULTLINE_SOURCE_PROC, 5 * MS);
	watch_child(&watch, FL_TARGET_TREE, work_orphan);
	watch_run(&watch);
	orphan = &watch.all[watch.number - 1];
	assert_true(watch.number >= 2);
	assert_int_equal(orphan->joined, FL_RECORD_FORK);
	assert_int_equal(orphan->status, 9 << 8);
	assert_true(orphan->counts.minor >= STORM_PAGES);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* Its child's end is known and its child's parent alive, who then dies without a look at it. */
static void work_careless(void)
{
	if (!fork()) {
		if (!fork())
			_exit(8);
		waitid(P_ALL, 0, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
		watch_pause(&watch);
		_exit(0);
	}
	wait(NULL);
	watch_pause(&watch);
}

static void test_zombies_are_buried_that_are_left(void **state)
{
	(void)state;
	open_kind(best(), 5 * MS);
	watch_child(&watch, FL_TARGET_TREE, work_careless);
	watch_run(&watch);
	assert_int_equal(watch.number, 3);
	assert_int_equal(watch.all[2].status, 8 << 8);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_alone_is_alone(void **state)
{
	(void)state;
	open_kind(best(), 5 * MS);
	watch_child(&watch, FL_TARGET_PROCESS, work_family);
	watch_run(&watch);
	assert_int_equal(watch.number, 1);
	assert_int_equal(watch.all[0].ended, FL_RECORD_EXIT);
}

static void work_exec(void)
{
	execl("/bin/sh", "sh", "-c", "exec sleep 0.05", NULL);
	_exit(1);
}

static void test_new_names_are_told(void **state)
{
	(void)state;
	open_kind(best(), 5 * MS);
	watch_child(&watch, FL_TARGET_TREE, work_exec);
	watch_run(&watch);
	assert_true(watch.all[0].execs >= 1);
	assert_string_equal(watch.all[0].comm, "sleep");
	assert_int_equal(watch.all[0].counts.minor, watch.usage.ru_minflt);
}

/* Children whom their parent buries at once, and is no slower for that we look too late. */
static void work_hasty(void)
{
	int status;

	for (int i = 0; i < HASTY; i++) {
		if (!fork()) {
			prctl(PR_SET_NAME, "hasty");
			touch(STORM_PAGES + i);
			if (i % 4 == 3)
				raise(SIGKILL);
			_exit(i);
		}
		wait(&status);
	}
}

static void expect_hasty(void)
{
	assert_int_equal(watch.number, 1 + HASTY);
	assert_int_equal(watch.unfollowed, 0);
	assert_int_equal(watch.lost, 0);
	for (int i = 0; i < HASTY; i++) {
		const struct watched *child = &watch.all[1 + i];

		assert_int_equal(child->joined, FL_RECORD_FORK);
		assert_int_equal(child->parent, watch.all[0].id);
		assert_string_equal(child->comm, "hasty");
		assert_int_equal(child->ended, FL_RECORD_EXIT);
		assert_int_equal(child->status, i % 4 == 3 ? SIGKILL : i << 8);
		assert_true(child->counts.minor >= STORM_PAGES + (uint64_t)i);
		assert_true(child->peak_resident >= STORM_PAGES + (uint64_t)i);
		assert_true(child->birth_ns > watch.all[0].birth_ns);
	}
	assert_int_equal(sum_minor(), watch.usage.ru_minflt);
	assert_null(strstr(source_segment(watch.source)->blind, "last reading if"));
}

static void test_who_is_buried_before_we_look_is_told_of_by_its_end(void **state)
{
	(void)state;
	open_kind(best(), 1000 * MS);
	watch_child(&watch, FL_TARGET_TREE, work_hasty);
	watch_too_late(&watch);
	if (ends_version()) {
		expect_hasty();
		return;
	}
	assert_int_equal(watch.number, 1);
	assert_int_equal(watch.unfollowed, best() == FAULTLINE_SOURCE_PERF ? HASTY : 0);
	assert_non_null(strstr(source_segment(watch.source)->blind, "last reading if"));
}

static void test_without_ends_who_is_buried_is_counted(void **state)
{
	(void)state;
	no_ends = true;
	open_kind(best(), 1000 * MS);
	watch_child(&watch, FL_TARGET_TREE, work_hasty);
	watch_too_late(&watch);
	assert_int_equal(watch.number, 1);
	assert_int_equal(watch.unfollowed, best() == FAULTLINE_SOURCE_PERF ? HASTY : 0);
	assert_int_equal(watch.all[0].peak_resident, 0);
	assert_non_null(strstr(source_segment(watch.source)->blind, "last reading if"));
}

static void test_whose_end_was_lost_is_counted_as_well(void **state)
{
	(void)state;
	open_kind(best(), 1000 * MS);
	watch_child(&watch, FL_TARGET_TREE, work_hasty);
	lose = ends_version() ? LOSE_ALL : LOSE_NONE;
	watch_too_late(&watch);
	assert_int_equal(watch.number, 1);
	assert_int_equal(watch.unfollowed, best() == FAULTLINE_SOURCE_PERF ? HASTY : 0);
}

static void *execute(void *unused)
{
	execl("/bin/sh", "sh", "-c", "exit 44", NULL);
	return unused;
}

static void *touch_and_exit(void *first)
{
	pthread_join(*(pthread_t *)first, NULL);
	touch(WORKER_PAGES);
	_exit(33);
}

/* A thread ends before its process's first, the first before another, one executes a program. */
static void work_in_threads(void)
{
	static pthread_t self;
	pthread_t thread;

	if (!fork()) {
		pthread_create(&thread, NULL, touch_in_thread, NULL);
		pthread_join(thread, NULL);
		touch(STORM_PAGES);
		_exit(22);
	}
	wait(NULL);
	if (!fork()) {
		self = pthread_self();
		pthread_create(&thread, NULL, touch_and_exit, &self);
		pthread_exit(NULL);
	}
	wait(NULL);
	if (!fork()) {
		touch(WORKER_PAGES);
		pthread_create(&thread, NULL, execute, NULL);
		pause();
	}
	wait(NULL);
}

static void test_threads_are_added_up(void **state)
{
	static const int statuses[] = { 22 << 8, 33 << 8, 44 << 8 };
	unsigned int version = ends_version();

	(void)state;
	open_kind(best(), 1000 * MS);
	watch_child(&watch, FL_TARGET_TREE, work_in_threads);
	watch_too_late(&watch);
	if (!version) {
		assert_int_equal(watch.number, 1);
		return;
	}
	assert_int_equal(watch.number, 4);
	assert_int_equal(watch.lost, 0);
	assert_string_equal(watch.all[3].comm, "sh");
	if (version < EXITS_VERSION_PROCESS)
		return;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(watch.all[1 + i].status, statuses[i]);
		assert_true(watch.all[1 + i].counts.minor >= WORKER_PAGES);
	}
	assert_int_equal(sum_minor(), watch.usage.ru_minflt);
}

/* Some ends were lost: of several threads one cannot be sure, of one that was heard one can. */
static void test_threads_that_may_be_missing_are_told(void **state)
{
	unsigned int version = ends_version();

	(void)state;
	open_kind(best(), 1000 * MS);
	watch_child(&watch, FL_TARGET_TREE, work_in_threads);
	lose = version ? LOSE_SOME : LOSE_NONE;
	watch_too_late(&watch);
	if (version >= EXITS_VERSION_PROCESS) {
		assert_int_equal(watch.number, 4);
		assert_int_equal(watch.lost, 3);
	}
}

/* Its child was there before it is followed, and so were threads of that. */
static void work_with_a_past(void)
{
	pthread_t thread;
	char byte;
	int go[2];
	pid_t child;

	if (pipe(go))
		_exit(1);
	child = fork();
	if (!child) {
		pthread_create(&thread, NULL, touch_in_thread, NULL);
		pthread_join(thread, NULL);
		_exit(read(go[0], &byte, 1) == 1 ? 0 : 1);
	}
	*shared = child;
	while (*shared)
		usleep(1000);
	if (write(go[1], "", 1) != 1)
		_exit(1);
	wait(NULL);
}

static void test_whose_threads_may_have_ended_before_is_told(void **state)
{
	unsigned int version = ends_version();

	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	open_kind(best(), 1000 * MS);
	watch_child(&watch, FL_TARGET_PROCESS, work_with_a_past);
	watch_go(&watch);
	while (!*shared)
		usleep(1000);
	usleep(20000);
	assert_int_equal(source_add(watch.source, FL_TARGET_PROCESS, *shared), 0);
	watch_drain(&watch);
	*shared = 0;
	waitid(P_PID, watch.child, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	watch_end(&watch);
	assert_int_equal(watch.number, 2);
	assert_int_equal(watch.all[1].ended, FL_RECORD_EXIT);
	assert_int_equal(watch.lost, version > 0);
	munmap((void *)shared, sizeof(*shared));
}

/* It ends between two readings, and nothing is left of it in /proc. */
static pid_t lone_thread;

static void *touch_when_told(void *go)
{
	char byte;

	lone_thread = gettid();
	if (read(*(int *)go, &byte, 1) == 1)
		touch(WORKER_PAGES);
	return NULL;
}

static void test_a_thread_s_end_has_its_counts(void **state)
{
	const struct watched *one = &watch.all[0];
	pthread_t thread;
	int go[2];

	(void)state;
	assert_int_equal(pipe(go), 0);
	open_kind(best(), 1000 * MS);
	pthread_create(&thread, NULL, touch_when_told, &go[0]);
	while (!__atomic_load_n(&lone_thread, __ATOMIC_ACQUIRE))
		usleep(1000);
	assert_int_equal(source_add(watch.source, FL_TARGET_THREAD, lone_thread), 0);
	assert_int_equal(source_sample(watch.source), 0);
	watch_drain(&watch);
	assert_int_equal(write(go[1], "", 1), 1);
	pthread_join(thread, NULL);
	assert_int_equal(source_sample(watch.source), 0);
	watch_drain(&watch);
	close(go[0]);
	close(go[1]);
	lone_thread = 0;
	assert_int_equal(one->ended, FL_RECORD_EXIT);
	assert_int_equal(one->peak_resident, 0);
	assert_int_equal(one->counts.minor >= WORKER_PAGES, ends_version() > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_the_command_is_counted_exactly, end),
		cmocka_unit_test_teardown(test_so_it_is_by_proc, end),
		cmocka_unit_test_teardown(test_so_it_is_without_pidfds, end),
		cmocka_unit_test_teardown(test_events_tell_of_a_storm, end),
		cmocka_unit_test_teardown(test_polls_miss_a_storm, end),
		cmocka_unit_test_teardown(test_children_are_followed, end),
		cmocka_unit_test_teardown(test_so_they_are_by_proc, end),
		cmocka_unit_test_teardown(test_so_they_are_if_events_are_refused_late, end),
		cmocka_unit_test_teardown(test_orphans_are_found_and_buried, end),
		cmocka_unit_test_teardown(test_zombies_are_buried_that_are_left, end),
		cmocka_unit_test_teardown(test_alone_is_alone, end),
		cmocka_unit_test_teardown(test_new_names_are_told, end),
		cmocka_unit_test_teardown(test_who_is_buried_before_we_look_is_told_of_by_its_end,
					  end),
		cmocka_unit_test_teardown(test_without_ends_who_is_buried_is_counted, end),
		cmocka_unit_test_teardown(test_whose_end_was_lost_is_counted_as_well, end),
		cmocka_unit_test_teardown(test_threads_are_added_up, end),
		cmocka_unit_test_teardown(test_threads_that_may_be_missing_are_told, end),
		cmocka_unit_test_teardown(test_whose_threads_may_have_ended_before_is_told, end),
		cmocka_unit_test_teardown(test_a_thread_s_end_has_its_counts, end),
	};
	int failed, status = 0;

	if (geteuid() == 0 && !fork()) {
		/* Changing its user hid the process from that user. */
		if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY) ||
		    prctl(PR_SET_DUMPABLE, 1))
			_exit(1);
		exit(cmocka_run_group_tests_name("stand-ins of nobody", tests, NULL, NULL));
	}
	wait(&status);
	failed = cmocka_run_group_tests_name("stand-ins", tests, NULL, NULL);
	return failed || status;
}
