// SPDX-License-Identifier: GPL-2.0
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seqlock.h>

#include "task.h"

static void add_thread(struct fl_totals *totals, struct task_struct *thread)
{
	/* Pairs with the barriers in exit_mm() and exit_notify(): after its state says that it
	 * exited, a thread's fault counters do not change any more.
	 */
	if (!smp_load_acquire(&thread->exit_state))
		totals->dead = false;
	totals->minor += READ_ONCE(thread->min_flt);
	totals->major += READ_ONCE(thread->maj_flt);
	totals->cpu_ns += READ_ONCE(thread->se.sum_exec_runtime);
}

static void add_up(struct fl_totals *totals, struct signal_struct *sig)
{
	struct task_struct *thread;

	totals->minor = sig->min_flt;
	totals->major = sig->maj_flt;
	totals->cpu_ns = sig->sum_sched_runtime;
	totals->dead = true;
	__for_each_thread(sig, thread)
		add_thread(totals, thread);
}

void fl_task_read(struct task_struct *task, struct fl_totals *totals)
{
	/* The task holds a reference on it, also after release_task(). */
	struct signal_struct *sig = task->signal;
	unsigned long flags;
	unsigned int seq;

	/* A thread leaves the list and enters the sums of exited threads under stats_lock. */
	rcu_read_lock();
	seq = read_seqbegin(&sig->stats_lock);
	add_up(totals, sig);
	if (read_seqretry(&sig->stats_lock, seq)) {
		read_seqlock_excl_irqsave(&sig->stats_lock, flags);
		add_up(totals, sig);
		read_sequnlock_excl_irqrestore(&sig->stats_lock, flags);
	}
	rcu_read_unlock();
}
