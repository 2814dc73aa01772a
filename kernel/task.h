/* SPDX-License-Identifier: GPL-2.0 */
/* One process -> its totals. */
#ifndef FL_TASK_H
#define FL_TASK_H

#include <linux/types.h>

struct task_struct;

/* Since the birth of the process, over all its threads, those that exited included. */
struct fl_totals {
	u64 minor;  /* faults served without I/O, in user and in kernel mode */
	u64 major;  /* faults that waited for I/O */
	u64 cpu_ns; /* user + system, as the scheduler accounts it; of a thread that is on a CPU at
		     * this moment, up to its last tick */
	bool dead;  /* no thread is left that could add a fault: the faults are final */
};

/**
 * fl_task_read - the totals of a process
 * @task: any thread of it, alive, dead or reaped; the caller holds a reference
 * @totals: filled
 *
 * One consistent reading: a thread that exits meanwhile is counted once, so totals of the same
 * process never go back. The faults are those that wait4(2) reports for it, without its children's.
 *
 * Any context; takes the process's stats_lock if threads keep exiting during the reading.
 */
void fl_task_read(struct task_struct *task, struct fl_totals *totals);

#endif
