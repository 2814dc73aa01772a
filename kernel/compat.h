/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels. The only file that may ask what a kernel has: everything else is
 * written for one kernel, the newest way. HAVE_NAME says that probe/name.c compiles.
 */
#ifndef FL_COMPAT_H
#define FL_COMPAT_H

#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>

#include <have.h> /* made by Kbuild from probe/ */

/*
 * fl_get_undumpable_ns - the user namespace in which one must be privileged to look at a process
 * that not even its owner may dump, with a reference; NULL if he may. May sleep.
 */
#ifdef HAVE_EXEC_STATE
#include <linux/sched/exec_state.h>

static inline struct user_namespace *fl_get_undumpable_ns(struct task_struct *task)
{
	const struct task_exec_state *state;
	struct user_namespace *ns = NULL;

	rcu_read_lock();
	state = rcu_dereference(task->exec_state);
	if (state && READ_ONCE(state->dumpable) != TASK_DUMPABLE_OWNER)
		ns = get_user_ns(state->user_ns);
	rcu_read_unlock();
	return ns;
}
#else
/* Of any thread that has it still: a leader may have exited before the others. */
static inline struct mm_struct *fl_get_process_mm(struct task_struct *task)
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

static inline struct user_namespace *fl_get_undumpable_ns(struct task_struct *task)
{
	struct mm_struct *mm = fl_get_process_mm(task);
	struct user_namespace *ns = NULL;

	if (!mm)
		return NULL;
	if (get_dumpable(mm) != SUID_DUMP_USER)
		ns = get_user_ns(mm->user_ns);
	/* Not mmput(): tearing down what a dying process leaves is not for our lock to wait for. */
	mmput_async(mm);
	return ns;
}
#endif

#endif
