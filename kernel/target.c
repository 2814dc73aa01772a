// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "access.h"
#include "target.h"

struct hlist_head fl_targets_processes[FL_TARGETS_BUCKETS];
struct hlist_head fl_targets_threads[FL_TARGETS_BUCKETS];
DEFINE_STATIC_KEY_DEFERRED_FALSE(fl_targets_have_threads, 10 * HZ);

/* The chains; taken inside of a set's lock. */
static DEFINE_RAW_SPINLOCK(hash_lock);

void fl_targets_init(struct fl_targets *set, unsigned int max, const struct fl_targets_ops *ops,
		     bool lists_ran)
{
	INIT_LIST_HEAD(&set->order);
	raw_spin_lock_init(&set->lock);
	set->count = 0;
	set->gone = 0;
	set->max = max;
	set->closed = false;
	set->lists_ran = lists_ran;
	set->ops = ops;
	init_llist_head(&set->ran);
	init_llist_head(&set->calls);
}

void fl_targets_close(struct fl_targets *set)
{
	struct fl_target *target, *next;
	unsigned long flags;

	raw_spin_lock_irqsave(&set->lock, flags);
	set->closed = true;
	raw_spin_unlock_irqrestore(&set->lock, flags);
	fl_targets_each_safe(target, next, set)
		fl_targets_remove(set, target);
	/* Whoever found one before it was removed may yet put it onto a list. */
	synchronize_rcu();
	llist_for_each_entry_safe(target, next, fl_targets_take_ran(set), ran)
		fl_target_put(target);
	llist_for_each_entry_safe(target, next, fl_targets_take_calls(set), call)
		fl_target_put(target);
}

struct fl_target *fl_targets_find(struct fl_targets *set, const struct signal_struct *signal)
{
	struct fl_target *target;

	fl_targets_each_of(target, signal)
	{
		if (target->set == set)
			return target;
	}
	return NULL;
}

/* The process of @task or, if it is to be @alone, that thread. */
static struct fl_target *find(struct fl_targets *set, const struct task_struct *task, bool alone)
{
	struct fl_target *target;

	if (!alone)
		return fl_targets_find(set, task->signal);
	fl_targets_each_of_thread(target, task)
	{
		if (target->set == set)
			return target;
	}
	return NULL;
}

static void hash(struct fl_target *target)
{
	raw_spin_lock(&hash_lock);
	if (fl_target_is_alone(target))
		hlist_add_head_rcu(&target->hash, fl_targets_thread_bucket(target->task));
	else
		hlist_add_head_rcu(&target->hash, fl_targets_process_bucket(target->signal));
	raw_spin_unlock(&hash_lock);
}

static void unhash(struct fl_target *target)
{
	raw_spin_lock(&hash_lock);
	hlist_del_rcu(&target->hash);
	raw_spin_unlock(&hash_lock);
}

/* Puts it in unless it, or the same process or thread, is in. */
static int insert(struct fl_targets *set, struct fl_target *target)
{
	unsigned long flags;
	int err = 0;

	raw_spin_lock_irqsave(&set->lock, flags);
	if (set->closed) {
		err = -ESRCH;
	} else if (find(set, target->task, fl_target_is_alone(target))) {
		err = -EEXIST;
	} else if (set->count >= set->max) {
		err = -ENOSPC;
	} else {
		list_add_tail_rcu(&target->order, &set->order);
		WRITE_ONCE(set->count, set->count + 1);
		hash(target);
	}
	raw_spin_unlock_irqrestore(&set->lock, flags);
	return err;
}

static void drop_fresh(struct fl_target *target)
{
	struct task_struct *fresh = xchg(&target->fresh, NULL);

	if (fresh)
		put_task_struct(fresh);
}

static void unpin(struct fl_target *target)
{
	if (fl_target_is_alone(target))
		static_branch_slow_dec_deferred(&fl_targets_have_threads);
	if (target->mm)
		mmdrop(target->mm);
	drop_fresh(target);
	put_task_struct(target->task);
	put_pid(target->pid);
}

struct fl_target *fl_targets_add(struct fl_targets *set, struct task_struct *task,
				 struct mm_struct *mm, const struct fl_target_wish *wish, gfp_t gfp)
{
	struct fl_target *target;
	int err;

	target = kzalloc(sizeof(*target), gfp);
	if (!target)
		return ERR_PTR(-ENOMEM);
	target->pid = get_task_pid(task, wish->alone ? PIDTYPE_PID : PIDTYPE_TGID);
	if (!target->pid) {
		kfree(target);
		return ERR_PTR(-ESRCH);
	}
	target->set = set;
	target->signal = task->signal;
	target->task = get_task_struct(task);
	target->state = wish->state | (wish->alone ? BIT(FL_TARGET_ALONE) : 0);
	target->inherits = wish->inherits;
	target->group = wish->group;
	target->id = wish->id;
	refcount_set(&target->refs, set->lists_ran ? 2 : 1);
	if (mm)
		mmgrab(mm);
	target->mm = mm;
	if (!mm)
		set_bit(FL_TARGET_BODILESS, &target->state);
	if (!mm && gfpflags_allow_blocking(gfp))
		fl_target_update_mm(target);
	/* Before it can be found. */
	if (wish->alone)
		static_branch_inc(&fl_targets_have_threads.key);
	err = insert(set, target);
	if (!err) {
		fl_target_ran(target);
		return target;
	}
	unpin(target);
	kfree(target);
	return ERR_PTR(err);
}

/* The process (not thread), or the thread, called nr, with a reference; or -ESRCH. */
static struct task_struct *get_task_called(int nr, bool alone)
{
	struct pid *pid = find_get_pid(nr);
	struct task_struct *task = get_pid_task(pid, alone ? PIDTYPE_PID : PIDTYPE_TGID);

