// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) "faultline: " fmt

#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "group.h"
#include "runtime.h"
#include "target.h"
#include "watch.h"

struct cgroup;
struct linux_binprm;

/*
 * A thread that is over is switched out for the last time: later than that nothing can happen to
 * its totals, earlier it can.
 */
static void thread_is_over(struct task_struct *thread)
{
	struct fl_target *target;

	if (!atomic_read(&thread->signal->live)) {
		fl_targets_each_of(target, thread->signal) fl_target_call(target);
	}
	fl_targets_each_of_thread(target, thread) fl_target_call(target);
}

static noinline void look_closely(struct task_struct *prev, struct task_struct *next)
{
	struct fl_target *target;

	fl_runtime_switched_in(next);
	fl_targets_each_of(target, next->signal) fl_target_ran(target);
	fl_targets_each_of_thread(target, next) fl_target_ran(target);
	if (fl_task_state(prev) == TASK_DEAD)
		thread_is_over(prev);
}

/* A few instructions for every context switch of the machine: whether there is more to do. */
static __always_inline bool is_dull(const struct task_struct *prev, const struct task_struct *next)
{
	struct hlist_node *first = READ_ONCE(fl_targets_process_bucket(next->signal)->first);
	struct fl_target *target;

	if (unlikely(fl_task_state(prev) == TASK_DEAD))
		return false;
	if (static_branch_unlikely(&fl_targets_have_threads.key) &&
	    READ_ONCE(fl_targets_thread_bucket(next)->first))
		return false;
	if (likely(!first))
		return true;
	target = hlist_entry(first, struct fl_target, hash);
	return !FL_RUNTIME_CLOCK_STOPS && target->signal == next->signal &&
	       test_bit(FL_TARGET_RAN, &target->state) && !READ_ONCE(first->next);
}

/* With the lock of a run queue held and interrupts off, which RCU takes for a read-side section. */
static FL_SWITCH_PROBE(on_switch, prev, next)
{
	if (unlikely(!is_dull(prev, next)))
		look_closely(prev, next);
}

static void on_fork(void *unused, struct task_struct *parent, struct task_struct *child)
{
	struct fl_target *target;

	if (child->signal == parent->signal)
		return;
	rcu_read_lock();
	fl_targets_each_of(target, parent->signal)
	{
		if (target->inherits && !test_bit(FL_TARGET_GONE, &target->state))
			target->set->ops->forked(target, child);
	}
	fl_group_tell(child, parent);
	rcu_read_unlock();
}

static void on_exec(void *unused, struct task_struct *task, pid_t old, struct linux_binprm *bprm)
{
	struct fl_target *target;

	rcu_read_lock();
	fl_targets_each_of(target, task->signal)
	{
		if (target->set->ops && !test_bit(FL_TARGET_GONE, &target->state))
			target->set->ops->executed(target, task);
	}
	fl_targets_each_of_thread(target, task) target->set->ops->executed(target, task);
	rcu_read_unlock();
}

/* Of a hierarchy of v1 as well: that is for those who are told to find out. */
static void on_attach(void *unused, struct cgroup *to, const char *path, struct task_struct *task,
		      bool whole)
{
	struct fl_target *target;

	rcu_read_lock();
	fl_targets_each_of(target, task->signal)
	{
		if (target->group)
			fl_target_call(target);
	}
	/* One that is dying does not move, and its leader may be gone. */
	if (pid_alive(task))
		fl_group_tell(task->group_leader, NULL);
	rcu_read_unlock();
}

static struct watched {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;
} watched[] = {
	{ "sched_switch", on_switch },
	{ "sched_process_fork", on_fork },
	{ "sched_process_exec", on_exec },
	{ "cgroup_attach_task", on_attach },
};

#define LINGER (10 * HZ)

static DEFINE_MUTEX(watch_lock); /* watchers, registered */
static unsigned int watchers;
static bool registered;

static void take_if_watched(struct tracepoint *tracepoint, void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(watched); i++)
		if (!strcmp(tracepoint->name, watched[i].name))
			watched[i].tracepoint = tracepoint;
}

int fl_watch_find(void)
{
	unsigned int i;

	for_each_kernel_tracepoint(take_if_watched, NULL);
	for (i = 0; i < ARRAY_SIZE(watched); i++) {
		if (!watched[i].tracepoint) {
			pr_err("this kernel has no tracepoint %s: sessions need it\n",
			       watched[i].name);
			return -ENOENT;
		}
	}
	return 0;
}

static void unregister(unsigned int count)
{
	while (count--)
		tracepoint_probe_unregister(watched[count].tracepoint, watched[count].probe, NULL);
	tracepoint_synchronize_unregister();
}

static int register_all(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(watched); i++) {
		err = tracepoint_probe_register(watched[i].tracepoint, watched[i].probe, NULL);
		if (err) {
			unregister(i);
			return err;
		}
	}
	return 0;
}

int fl_watch_start(void)
{
	int err = 0;

	mutex_lock(&watch_lock);
	if (!registered)
		err = register_all();
	if (!err) {
		registered = true;
		watchers++;
	}
	mutex_unlock(&watch_lock);
	return err;
}

static void unregister_if_unused(struct work_struct *unused)
{
	mutex_lock(&watch_lock);
	if (!watchers && registered) {
		unregister(ARRAY_SIZE(watched));
		registered = false;
	}
	mutex_unlock(&watch_lock);
}

static DECLARE_DELAYED_WORK(lingering, unregister_if_unused);

void fl_watch_stop(void)
{
	mutex_lock(&watch_lock);
	if (!--watchers)
		mod_delayed_work(system_wq, &lingering, LINGER);
	mutex_unlock(&watch_lock);
}

void fl_watch_leave(void)
{
	cancel_delayed_work_sync(&lingering);
	unregister_if_unused(NULL);
	static_key_deferred_flush(&fl_targets_have_threads);
}
