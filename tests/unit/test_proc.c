// SPDX-License-Identifier: MIT
#include <errno.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "proc.h"

/* What follows the name: each field has a number of its own. */
#define REST                                                                                       \
	"Z 7 103 104 105 -1 106 11 107 12 108 21 22 109 110 20 0 3 0 5000 111 33 112 113 114 115 " \
	"116 117 118 119 120 121 122 0 0 17 1 0 0 0 0 0 123 124 125 126 127 128 129 768\n"

static struct proc_stat stat;

static int parse(const char *name)
{
	char line[512];

	snprintf(line, sizeof(line), "42 (%s) " REST, name);
	return proc_parse_stat(line, &stat);
}

static void test_takes_in_a_line(void **state)
{
	(void)state;
	assert_int_equal(parse("name"), 0);
	assert_int_equal(stat.pid, 42);
	assert_int_equal(stat.parent, 7);
	assert_int_equal(stat.state, 'Z');
	assert_int_equal(stat.minor, 11);
	assert_int_equal(stat.major, 12);
	assert_int_equal(stat.buried, 107 + 108);
	assert_int_equal(stat.user_ticks, 21);
	assert_int_equal(stat.system_ticks, 22);
	assert_int_equal(stat.threads, 3);
	assert_int_equal(stat.start_ticks, 5000);
	assert_int_equal(stat.resident, 33);
	assert_int_equal(stat.status, 3 << 8);
}

static void test_names_may_be_anything(void **state)
{
	static const char *const names[] = {
		"", "a b", ")", "(", ") Z 1 2 3", "((x) y) R", "a\nb"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(parse(names[i]), 0);
		assert_string_equal(stat.comm, names[i]);
		assert_int_equal(stat.parent, 7);
		assert_int_equal(stat.minor, 11);
	}
	/* Those of workers of the kernel are longer in this file than a name can be. */
	assert_int_equal(parse("kworker/u8:3-events_unbound"), 0);
	assert_string_equal(stat.comm, "kworker/u8:3-ev");
}

