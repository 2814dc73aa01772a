/* SPDX-License-Identifier: GPL-2.0 */
/* The CPU time of a thread up to this moment, also while it is on a CPU. */
#ifndef FL_RUNTIME_H
#define FL_RUNTIME_H

#include <linux/kconfig.h>
#include <linux/types.h>

struct task_struct;

/**
 * fl_runtime_read - nanoseconds that a thread was on CPUs since its birth
 * @thread: the caller holds a reference or is in an RCU read-side section
 *
 * The scheduler brings its account of a running thread up to date at its ticks and when the thread
 * leaves the CPU; what is not in it yet is added here, by the same clock. Where the kernel takes
 * interrupts' or a hypervisor's time out of that clock, how far it is behind is known of a CPU from
 * fl_runtime_switched_in() on; before that nothing is added.
 *
 * Any context. Two readings of a running thread may differ by less than the time between them, also
 * backwards by some nanoseconds: who promises more has to keep the one before.
 */
u64 fl_runtime_read(const struct task_struct *thread);

/* Does the scheduler's clock stand still while an interrupt or another guest has the CPU? */
#define FL_RUNTIME_CLOCK_STOPS \
	(IS_ENABLED(CONFIG_IRQ_TIME_ACCOUNTING) || IS_ENABLED(CONFIG_PARAVIRT_TIME_ACCOUNTING))

/**
 * fl_runtime_switched_in - a thread has just been given this CPU
 * @next: that thread
 *
 * Called at context switches, with interrupts off; needed only if FL_RUNTIME_CLOCK_STOPS.
 */
void fl_runtime_switched_in(const struct task_struct *next);

#endif
