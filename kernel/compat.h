/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels. The only file that may ask what a kernel has: everything else is
 * written for one kernel, the newest way. HAVE_NAME says that probe/name.c compiles.
 */
#ifndef FL_COMPAT_H
#define FL_COMPAT_H

#include <linux/mm.h>
#include <linux/percpu_counter.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>

#include <have.h> /* made by Kbuild from probe/ */

/*
 * fl_get_undumpable_ns - the user namespace in which one must be privileged to look at a process
 * that not even its owner may dump, with a reference; NULL if he may. @mm is its memory, or NULL.
 */
#ifdef HAVE_EXEC_STATE
#include <linux/sched/exec_state.h>

static inline struct user_namespace *fl_get_undumpable_ns(struct task_struct *task,
							  struct mm_struct *mm)
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
static inline struct user_namespace *fl_get_undumpable_ns(struct task_struct *task,
							  struct mm_struct *mm)
{
	return mm && get_dumpable(mm) != SUID_DUMP_USER ? get_user_ns(mm->user_ns) : NULL;
}
#endif

/* FL_GFP_MAPPED - for pages to be mapped: charged to the memory cgroup where such can be mapped */
#ifdef HAVE_PAGE_KMEMCG
#define FL_GFP_MAPPED GFP_KERNEL
#else
#define FL_GFP_MAPPED GFP_KERNEL_ACCOUNT
#endif

/* fl_vma_protect - a mapping that is only for reading, for good, and in no core dump */
static inline void fl_vma_protect(struct vm_area_struct *vma)
{
#ifdef HAVE_VMA_FLAGS
	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP, VM_MAYWRITE | VM_MAYEXEC);
#else
	vma->vm_flags |= VM_DONTEXPAND | VM_DONTDUMP;
	vma->vm_flags &= ~(VM_MAYWRITE | VM_MAYEXEC);
#endif
}

/*
 * fl_mm_pages - one of the kernel's counters of the pages of a process, without what its CPUs or
 * threads keep for later; may be below zero for that
 */
static inline long fl_mm_pages(struct mm_struct *mm, int which)
{
#ifdef HAVE_RSS_PERCPU
	return data_race(mm->rss_stat[which].count);
#else
	return data_race(mm->rss_stat.count[which].counter);
#endif
}

/* fl_task_state - TASK_RUNNING and so on; any context */
static inline unsigned int fl_task_state(const struct task_struct *task)
{
#ifdef HAVE_TASK_STATE
	return READ_ONCE(task->__state);
#else
	return READ_ONCE(task->state);
#endif
}

/* FL_SWITCH_PROBE - begins the function that is called at context switches, with @prev and @next */
#ifdef HAVE_SWITCH_STATE
#define FL_SWITCH_PROBE(name, prev, next)                                                         \
	void name(void *unused, bool preempt, struct task_struct *prev, struct task_struct *next, \
		  unsigned int prev_state)
#else
#define FL_SWITCH_PROBE(name, prev, next) \
	void name(void *unused, bool preempt, struct task_struct *prev, struct task_struct *next)
#endif

#endif
