// SPDX-License-Identifier: MIT
/*
 * Processes with threads that fault, execute themselves anew and exit at random moments, and that
 * are killed at random moments: adds up what wait4 tells of those that were registered.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"

#define MEMBERS	    4
#define PAGE	    4096UL
#define MAX_THREADS 4
#define MAX_EXECS   4
#define STACK	    (64 << 10)

enum count {
	BORN,
	REGISTERED,
	TOO_LATE,
	KILLED,
	EXECS,
	THREADS,
	MINOR,
	MAJOR,
};

static const char *const names[] = { "born",	"registered", "too_late", "killed", "execs",
				     "threads", "minor",      "major",	  NULL };

/* What a victim tells its parent; a descriptor, so that it lasts over exec. */
struct diary {
	unsigned long execs, threads;
};

static const char *self;
static struct diary *diary;
static int diary_fd, status;
static unsigned int execs_left;

static void touch(unsigned int pages)
{
	volatile char *at = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if ((void *)at == MAP_FAILED)
		return;
	for (unsigned int page = 0; page < pages; page++)
		at[page * PAGE] = 1;
	munmap((void *)at, (size_t)pages * PAGE);
}

static void become_another(struct dice *dice)
{
	char seed[24], left[12], fd[12];

	if (!execs_left)
		return;
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)dice_bits(dice));
	snprintf(left, sizeof(left), "%u", execs_left - 1);
	snprintf(fd, sizeof(fd), "%d", diary_fd);
	__atomic_fetch_add(&diary->execs, 1, __ATOMIC_RELAXED);
	execl(self, self, "victim", seed, left, fd, NULL);
	_exit(1);
}

static void act(struct dice *dice, bool leader);

static void *thread(void *seed)
{
	struct dice dice = { (uintptr_t)seed };

	act(&dice, false);
	return NULL;
}

static void start_thread(struct dice *dice)
{
	pthread_attr_t small;
	pthread_t ignored;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK);
	pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
	if (!pthread_create(&ignored, &small, thread, (void *)(uintptr_t)dice_bits(dice)))
		__atomic_fetch_add(&diary->threads, 1, __ATOMIC_RELAXED);
}

static void act(struct dice *dice, bool leader)
{
	for (unsigned int steps = dice_up_to(dice, 40); steps; steps--) {
		switch (dice_below(dice, 16)) {
		case 0:
			become_another(dice);
			break;
		case 1:
			if (dice_one_in(dice, 4))
				_exit(0);
			break;
		case 2:
			if (leader && dice_one_in(dice, 2))
				pthread_exit(NULL);
			break;
		case 3:
			if (dice_one_in(dice, 8))
				kill(getpid(), SIGKILL);
			break;
		case 4:
		case 5:
		case 6:
			usleep(dice_below(dice, 800));
			break;
		default:
			touch(1 + dice_up_to(dice, 31));
		}
	}
}

static void live(uint64_t seed)
{
	struct dice dice = { seed };

	for (unsigned int left = dice_below(&dice, MAX_THREADS); left; left--)
		start_thread(&dice);
	act(&dice, true);
	if (dice_one_in(&dice, 2))
		pthread_exit(NULL);
	_exit(0);
}

static void race(struct crew_member *member)
{
	struct dice *dice = &member->dice;

	while (crew_goes_on(member)) {
		uint64_t seed = dice_bits(dice);
		bool killed = dice_one_in(dice, 2);
		unsigned int delay = dice_up_to(dice, 20000);
		struct rusage usage;
		int how, err;
		pid_t pid = fork();

		if (!pid)
			live(seed);
		if (pid < 0)
			crew_fail("fork: %s", strerror(errno));
		err = crew_send(status, REGISTER, pid);
		if (err && err != ESRCH)
			crew_fail("R %d was refused: %s", pid, strerror(err));
		if (killed) {
			usleep(delay);
			kill(pid, SIGKILL);
		}
		if (wait4(pid, &how, 0, &usage) != pid)
			crew_fail("wait4: %s", strerror(errno));
		if (WIFEXITED(how) && WEXITSTATUS(how))
			crew_fail("a victim could not go on");
		crew_count(member, BORN, 1);
		crew_count(member, KILLED, WIFSIGNALED(how));
		crew_count(member, TOO_LATE, !!err);
		if (err)
			continue;
		crew_count(member, REGISTERED, 1);
		crew_count(member, MINOR, usage.ru_minflt);
		crew_count(member, MAJOR, usage.ru_majflt);
	}
	crew_count(member, EXECS, diary->execs);
	crew_count(member, THREADS, diary->threads);
}

static struct diary *open_diary(void)
{
	struct diary *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, diary_fd, 0);

	if (at == MAP_FAILED)
		crew_fail("no diary: %s", strerror(errno));
	return at;
}

/* Each member has a diary of its own. */
static void work(struct crew_member *member)
{
	diary_fd = memfd_create("diary", 0);
	if (diary_fd < 0 || ftruncate(diary_fd, PAGE))
		crew_fail("no diary: %s", strerror(errno));
	diary = open_diary();
	execs_left = MAX_EXECS;
	race(member);
}

int main(int argc, char **argv)
{
	self = argv[0];
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	if (argc == 5 && !strcmp(argv[1], "victim")) {
		execs_left = crew_number(argv[3]);
		diary_fd = crew_number(argv[4]);
		diary = open_diary();
		live(crew_number(argv[2]));
	}
	if (argc != 3) {
		fprintf(stderr, "usage: races SEED MILLISECONDS\n");
		return 2;
	}
	status = crew_open_status();
	return crew_run(MEMBERS, crew_number(argv[1]), crew_number(argv[2]), names, work);
}
