/* SPDX-License-Identifier: GPL-2.0 */
/* Followed processes and threads: sets of them, and who of all sets a given process is. */
#ifndef FL_TARGET_H
#define FL_TARGET_H

#include <linux/hash.h>
#include <linux/jump_label_ratelimit.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/rculist.h>
#include <linux/refcount.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "compat.h"
#include "task.h"

struct file;
struct fl_target;
struct fl_targets;
struct mm_struct;
struct pid;
struct task_struct;

/* What happens to targets between two looks of their owner. Not all owners want to know. */
struct fl_targets_ops {
	/**
	 * @called: a target has just come onto the empty list of calls
	 *
	 * Any context, also with interrupts off and locks of the scheduler held.
	 */
	void (*called)(struct fl_targets *set);
	/**
	 * @forked: a target has forked a process, which has not run yet
	 *
	 * In an RCU read-side section of the parent; must not sleep.
	 */
	void (*forked)(struct fl_target *parent, struct task_struct *child);
	/**
	 * @executed: a target executes another program from now on
	 *
	 * In an RCU read-side section of that thread; must not sleep.
	 */
	void (*executed)(struct fl_target *target, struct task_struct *task);
};

/* Bits of fl_target.state. */
enum fl_target_bit {
	FL_TARGET_RAN,	     /* it may have run since it was last looked at */
	FL_TARGET_CALLS,     /* it is on the list of calls */
	FL_TARGET_UNCHECKED, /* whether it may be looked at has to be asked (again) */
	FL_TARGET_UNTOLD,    /* nobody was told yet that it is followed */
	FL_TARGET_GONE,	     /* it is in no set any more; who it was may be somebody else */
	FL_TARGET_ALONE,     /* it is one thread, not its process; never changes */
	FL_TARGET_BODILESS,  /* no memory of it is known */
	FL_TARGET_CROWD,     /* it had too many threads to be read with interrupts off */
};

/* Nobody is to see anything of these yet. */
#define FL_TARGET_SECRET (BIT(FL_TARGET_UNCHECKED) | BIT(FL_TARGET_UNTOLD))

/*
 * One that is followed. What it pins it pins as long as it is in a set. Its set holds a reference
 * on it, and so does the list of calls while it is on it. The list of those that ran, if the set
 * has one, holds its reference from the beginning, so that going there costs nothing: while
 * FL_TARGET_RAN is set, who empties the list will drop it.
 */
struct fl_target {
	struct list_head order;
	unsigned long state;	  /* enum fl_target_bit */
	struct task_struct *task; /* pinned: the leader, or the thread; keeps the counters readable
				   * after it is reaped */
	struct mm_struct *mm;	  /* pinned, not in use: its counters stay readable; or NULL */
	struct signal_struct *signal; /* of its process: who it is, also if its leader changes */
	struct fl_totals last;	      /* the set owner's to use, zero at first */
	bool inherits;		      /* what it forks is followed, too */
	u32 id;			      /* the set owner's to use */
	struct fl_group *group;	      /* what brought it, or NULL; the set owner's to use */

	struct fl_targets *set;
	struct pid *pid;	   /* pinned */
	struct task_struct *fresh; /* pinned: its leader since it executed a program, or NULL */
	struct hlist_node hash;
	struct llist_node ran;
	struct llist_node call;
	refcount_t refs;
	struct rcu_head rcu;
};

/*
 * A set. Its owner serialises all that takes targets out (a mutex: some of it sleeps). Targets may
 * be put in at any time: who walks along the order meets them or not.
 */
struct fl_targets {
	struct list_head order;
	raw_spinlock_t lock; /* order, count, closed */
	unsigned int count;
	unsigned int max;  /* that it takes */
	unsigned int gone; /* so many at most are on the list of those that ran but in no set */
	bool closed;
	bool lists_ran;			  /* those that ran are put onto the list */
	const struct fl_targets_ops *ops; /* or NULL */
	struct llist_head ran;
	struct llist_head calls;
};

