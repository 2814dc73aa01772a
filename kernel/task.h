/* SPDX-License-Identifier: GPL-2.0 */
/* One process, or one thread -> its totals. */
#ifndef FL_TASK_H
#define FL_TASK_H

#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seqlock.h>
#include <linux/types.h>

struct mm_struct;

/* Since the birth of the process, over all its threads, those that exited included. */
struct fl_totals {
	u64 minor;	 /* faults served without I/O, in user and in kernel mode */
	u64 major;	 /* faults that waited for I/O */
	u64 cpu_ns;	 /* user + system, as the scheduler accounts it */
	u64 system_ns;	 /* system, as the kernel's ticks found it: may be more than cpu_ns */
	u64 voluntary;	 /* context switches of its own will */
	u64 involuntary; /* other context switches */
};

/**
 * fl_task_read - the totals of a process
 * @sig: of the process, alive, dead or reaped; a reference on one of its threads keeps it
 * @totals: filled
 *
 * One consistent reading: a thread that exits meanwhile is counted once, so faults and switches of
 * the same process never go back. The faults are those that wait4(2) reports for it, without its
 * children's. CPU time is up to this moment; of a thread that is on a CPU, two readings may differ
 * by some nanoseconds backwards.
 *
 * Any context; takes the process's stats_lock if threads keep exiting during the reading.
 *
 * Return: whether a thread runs or is about to: a later reading may say more though nothing was
 * switched in meanwhile.
 */
bool fl_task_read(const struct signal_struct *sig, struct fl_totals *totals);

/** fl_task_read_thread - the same of one thread alone */
bool fl_task_read_thread(const struct task_struct *thread, struct fl_totals *totals);

/* The share of exited threads: a thread enters it, and leaves the list, under stats_lock. */
static __always_inline struct fl_totals fl_task_exited(const struct signal_struct *sig)
{
	return (struct fl_totals){
		.minor = sig->min_flt,
		.major = sig->maj_flt,
		.cpu_ns = sig->sum_sched_runtime,
		.system_ns = sig->stime,
		.voluntary = sig->nvcsw,
		.involuntary = sig->nivcsw,
	};
}

/*
 * Before it is switched in a thread is on a queue, until it is switched out it is on a CPU: one of
 * both is seen of whoever runs. To be asked before the counters are read, so that no is final.
 */
static __always_inline bool fl_task_may_run(const struct task_struct *thread)
{
	int queued = READ_ONCE(thread->on_rq);

	smp_rmb();
	return smp_load_acquire(&thread->on_cpu) | queued;
}

/**
 * fl_task_read_still - the same of a process of which no thread runs
 * @sig: as fl_task_read()
 * @totals: filled
 * @ask: whether that has to be found out; else it is known
 *
 * What the scheduler has of it is up to date. In here, and with little in it, because a pass may
 * read thousands of processes a thousand times a second: each line of the loop is one instruction.
 * In an RCU read-side section.
 *
 * Return: false if a thread exited meanwhile, or runs or is about to: then use fl_task_read().
 */
static __always_inline bool fl_task_read_still(const struct signal_struct *sig,
					       struct fl_totals *totals, bool ask)
{
	unsigned int seq = read_seqbegin(&sig->stats_lock);
	const struct task_struct *thread;
	const struct list_head *node;
	bool runs = false;

	*totals = fl_task_exited(sig);
	for (node = READ_ONCE(sig->thread_head.next); node != &sig->thread_head;
	     node = READ_ONCE(node->next)) {
		thread = list_entry(node, struct task_struct, thread_node);
		runs |= ask && fl_task_may_run(thread);
		totals->minor += data_race(thread->min_flt);
		totals->major += data_race(thread->maj_flt);
		totals->cpu_ns += data_race(thread->se.sum_exec_runtime);
		totals->system_ns += data_race(thread->stime);
		totals->voluntary += data_race(thread->nvcsw);
		totals->involuntary += data_race(thread->nivcsw);
	}
	return !read_seqretry(&sig->stats_lock, seq) && !runs;
}

/**
 * fl_task_is_over - can nothing be added to the totals of a process any more?
 * @sig: as fl_task_read()
 *
 * A reading after this said so is final. Where a thread of it cannot be what was interrupted.
 */
bool fl_task_is_over(const struct signal_struct *sig);

/** fl_task_thread_is_over - the same of one thread alone */
bool fl_task_thread_is_over(const struct task_struct *thread);

/**
 * fl_task_status - how a process ended, as wait4(2) tells
 * @leader: its leader; it is over
 */
int fl_task_status(const struct task_struct *leader);

/**
 * fl_task_get_mm - the memory of a process, in use
 * @task: any thread of it; the caller holds a reference
 *
 * Does not sleep. Return: it goes back with mmput_async(), as tearing down what a dying process
 * leaves is not for us to wait for; NULL if the process has none.
 */
struct mm_struct *fl_task_get_mm(struct task_struct *task);

#endif
