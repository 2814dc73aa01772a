// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/time64.h>

#include "runtime.h"

/* A thread that is alone on its CPU has its account brought up to date once a second at least. */
#define AHEAD_MAX_NS NSEC_PER_SEC

/* How far the scheduler's clock of a CPU is behind sched_clock_cpu(), if it stops at times. */
static DEFINE_PER_CPU(u64, behind_ns);

/* What the scheduler has not yet added to the account of a thread that is on a CPU. */
static u64 ahead(const struct task_struct *thread)
{
	unsigned int cpu = task_cpu(thread);
	u64 now = sched_clock_cpu(cpu);
	s64 ns;

	if (FL_RUNTIME_CLOCK_STOPS) {
		u64 behind = READ_ONCE(per_cpu(behind_ns, cpu));

		if (!behind)
			return 0;
		now -= behind;
	}
	ns = now - READ_ONCE(thread->se.exec_start);
	return clamp_t(s64, ns, 0, AHEAD_MAX_NS);
}

/* Not any more when it is off the queue, on its way off the CPU: then its account is closed. */
static bool is_running(const struct task_struct *thread)
{
	return smp_load_acquire(&thread->on_cpu) && smp_load_acquire(&thread->on_rq);
}

u64 fl_runtime_read(const struct task_struct *thread)
{
	u64 sum = READ_ONCE(thread->se.sum_exec_runtime), again, more;
	int tries;

	/* The scheduler moves exec_start first, then adds to the sum. */
	for (tries = 0; tries < 3; tries++) {
		if (!is_running(thread))
			return READ_ONCE(thread->se.sum_exec_runtime);
		more = ahead(thread);
		smp_rmb();
		again = READ_ONCE(thread->se.sum_exec_runtime);
		if (again == sum && is_running(thread))
			return sum + more;
		sum = again;
	}
	return sum;
}

void fl_runtime_switched_in(const struct task_struct *next)
{
	if (FL_RUNTIME_CLOCK_STOPS)
		this_cpu_write(behind_ns,
			       sched_clock_cpu(smp_processor_id()) - next->se.exec_start);
}
