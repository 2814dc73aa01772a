// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crew.h"
#include "faultline_classic.h"

static uint64_t end;

void crew_fail(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(STDERR_FILENO, "%s: %s\n", program_invocation_short_name, text);
	_exit(1);
}

uint64_t crew_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool crew_goes_on(struct crew_member *member)
{
	return member->rounds++ < CREW_ROUNDS || crew_now() < end;
}

void crew_count(struct crew_member *member, int which, unsigned long more)
{
	__atomic_fetch_add(&member->count[which], more, __ATOMIC_RELAXED);
}

void *crew_memory(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		crew_fail("no shared memory: %s", strerror(errno));
	return memory;
}

uint64_t crew_number(const char *text)
{
	char *rest;
	uint64_t number = strtoull(text, &rest, 10);

	if (!*text || *rest)
		crew_fail("'%s' is no number", text);
	return number;
}

int crew_open_status(void)
{
	int fd = open(FL_CLASSIC_STATUS, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		crew_fail("%s: %s", FL_CLASSIC_STATUS, strerror(errno));
	return fd;
}

int crew_send(int status, char verb, pid_t pid)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%c %d\n", verb, pid);

	return write(status, text, len) < 0 ? errno : 0;
}

/* When one fails the others need not go on. */
static bool wait_for_all(const pid_t *pids, unsigned int members)
{
	bool good = true;
	int status;

	while (wait(&status) > 0) {
		if (!status || !good)
			continue;
		good = false;
		for (unsigned int number = 0; number < members; number++)
			kill(pids[number], SIGKILL);
	}
	return good;
}

int crew_run(unsigned int members, uint64_t seed, uint64_t milliseconds, const char *const *names,
	     void (*work)(struct crew_member *member))
{
	unsigned long *count = crew_memory(CREW_COUNTS * sizeof(*count));
	pid_t pids[members];
	bool good;

	end = crew_now() + milliseconds * 1000;
	for (unsigned int number = 0; number < members; number++) {
		struct crew_member member = { number, { seed * 1000003 + number }, 0, count };

		pids[number] = fork();
		if (pids[number] < 0)
			crew_fail("fork: %s", strerror(errno));
		if (!pids[number]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			work(&member);
			_exit(0);
		}
	}
	good = wait_for_all(pids, members);
	for (int which = 0; names[which]; which++)
		printf("%s%s %lu", which ? " " : "", names[which], count[which]);
	puts("");
	return !good;
}