static void test_refuses_what_is_no_line(void **state)
{
	static const char *const lines[] = { "",	   "42",	  "42 (a",    "42 a) R 1",
					     "42 (a)",	   "42 (a) ",	  "42 (a) R", ")(",
					     "42 (a) R 1", "42 (a) R x 2" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(proc_parse_stat(lines[i], &stat), -EINVAL);
}

static void test_takes_in_a_status(void **state)
{
	struct proc_status status;

	(void)state;
	proc_parse_status("Name:\tVmSwap:\nTgid:\t12\nPid:\t13\nVmSwap:\t     8 kB\n"
			  "voluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t6\n",
			  &status);
	assert_int_equal(status.process, 12);
	assert_int_equal(status.swapped, 8192);
	assert_int_equal(status.voluntary, 5);
	assert_int_equal(status.involuntary, 6);
	proc_parse_status("Name:\tkthreadd\n", &status);
	assert_int_equal(status.swapped, 0);
}

static uint64_t own_cpu(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * UINT64_C(1000000000) +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * UINT64_C(1000);
}

static void test_reads_itself(void **state)
{
	uint64_t cpu, before = own_cpu();
	struct proc_status status;
	struct rusage usage;
	int file = proc_open_stat(getpid(), false);

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(proc_read_stat(file, &stat), 0);
	getrusage(RUSAGE_SELF, &usage);
	assert_int_equal(stat.pid, getpid());
	assert_int_equal(stat.parent, getppid());
	assert_in_range(stat.minor, usage.ru_minflt / 2, usage.ru_minflt);
	assert_int_equal(proc_read_status(getpid(), false, &status), 0);
	assert_int_equal(status.process, getpid());
	assert_int_equal(proc_cpu(getpid(), &cpu), 0);
	/* rusage has microseconds, and two of them. */
	assert_true(cpu + 2000 >= before && cpu <= own_cpu() + 2000);
	close(file);
}

static void test_who_is_gone_is_gone(void **state)
{
	pid_t pid = fork();
	uint64_t cpu;
	int file;

	(void)state;
	if (!pid)
		_exit(5);
	file = proc_open_stat(pid, false);
	assert_true(file >= 0);
	waitid(P_PID, pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	assert_int_equal(proc_read_stat(file, &stat), 0);
	assert_int_equal(stat.state, 'Z');
	assert_int_equal(stat.status, 5 << 8);
	assert_int_equal(proc_cpu(pid, &cpu), 0);
	waitpid(pid, NULL, 0);
	assert_int_equal(proc_read_stat(file, &stat), -ESRCH);
	assert_int_equal(proc_open_stat(pid, false), -ESRCH);
	assert_int_equal(proc_cpu(pid, &cpu), -ESRCH);
	close(file);
}

/* As those of some directories have: their numbers alone are longer than most such files. */
static void test_a_status_is_read_behind_a_thousand_groups(void **state)
{
	gid_t groups[1000];
	struct proc_status status = { 0 };
	pid_t pid;
	int ended;

	(void)state;
	if (geteuid()) /* only root has them */
		skip();
	for (int i = 0; i < 1000; i++)
		groups[i] = 1000000000 + i;
	pid = fork();
	if (!pid) {
		if (setgroups(1000, groups))
			_exit(2);
		usleep(1000);
		_exit(proc_read_status(getpid(), false, &status) || status.process != getpid() ||
		      status.voluntary + status.involuntary == 0);
	}
	waitpid(pid, &ended, 0);
	assert_int_equal(ended, 0);
}

/* One that had so many megabytes, and ended after a child that had so many. */
static pid_t a_zombie(size_t own, size_t of_child)
{
	pid_t pid = fork();

	if (!pid) {
		if (of_child)
			waitpid(a_zombie(of_child, 0), NULL, 0);
		munmap(mmap(NULL, own << 20, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0),
		       own << 20);
		_exit(0);
	}
	waitid(P_PID, pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	return pid;
}

static uint64_t buried_by(pid_t pid)
{
	int file = proc_open_stat(pid, false);

	assert_int_equal(proc_read_stat(file, &stat), 0);
	close(file);
	return stat.buried;
}

static void test_a_zombie_has_its_peak(void **state)
{
	struct rusage usage;
	uint64_t peak;
	pid_t pid = a_zombie(20, 0);

	(void)state;
	assert_int_equal(buried_by(pid), 0);
	peak = proc_zombie_peak(pid);
	assert_in_range(peak, 20 << 20, 40 << 20);
	wait4(pid, NULL, 0, &usage);
	assert_int_equal(peak, usage.ru_maxrss * 1024);
	assert_int_equal(proc_zombie_peak(pid), 0);

	pid = a_zombie(1, 20);
	assert_int_not_equal(buried_by(pid), 0);
	assert_in_range(proc_zombie_peak(pid), 20 << 20, 40 << 20);
	waitpid(pid, NULL, 0);
}

static void test_who_lives_or_is_anothers_is_no_zombie_of_ours(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		pause();
		_exit(0);
	}
	assert_int_equal(proc_zombie_peak(pid), 0);
	assert_int_equal(proc_zombie_peak(getppid()), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* As /proc says it for a moment: no threads, no counts, no status. */
static void test_who_is_being_buried_is_gone(void **state)
{
	static const char line[] = "42 (name) X 7 0 0 0 0 0 0 0 0 0 0 0 0 0 0 20 0 0 0 5000 "
				   "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
	int file = memfd_create("stat", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(write(file, line, sizeof(line) - 1), sizeof(line) - 1);
	assert_int_equal(proc_read_stat(file, &stat), -ESRCH);
	close(file);
}

static void test_lists_all_in_order(void **state)
{
	bool found = false;
	long number;
	int *pids;

	(void)state;
	number = proc_list(&pids);
	assert_true(number > 0);
	for (long i = 0; i < number; i++) {
		found = found || pids[i] == getpid();
		assert_true(!i || pids[i - 1] < pids[i]);
	}
	assert_true(found);
	free(pids);
}

static void test_the_newest_number_tells_of_a_fork(void **state)
{
	int before = proc_newest();
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	assert_true(before > 0);
	assert_int_not_equal(proc_newest(), before);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_in_a_line),
		cmocka_unit_test(test_names_may_be_anything),
		cmocka_unit_test(test_refuses_what_is_no_line),
		cmocka_unit_test(test_takes_in_a_status),
		cmocka_unit_test(test_reads_itself),
		cmocka_unit_test(test_who_is_gone_is_gone),
		cmocka_unit_test(test_a_status_is_read_behind_a_thousand_groups),
		cmocka_unit_test(test_a_zombie_has_its_peak),
		cmocka_unit_test(test_who_lives_or_is_anothers_is_no_zombie_of_ours),
		cmocka_unit_test(test_who_is_being_buried_is_gone),
		cmocka_unit_test(test_lists_all_in_order),
		cmocka_unit_test(test_the_newest_number_tells_of_a_fork),
	};

	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
