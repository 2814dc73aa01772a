// SPDX-License-Identifier: MIT
/*
 * Registers itself and keeps more memory in use than there is: touches random pages of it from two
 * threads. With an odd seed it ends by SIGKILL, in the middle of that.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crew.h"

#define LEAST 500 /* pages touched at random, however slow the machine is */
#define PAGE  4096UL

static char *memory;
static size_t pages;
static uint64_t end;
static bool killed;

static void *roam(void *seed)
{
	struct dice dice = { (uintptr_t)seed };

	while (killed || crew_now() < end)
		for (int step = 0; step < 100; step++)
			memory[dice_bits(&dice) % pages * PAGE] += 1;
	return NULL;
}

int main(int argc, char **argv)
{
	struct dice dice;
	pthread_t other;
	uint64_t seed;
	int err;

	if (argc != 4) {
		fprintf(stderr, "usage: hog SEED MILLISECONDS MEGABYTES\n");
		return 2;
	}
	seed = crew_number(argv[1]);
	dice.state = ~seed;
	end = crew_now() + crew_number(argv[2]) * 1000;
	pages = crew_number(argv[3]) << 8;
	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		crew_fail("no memory");
	madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
	err = crew_send(crew_open_status(), REGISTER, getpid());
	if (err)
		crew_fail("R of itself was refused: %s", strerror(err));
	/* All of it once, then here and there. */
	for (size_t page = 0; page < pages; page++)
		memory[page * PAGE] = 1;
	killed = seed & 1;
	if (pthread_create(&other, NULL, roam, (void *)(uintptr_t)seed))
		crew_fail("no thread");
	for (int step = 0; step < LEAST || crew_now() < end; step++)
		memory[dice_bits(&dice) % pages * PAGE] += 1;
	if (killed)
		kill(getpid(), SIGKILL);
	pthread_join(other, NULL);
	return 0;
}
