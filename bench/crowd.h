/* SPDX-License-Identifier: MIT */
/* Processes to be sampled: they sleep, and run for a moment when they are stirred. */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include <stdint.h>
#include <sys/types.h>

struct crowd {
	unsigned int processes;
	unsigned int threads; /* of each process, the first one included */
	pid_t *pids;
	struct seats *seats; /* what the members share with us */
};

/*
 * Starts so many processes, copies of the caller, with so many threads each; returns when all of
 * them sleep. They die with the caller's thread. Fails itself.
 */
void crowd_gather(struct crowd *crowd, unsigned int processes, unsigned int threads);

/* Lets the first threads of the first count processes run; returns when they sleep again. */
void crowd_stir(const struct crowd *crowd, unsigned int count);

/* Ends all of them and waits for their end. */
void crowd_dismiss(struct crowd *crowd);

#endif
