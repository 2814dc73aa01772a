/* SPDX-License-Identifier: MIT */
/* Clocks in nanoseconds, as all times of records are. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

/** clock_ns - what a clock says now: CLOCK_MONOTONIC, which records go by, or CPU time of ours */
static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#endif
