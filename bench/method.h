/* SPDX-License-Identifier: MIT */
/* Ways to sample the processes of a crowd. One is open at a time. */
#ifndef BENCH_METHOD_H
#define BENCH_METHOD_H

#include <stddef.h>
#include <stdint.h>

#include "crowd.h"

/* Over all processes, since their birth unless the method says otherwise. */
struct totals {
	uint64_t minor;
	uint64_t major;
	uint64_t cpu_ns;
};

struct method {
	const char *name;
	void (*open)(const struct crowd *crowd); /* what is done once; fails itself */
	void (*prepare)(void);			 /* before each pass, not counted; may be NULL */
	void (*pass)(struct totals *sum);	 /* one sample of everyone, added to sum */
	void (*close)(void);
};

/* Faultline's. The first and the last leave reading to prepare, so they add nothing to the sum. */
extern const struct method method_full; /* one pass */
extern const struct method method_read; /* one pass, and all its records read */
extern const struct method method_ran;	/* one pass with FL_SETUP_RAN; a few have run before it */

extern const struct method method_proc_open;	     /* /proc/PID/stat, opened each time */
extern const struct method method_proc_kept;	     /* the same, opened once */
extern const struct method method_taskstats;	     /* by thread */
extern const struct method method_taskstats_process; /* by process: has no faults */
extern const struct method method_perf;	    /* a group of counters; faults since it was opened */
extern const struct method method_iterator; /* BPF */

#endif
