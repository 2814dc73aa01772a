// SPDX-License-Identifier: MIT
/* Perf beside /proc where the kernel tells of ends, and where it does not: who is gone too soon. */
#include <pthread.h>
#include <signal.h>

#include "exits.h"
#include "standins.h"

#define HASTY 40

static volatile pid_t *shared;

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
		cmocka_unit_test_teardown(test_who_is_buried_before_we_look_is_told_of_by_its_end,
					  end),
		cmocka_unit_test_teardown(test_without_ends_who_is_buried_is_counted, end),
		cmocka_unit_test_teardown(test_whose_end_was_lost_is_counted_as_well, end),
		cmocka_unit_test_teardown(test_threads_are_added_up, end),
		cmocka_unit_test_teardown(test_threads_that_may_be_missing_are_told, end),
		cmocka_unit_test_teardown(test_whose_threads_may_have_ended_before_is_told, end),
		cmocka_unit_test_teardown(test_a_thread_s_end_has_its_counts, end),
	};

	return run_as_both("perf", tests, sizeof(tests) / sizeof(tests[0]));
}
