/* SPDX-License-Identifier: MIT */
/*
 * The sources that stand in for the module, on processes of the test's own, as root and as nobody.
 * What is not permitted here is asked of both sides: perf_event_open(2) and pidfds can be refused.
 * A test that includes this is linked with its own socket(2) and recvfrom(2), too: ends can be
 * refused, and lost.
 */
#ifndef STANDINS_H
#define STANDINS_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "events.h"
#include "watch.h"

#define NOBODY	     65534
#define STORM_PAGES  40
#define WORKER_PAGES 200

static struct watch watch;
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

static inline int end(void **state)
{
	(void)state;
	watch_close(&watch);
	no_perf = no_pidfd = no_ends = false;
	lose = LOSE_NONE;
	return 0;
}

/* perf where it is permitted; that it is refused is tested wherever that is. */
static inline enum faultline_source best(void)
{
	return events_permitted() ? FAULTLINE_SOURCE_PROC : FAULTLINE_SOURCE_PERF;
}

static inline void open_kind(enum faultline_source kind, uint64_t period_ns)
{
	struct source_plan plan = { .kind = kind, .period_ns = period_ns };

	watch_open(&watch, &plan);
}

static inline void touch(size_t pages)
{
	size_t bytes = pages * sysconf(_SC_PAGESIZE);
	char *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(memory, bytes, MADV_NOHUGEPAGE);
	for (size_t page = 0; page < pages; page++)
		memory[page * sysconf(_SC_PAGESIZE)] = 1;
}

static inline void *touch_in_thread(void *unused)
{
	touch(WORKER_PAGES);
	return unused;
}

static inline uint64_t sum_minor(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < watch.number; i++)
		sum += watch.all[i].counts.minor;
	return sum;
}

/* As root, as nobody as well: the sum of failures. */
static inline int run_as_both(const char *name, const struct CMUnitTest *tests, size_t number)
{
	int failed, status = 0;

	if (geteuid() == 0 && !fork()) {
		/* Changing its user hid the process from that user. */
		if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY) ||
		    prctl(PR_SET_DUMPABLE, 1))
			_exit(1);
		exit(_cmocka_run_group_tests("of nobody", tests, number, NULL, NULL));
	}
	wait(&status);
	failed = _cmocka_run_group_tests(name, tests, number, NULL, NULL);
	return failed || status;
}

#endif
