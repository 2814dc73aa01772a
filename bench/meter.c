// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "meter.h"
#include "report.h"

#define ITERATIONS 100000ULL
#define ROUNDS_MAX 99

static uint64_t own; /* cost of reading the counter twice */

void meter_spin(uint64_t iterations)
{
	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(iterations) : : "cc");
}

static uint64_t spun(uint64_t iterations)
{
	uint64_t start = meter_now();

	meter_spin(iterations);
	return meter_now() - start;
}

/* An interrupt may come between: one exact answer of several is enough. */
void meter_begin(void)
{
	uint64_t start, once, twice;

	for (int attempt = 0; attempt < 9; attempt++) {
		once = spun(ITERATIONS);
		twice = spun(2 * ITERATIONS);
		start = meter_now();
		own = meter_now() - start;
		if (twice - once == 2 * ITERATIONS && own < 16)
			return;
	}
	report_fail("the time stamp counter does not count instructions here (%llu for %llu): "
		    "run it as `bench/run`, which boots a machine whose counter does",
		    (unsigned long long)(twice - once), 2 * ITERATIONS);
}

uint64_t meter_since(uint64_t start)
{
	return meter_now() - start - own;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

uint64_t meter_middle(uint64_t *values, unsigned int count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

uint64_t meter_median(unsigned int rounds, void (*prepare)(void), void (*work)(void))
{
	uint64_t cost[ROUNDS_MAX + 1];
	uint64_t start;

	if (rounds > ROUNDS_MAX)
		rounds = ROUNDS_MAX;
	for (unsigned int round = 0; round <= rounds; round++) {
		if (prepare)
			prepare();
		start = meter_now();
		work();
		cost[round] = meter_since(start);
	}
	return meter_middle(cost + 1, rounds);
}