/* With what serialises the owner's calls held. */
#define fl_targets_each(target, set) list_for_each_entry_rcu(target, &(set)->order, order, true)
#define fl_targets_each_safe(target, next, set) \
	list_for_each_entry_safe(target, next, &(set)->order, order)

/**
 * fl_targets_init - make an empty set
 * @set: the set
 * @max: how many it takes
 * @ops: what its owner wants to know, or NULL; then its targets always count as having run
 * @lists_ran: whether fl_targets_take_ran() will be called
 */
void fl_targets_init(struct fl_targets *set, unsigned int max, const struct fl_targets_ops *ops,
		     bool lists_ran);

/** fl_targets_close - remove all and take none any more; may sleep, waits for those who look */
void fl_targets_close(struct fl_targets *set);

/* What fl_targets_add() is to make of a process. */
struct fl_target_wish {
	bool alone; /* one thread, not its process */
	bool inherits;
	unsigned long state; /* bits to begin with */
	struct fl_group *group;
	u32 id;
};

/**
 * fl_targets_add - put a process or thread into the set, unless it is in
 * @set: the set
 * @task: the process's leader, or the thread; alive or in an RCU read-side section
 * @mm: its memory, if it cannot go away now; or NULL to have it found, if @gfp allows to sleep
 * @wish: what to make of it
 * @gfp: how to get memory
 *
 * Sleeps if @gfp or @wish->alone says so. Return: the target; or ERR_PTR: -EEXIST in the set;
 * -ENOMEM; -ENOSPC the set is full; -ESRCH it is reaped, or the set is closed.
 */
struct fl_target *fl_targets_add(struct fl_targets *set, struct task_struct *task,
				 struct mm_struct *mm, const struct fl_target_wish *wish,
				 gfp_t gfp);

/**
 * fl_targets_add_pid - find a process or thread, ask whether it may be followed, and add it
 * @set: the set
 * @nr: its PID as the caller's PID namespace numbers it
 * @file: what the request came through, for the permission rule
 * @wish: what to make of it
 *
 * May sleep. Return: the target; or ERR_PTR: -ESRCH no such process, or dead; -EEXIST in the set
 * already; -EPERM not the opener's to look at; -ENOMEM; -ENOSPC the set is full.
 */
struct fl_target *fl_targets_add_pid(struct fl_targets *set, int nr, const struct file *file,
				     const struct fl_target_wish *wish);

/**
 * fl_targets_find_pid - find a process in the set
 * @set: the set
 * @nr: its PID as the caller's PID namespace numbers it
 * @file: what the request came through, for the permission rule
 *
 * May sleep. Return: the target; or ERR_PTR: -ESRCH no such process; -ENOENT not in the set; -EPERM
 * not the opener's to look at.
 */
struct fl_target *fl_targets_find_pid(struct fl_targets *set, int nr, const struct file *file);

/** fl_targets_find - the target that is this process in this set, or NULL; in an RCU section */
struct fl_target *fl_targets_find(struct fl_targets *set, const struct signal_struct *signal);

/**
 * fl_targets_remove - take @target out of @set
 *
 * It is freed when it is on no list any more, maybe at once; what it pins is let go of now. May
 * sleep.
 */
void fl_targets_remove(struct fl_targets *set, struct fl_target *target);

/** fl_targets_begin_with - from now on @target is the first in the order */
void fl_targets_begin_with(struct fl_targets *set, struct fl_target *target);

/**
 * fl_targets_take_ran - empty the list of those that ran, the first first
 *
 * Each is to have its bit cleared or, if it is gone, its reference dropped.
 */
struct llist_node *fl_targets_take_ran(struct fl_targets *set);

/** fl_targets_take_calls - empty the list of calls; each needs an answer and a put */
struct llist_node *fl_targets_take_calls(struct fl_targets *set);

/** fl_target_answer - it is off the list of calls and may call again */
void fl_target_answer(struct fl_target *target);

/** fl_target_put - drop the reference that a list had; any context */
void fl_target_put(struct fl_target *target);

