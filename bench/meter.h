/* SPDX-License-Identifier: MIT */
/*
 * Counts instructions: those of user space and of the kernel, whoever's they are.
 *
 * It works where the time stamp counter advances by one an instruction, as in `vm/run --accel
 * icount`, and nowhere else: meter_begin() finds out.
 */
#ifndef BENCH_METER_H
#define BENCH_METER_H

#include <stdint.h>

#define METER_HZ 1000000000ULL /* instructions in a second of the guest's CLOCK_MONOTONIC */

static inline uint64_t meter_now(void)
{
	return __builtin_ia32_rdtsc();
}

/* Call it first. Ends the process with a message unless this machine counts instructions. */
void meter_begin(void);

/* Instructions since start, which meter_now() gave, without those of the measuring itself. */
uint64_t meter_since(uint64_t start);

/* So many iterations of a loop of two instructions each. */
void meter_spin(uint64_t iterations);

/*
 * The median of what rounds calls of work cost, an odd number up to 99; before each one prepare is
 * called, which is not counted and may be NULL. The first call, which meets cold memory, is left
 * out.
 *
 * A median, as an interrupt falls into some rounds and not into most of them.
 */
uint64_t meter_median(unsigned int rounds, void (*prepare)(void), void (*work)(void));

/* Sorts; the median of an odd number of values, or the upper one of the two in the middle. */
uint64_t meter_middle(uint64_t *values, unsigned int count);

#endif
