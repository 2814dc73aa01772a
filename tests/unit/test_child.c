// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "child.h"

static struct child child;

static char *const true_command[] = { "true", NULL };

static int begin(void **state)
{
	(void)state;
	child = (struct child){ 0 };
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (child.pid && !child.ended) {
		child_kill(&child, SIGKILL);
		child_reap(&child);
	}
	child_close(&child);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	return 0;
}

static void run(const char *script)
{
	char *const argv[] = { "sh", "-c", (char *)script, NULL };

	assert_int_equal(child_prepare(&child, argv), 0);
	assert_int_equal(child_go(&child), 0);
}

/* The status of a process that ends as the child did. */
static int end_as(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(child_end_as(&child));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void it_waits_to_be_told(void **state)
{
	char folder[] = "/tmp/test_child.XXXXXX";
	char path[64];
	char *const argv[] = { "touch", path, NULL };

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/went", folder);
	assert_int_equal(child_prepare(&child, argv), 0);
	assert_true(child.pid > 0);
	usleep(50000);
	assert_false(child_peek(&child));
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(child_go(&child), 0);
	assert_int_equal(child_reap(&child), 0);
	assert_int_equal(unlink(path), 0);
	rmdir(folder);
}

static void its_status_is_ours(void **state)
{
	int status;

	(void)state;
	run("exit 37");
	assert_int_equal(child_reap(&child), 0);
	assert_true(child.ended);
	status = end_as();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 37);
	assert_true(child.usage.ru_minflt > 0);
}

static void its_signal_is_ours(void **state)
{
	static const int signals[] = { SIGTERM, SIGKILL, SIGINT, SIGSEGV, SIGQUIT, SIGUSR1 };
	char script[32];
	int status;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		snprintf(script, sizeof(script), "kill -%d $$", signals[i]);
		run(script);
		assert_int_equal(child_reap(&child), 0);
		status = end_as();
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
		assert_false(WCOREDUMP(status));
		end(state);
	}
}

static void what_cannot_be_executed_is_told(void **state)
{
	char *const missing[] = { "/no/such/program", NULL };
	char *const folder[] = { "/", NULL };

	(void)state;
	assert_int_equal(child_prepare(&child, missing), 0);
	assert_int_equal(child_go(&child), -ENOENT);
	assert_true(child.ended);
	child_close(&child);
	assert_int_equal(child_prepare(&child, folder), 0);
	assert_int_equal(child_go(&child), -EACCES);
}

static void peeking_leaves_it_to_be_reaped(void **state)
{
	char path[64];

	(void)state;
	run("exit 3");
	while (!child_peek(&child))
		usleep(1000);
	snprintf(path, sizeof(path), "/proc/%d/stat", child.pid);
	assert_int_equal(access(path, F_OK), 0);
	assert_true(child_peek(&child));
	assert_int_equal(child_reap(&child), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_true(child_peek(&child));
	assert_int_equal(child_reap(&child), 0); /* once more changes nothing */
	assert_int_equal(WEXITSTATUS(child.status), 3);
}

static void a_terminal_s_signals_are_the_child_s_alone(void **state)
{
	(void)state;
	run("exec sleep 60"); /* nobody answers a read where there is no terminal */
	assert_int_equal(raise(SIGINT), 0);
	assert_int_equal(raise(SIGQUIT), 0);
	assert_false(child_peek(&child));
	child_kill(&child, SIGINT);
	assert_int_equal(child_reap(&child), 0);
	assert_true(WIFSIGNALED(child.status));
	assert_int_equal(WTERMSIG(child.status), SIGINT);
}

static void closed_before_it_went_it_never_runs(void **state)
{
	pid_t pid;

	(void)state;
	assert_int_equal(child_prepare(&child, true_command), 0);
	pid = child.pid;
	child_close(&child);
	assert_int_equal(child.pid, 0);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	child_close(&child);
	child = (struct child){ 0 };
	child_close(&child);
	assert_int_equal(fcntl(0, F_GETFD), 0); /* zeroes are no descriptors of its */
}

static void killed_before_it_went_it_has_ended(void **state)
{
	(void)state;
	assert_int_equal(child_prepare(&child, true_command), 0);
	child_kill(&child, SIGKILL);
	while (!child_peek(&child))
		usleep(1000);
	assert_int_equal(child_go(&child), 0);
	assert_int_equal(child_reap(&child), 0);
	assert_int_equal(WTERMSIG(child.status), SIGKILL);
}

/* The grandchild is told by a pipe of which it has the only other end. */
static void it_dies_with_a_caller_that_dies_before_it_goes(void **state)
{
	int ends[2];
	pid_t pid;
	char byte;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		struct child waiting;

		_exit(child_prepare(&waiting, true_command) != 0);
	}
	close(ends[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}

static void it_has_no_descriptors_of_ours(void **state)
{
	(void)state;
	run("for fd in /proc/$$/fd/*; do case $fd:$(readlink $fd) in "
	    "*/[012]:*) ;; *:socket:*|*:anon_inode:*) exit 2;; esac; done");
	assert_int_equal(child_reap(&child), 0);
	assert_int_equal(WEXITSTATUS(child.status), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_waits_to_be_told),
		TEST(its_status_is_ours),
		TEST(its_signal_is_ours),
		TEST(what_cannot_be_executed_is_told),
		TEST(peeking_leaves_it_to_be_reaped),
		TEST(a_terminal_s_signals_are_the_child_s_alone),
		TEST(closed_before_it_went_it_never_runs),
		TEST(killed_before_it_went_it_has_ended),
		TEST(it_dies_with_a_caller_that_dies_before_it_goes),
		TEST(it_has_no_descriptors_of_ours),
	};

	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
