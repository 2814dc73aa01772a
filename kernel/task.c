// SPDX-License-Identifier: GPL-2.0
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>

#include "runtime.h"
#include "task.h"

static bool add_thread(struct fl_totals *totals, const struct task_struct *thread)
{
	bool runs = fl_task_may_run(thread);

	totals->minor += READ_ONCE(thread->min_flt);
	totals->major += READ_ONCE(thread->maj_flt);
	totals->cpu_ns += fl_runtime_read(thread);
	totals->system_ns += READ_ONCE(thread->stime);
	totals->voluntary += READ_ONCE(thread->nvcsw);
	totals->involuntary += READ_ONCE(thread->nivcsw);
	return runs;
}

static bool add_up(struct fl_totals *totals, const struct signal_struct *sig)
{
	struct task_struct *thread;
	bool runs = false;

	*totals = fl_task_exited(sig);
	__for_each_thread(sig, thread)
		runs |= add_thread(totals, thread);
	return runs;
}

static bool read_locked(const struct signal_struct *sig, struct fl_totals *totals)
{
	seqlock_t *lock = (seqlock_t *)&sig->stats_lock;
	unsigned long flags;
	bool runs;

	read_seqlock_excl_irqsave(lock, flags);
	runs = add_up(totals, sig);
	read_sequnlock_excl_irqrestore(lock, flags);
	return runs;
}

bool fl_task_read(const struct signal_struct *sig, struct fl_totals *totals)
{
	unsigned int seq;
	bool runs;

	rcu_read_lock();
	seq = read_seqbegin(&sig->stats_lock);
	runs = add_up(totals, sig);
	if (read_seqretry(&sig->stats_lock, seq))
		runs = read_locked(sig, totals);
	rcu_read_unlock();
	return runs;
}

bool fl_task_read_thread(const struct task_struct *thread, struct fl_totals *totals)
{
	*totals = (struct fl_totals){};
	return add_thread(totals, thread);
}

/*
 * Pairs with the barriers in exit_mm() and exit_notify(): after its state says that it exited, a
 * thread's fault counters do not change any more. When it is off the queue it will never run again,
 * but its last switch is yet to be counted: that takes a moment, which the scheduler, too, waits
 * for like this.
 */
bool fl_task_thread_is_over(const struct task_struct *thread)
{
	if (!smp_load_acquire(&thread->exit_state) || smp_load_acquire(&thread->on_rq))
		return false;
	smp_cond_load_acquire(&thread->on_cpu, !VAL);
	return true;
}

bool fl_task_is_over(const struct signal_struct *sig)
{
	struct task_struct *thread;
	bool over = true;

	if (atomic_read(&sig->live))
		return false;
	rcu_read_lock();
	__for_each_thread(sig, thread)
		over = over && fl_task_thread_is_over(thread);
	rcu_read_unlock();
	return over;
}

int fl_task_status(const struct task_struct *leader)
{
	const struct signal_struct *sig = leader->signal;

	return sig->flags & SIGNAL_GROUP_EXIT ? sig->group_exit_code : leader->exit_code;
}

/* Of any thread that has it still: a leader may have exited before the others. */
struct mm_struct *fl_task_get_mm(struct task_struct *task)
{
	struct mm_struct *mm = NULL;
	struct task_struct *thread;

	rcu_read_lock();
	__for_each_thread(task->signal, thread) {
		mm = get_task_mm(thread);
		if (mm)
			break;
	}
	rcu_read_unlock();
	return mm;
}