/** fl_target_ran - it ran, or will; any context, by RCU or a reference */
void fl_target_ran(struct fl_target *target);

/** fl_target_call - have its owner look at it soon; any context, by RCU or a reference */
void fl_target_call(struct fl_target *target);

/**
 * fl_target_set_fresh - another thread is its leader
 * @target: in an RCU read-side section
 * @task: the new leader, alive
 *
 * Does not sleep.
 */
void fl_target_set_fresh(struct fl_target *target, struct task_struct *task);

/** fl_target_take_fresh - make the new leader, if there is one, the target's task; may sleep */
void fl_target_take_fresh(struct fl_target *target);

/** fl_target_update_mm - pin the memory that the process has now; may sleep */
void fl_target_update_mm(struct fl_target *target);

static inline bool fl_target_is_alone(const struct fl_target *target)
{
	return test_bit(FL_TARGET_ALONE, &target->state);
}

/** fl_target_read - as fl_task_read() or, of a thread alone, fl_task_read_thread() */
static inline bool fl_target_read(const struct fl_target *target, struct fl_totals *totals)
{
	return fl_target_is_alone(target) ? fl_task_read_thread(target->task, totals)
					  : fl_task_read(target->signal, totals);
}

/** fl_target_is_over - as fl_task_is_over() or, of a thread alone, fl_task_thread_is_over() */
static inline bool fl_target_is_over(const struct fl_target *target)
{
	return fl_target_is_alone(target) ? fl_task_thread_is_over(target->task)
					  : fl_task_is_over(target->signal);
}

/** fl_target_count_pages - its pages in memory and in swap now; it has memory; any context */
static __always_inline void fl_target_count_pages(const struct fl_target *target, u64 *resident,
						  u64 *swapped)
{
	struct mm_struct *mm = target->mm;
	long in_memory = fl_mm_pages(mm, MM_FILEPAGES) + fl_mm_pages(mm, MM_ANONPAGES) +
			 fl_mm_pages(mm, MM_SHMEMPAGES);
	long in_swap = fl_mm_pages(mm, MM_SWAPENTS);

	/* Seldom, so a branch is cheaper than max(). */
	if (unlikely(in_memory < 0))
		in_memory = 0;
	if (unlikely(in_swap < 0))
		in_swap = 0;
	*resident = in_memory;
	*swapped = in_swap;
}

/* All targets of all sets: processes by their signal_struct, threads alone by their task_struct. */
#define FL_TARGETS_HASH_BITS 12
#define FL_TARGETS_BUCKETS   (1 << FL_TARGETS_HASH_BITS)
extern struct hlist_head fl_targets_processes[FL_TARGETS_BUCKETS];
extern struct hlist_head fl_targets_threads[FL_TARGETS_BUCKETS];
extern struct static_key_false_deferred fl_targets_have_threads; /* whether any are in it */

static inline struct hlist_head *fl_targets_process_bucket(const struct signal_struct *signal)
{
	return &fl_targets_processes[hash_ptr(signal, FL_TARGETS_HASH_BITS)];
}

static inline struct hlist_head *fl_targets_thread_bucket(const struct task_struct *thread)
{
	return &fl_targets_threads[hash_ptr(thread, FL_TARGETS_HASH_BITS)];
}

/* Each target, of whatever set, that is this process. In an RCU read-side section. */
#define fl_targets_each_of(target, _signal)                                          \
	hlist_for_each_entry_rcu_notrace(target, fl_targets_process_bucket(_signal), \
					 hash) if ((target)->signal != (_signal))    \
	{                                                                            \
	}                                                                            \
	else

/* Each target, of whatever set, that is this thread alone. In an RCU read-side section. */
#define fl_targets_each_of_thread(target, thread)                                  \
	hlist_for_each_entry_rcu_notrace(target, fl_targets_thread_bucket(thread), \
					 hash) if ((target)->task != (thread))     \
	{                                                                          \
	}                                                                          \
	else

#endif
