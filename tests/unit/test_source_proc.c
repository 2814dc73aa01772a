// SPDX-License-Identifier: MIT
/* What the sources that stand in for the module say of processes, their children and threads. */
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "standins.h"

#define STORM 50

static void sleep_ms(unsigned int ms)
{
	usleep(ms * 1000);
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
	};

	return run_as_both("stand-ins", tests, sizeof(tests) / sizeof(tests[0]));
}
