// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crowd.h"
#include "report.h"

#define STACK	   (64 << 10)
#define PAGE	   4096UL
#define MOST_PAGES 8
#define REST_US	   10000 /* a thread that has counted itself is asleep by then */

struct seats {
	uint32_t asleep; /* how often a thread was about to sleep, all together */
	uint32_t never;	 /* what the further threads wait for */
	uint32_t turn[]; /* of each process: how often it was stirred */
};

static size_t bytes_of(unsigned int processes)
{
	return sizeof(struct seats) + processes * sizeof(uint32_t);
}

static void wait_while(uint32_t *word, uint32_t value)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value)
		syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void count_asleep(struct seats *seats)
{
	__atomic_fetch_add(&seats->asleep, 1, __ATOMIC_ACQ_REL);
}

static void *sleep_for_ever(void *data)
{
	struct seats *seats = data;

	count_asleep(seats);
	wait_while(&seats->never, 0);
	return NULL;
}

static void add_threads(struct seats *seats, unsigned int more)
{
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK);
	while (more--) {
		if (pthread_create(&thread, &small, sleep_for_ever, seats))
			report_fail("cannot make a thread: give the machine more memory");
	}
	pthread_attr_destroy(&small);
}

/* So that not all processes have the same number of faults. */
static void fault(unsigned int pages)
{
	volatile char *memory = mmap(NULL, MOST_PAGES * PAGE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		report_fail("no memory: %s", strerror(errno));
	for (unsigned int page = 0; page < pages; page++)
		memory[page * PAGE] = 1;
}

static void __attribute__((noreturn))
live(struct seats *seats, unsigned int number, unsigned int threads)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fault(number % MOST_PAGES);
	add_threads(seats, threads - 1);
	for (uint32_t turn = 0;; turn++) {
		count_asleep(seats);
		wait_while(&seats->turn[number], turn);
	}
}

static void await(const struct seats *seats, uint32_t asleep)
{
	while (__atomic_load_n(&seats->asleep, __ATOMIC_ACQUIRE) != asleep)
		usleep(REST_US);
	usleep(REST_US);
}

void crowd_gather(struct crowd *crowd, unsigned int processes, unsigned int threads)
{
	struct seats *seats = mmap(NULL, bytes_of(processes), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t *pids = calloc(processes, sizeof(*pids));

	if (seats == MAP_FAILED || !pids)
		report_fail("no memory for %u processes", processes);
	*crowd = (struct crowd){ processes, threads, pids, seats };
	for (unsigned int number = 0; number < processes; number++) {
		pids[number] = fork();
		if (pids[number] < 0)
			report_fail("process %u of %u: %s", number, processes, strerror(errno));
		if (!pids[number])
			live(seats, number, threads);
	}
	await(seats, processes * threads);
}

void crowd_stir(const struct crowd *crowd, unsigned int count)
{
	struct seats *seats = crowd->seats;
	uint32_t asleep = seats->asleep;

	for (unsigned int number = 0; number < count; number++) {
		__atomic_fetch_add(&seats->turn[number], 1, __ATOMIC_ACQ_REL);
		syscall(SYS_futex, &seats->turn[number], FUTEX_WAKE, 1, NULL, NULL, 0);
	}
	await(seats, asleep + count);
}

void crowd_dismiss(struct crowd *crowd)
{
	for (unsigned int number = 0; number < crowd->processes; number++)
		kill(crowd->pids[number], SIGKILL);
	for (unsigned int number = 0; number < crowd->processes; number++)
		waitpid(crowd->pids[number], NULL, 0);
	munmap(crowd->seats, bytes_of(crowd->processes));
	free(crowd->pids);
}
