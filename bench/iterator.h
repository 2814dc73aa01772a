/* SPDX-License-Identifier: MIT */
/* What the BPF program and its reader agree on. Includes nothing: BPF has no C library. */
#ifndef BENCH_ITERATOR_H
#define BENCH_ITERATOR_H

/* Of one thread; the first thread's has those of the threads that exited as well. */
struct iterator_record {
	unsigned int process;
	unsigned int thread;
	unsigned long long minor;
	unsigned long long major;
	unsigned long long cpu_ns;
};

#endif