	put_pid(pid);
	return task ?: ERR_PTR(-ESRCH);
}

static bool is_in(struct fl_targets *set, struct task_struct *task, bool alone)
{
	bool in;

	rcu_read_lock();
	in = find(set, task, alone);
	rcu_read_unlock();
	return in;
}

static bool is_over(struct task_struct *task, bool alone)
{
	return alone ? fl_task_thread_is_over(task) : fl_task_is_over(task->signal);
}

struct fl_target *fl_targets_add_pid(struct fl_targets *set, int nr, const struct file *file,
				     const struct fl_target_wish *wish)
{
	struct task_struct *task = get_task_called(nr, wish->alone);
	struct fl_target *target;
	int err;

	if (IS_ERR(task))
		return ERR_CAST(task);
	err = fl_access_check(file, task);
	if (!err && is_in(set, task, wish->alone))
		err = -EEXIST;
	if (!err && is_over(task, wish->alone))
		err = -ESRCH;
	target = err ? ERR_PTR(err) : fl_targets_add(set, task, NULL, wish, GFP_KERNEL_ACCOUNT);
	put_task_struct(task);
	return target;
}

struct fl_target *fl_targets_find_pid(struct fl_targets *set, int nr, const struct file *file)
{
	struct task_struct *task = get_task_called(nr, false);
	struct fl_target *target;
	int err;

	if (IS_ERR(task))
		return ERR_CAST(task);
	rcu_read_lock();
	target = fl_targets_find(set, task->signal);
	rcu_read_unlock();
	err = fl_access_check(file, task);
	if (!err && !target)
		err = -ENOENT;
	put_task_struct(task);
	return err ? ERR_PTR(err) : target;
}

/* That many may wait on the list of those that ran for a pass to find them gone. */
#define GONE_MAX 1024

static void purge_ran(struct fl_targets *set)
{
	struct fl_target *target, *next;

	set->gone = 0;
	llist_for_each_entry_safe(target, next, fl_targets_take_ran(set), ran)
	{
		if (test_bit(FL_TARGET_GONE, &target->state))
			fl_target_put(target);
		else
			llist_add(&target->ran, &set->ran);
	}
}

/* With the bit it is on the list, or will be in a moment; without, it never will be again. */
static void leave_ran(struct fl_targets *set, struct fl_target *target)
{
	if (!test_and_set_bit(FL_TARGET_RAN, &target->state))
		fl_target_put(target);
	else if (++set->gone >= GONE_MAX)
		purge_ran(set);
}

void fl_targets_remove(struct fl_targets *set, struct fl_target *target)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&set->lock, flags);
	list_del_rcu(&target->order);
	WRITE_ONCE(set->count, set->count - 1);
	unhash(target);
	raw_spin_unlock_irqrestore(&set->lock, flags);
	set_bit(FL_TARGET_GONE, &target->state);
	unpin(target);
	if (set->lists_ran)
		leave_ran(set, target);
	fl_target_put(target);
}

void fl_targets_begin_with(struct fl_targets *set, struct fl_target *target)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&set->lock, flags);
	list_rotate_to_front(&target->order, &set->order);
	raw_spin_unlock_irqrestore(&set->lock, flags);
}

struct llist_node *fl_targets_take_ran(struct fl_targets *set)
{
	return llist_reverse_order(llist_del_all(&set->ran));
}

struct llist_node *fl_targets_take_calls(struct fl_targets *set)
{
	return llist_reverse_order(llist_del_all(&set->calls));
}

void fl_target_answer(struct fl_target *target)
{
	clear_bit(FL_TARGET_CALLS, &target->state);
	/* What the caller looks at next is not older than the call. */
	smp_mb__after_atomic();
}

void fl_target_put(struct fl_target *target)
{
	if (refcount_dec_and_test(&target->refs))
		kfree_rcu(target, rcu);
}

void fl_target_ran(struct fl_target *target)
{
	if (test_bit(FL_TARGET_RAN, &target->state) ||
	    test_and_set_bit(FL_TARGET_RAN, &target->state))
		return;
	if (target->set->lists_ran)
		llist_add(&target->ran, &target->set->ran);
}

void fl_target_call(struct fl_target *target)
{
	struct fl_targets *set = target->set;

	if (!set->ops || test_and_set_bit(FL_TARGET_CALLS, &target->state))
		return;
	if (refcount_inc_not_zero(&target->refs) && llist_add(&target->call, &set->calls))
		set->ops->called(set);
}

void fl_target_set_fresh(struct fl_target *target, struct task_struct *task)
{
	struct task_struct *old = xchg(&target->fresh, get_task_struct(task));

	if (old)
		put_task_struct(old);
	/* If it goes meanwhile, one of us sees what the other did. */
	if (test_bit(FL_TARGET_GONE, &target->state))
		drop_fresh(target);
}

void fl_target_take_fresh(struct fl_target *target)
{
	struct task_struct *fresh = xchg(&target->fresh, NULL), *old = target->task;

	if (!fresh)
		return;
	WRITE_ONCE(target->task, fresh);
	put_task_struct(old);
}

void fl_target_update_mm(struct fl_target *target)
{
	struct mm_struct *mm = fl_task_get_mm(target->task);

	if (!mm)
		return;
	mmgrab(mm);
	/* Not mmput(): tearing down what a dying process leaves is not for us to wait for. */
	mmput_async(mm);
	swap(mm, target->mm);
	clear_bit(FL_TARGET_BODILESS, &target->state);
	if (mm)
		mmdrop(mm);
}
