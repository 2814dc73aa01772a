// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "access.h"
#include "follow.h"
#include "session.h"

static struct fl_session *session_of(struct fl_targets *set)
{
	return container_of(set, struct fl_session, targets);
}

/* Where no lock of a run queue is held; wakes readers by way of the sampler. */
static void wake_soon(struct fl_session *session)
{
	if (wq_has_sleeper(&session->wait))
		irq_work_queue(&session->kick);
}

static void tell_join(struct fl_session *session, struct fl_target *target, u16 type, u32 parent)
{
	struct task_struct *task = target->task;
	struct fl_join *join;
	unsigned long flags;

	fl_ring_lock(&session->ring, flags);
	join = fl_ring_reserve(&session->ring, type, sizeof(*join), ktime_get_mono_fast_ns());
	if (join) {
		join->target = target->id;
		join->parent = parent;
		join->pid = task_tgid_nr_ns(task, session->ns);
		join->tid = fl_target_is_alone(target) ? task_pid_nr_ns(task, session->ns) : 0;
		join->birth_ns = task->start_time;
		strscpy_pad(join->comm, task->comm, sizeof(join->comm));
	}
	fl_ring_unlock(&session->ring, flags);
}

static void tell_target(struct fl_session *session, struct fl_target *target)
{
	tell_join(session, target, FL_RECORD_TARGET, target->group ? target->group->id : 0);
}

static void tell_unfollowed(struct fl_session *session)
{
	struct fl_header *header = session->mapping.header;
	unsigned long flags;

	fl_ring_lock(&session->ring, flags);
	fl_ring_add_unfollowed(&session->ring);
	WRITE_ONCE(header->unfollowed, header->unfollowed + 1);
	fl_ring_unlock(&session->ring, flags);
}

/* NULL if it is in already, or there is no memory or room, which is told. */
static struct fl_target *add(struct fl_session *session, struct task_struct *task,
			     struct mm_struct *mm, const struct fl_target_wish *wish)
{
	struct fl_target *target;

	target = fl_targets_add(&session->targets, task, mm, wish, GFP_NOWAIT | __GFP_NOWARN);
	if (target == ERR_PTR(-ENOMEM) || target == ERR_PTR(-ENOSPC))
		tell_unfollowed(session);
	return IS_ERR(target) ? NULL : target;
}

/* It has not run yet, so its memory stays. No pass is to see it before its record is there. */
static void follow_child(struct fl_session *session, struct fl_target *parent,
			 struct task_struct *child, struct fl_target_wish *wish)
{
	struct fl_target *target;

	if (fl_access_check_rights(session->file, child))
		return;
	wish->id = fl_session_next_id(session);
	wish->state = BIT(FL_TARGET_UNTOLD);
	target = add(session, child, child->mm, wish);
	if (!target)
		return;
	tell_join(session, target, FL_RECORD_FORK, parent->id);
	clear_bit(FL_TARGET_UNTOLD, &target->state);
	wake_soon(session);
}

static void forked(struct fl_target *parent, struct task_struct *child)
{
	struct fl_target_wish wish = { .inherits = true };

	follow_child(session_of(parent->set), parent, child, &wish);
}

static void tell_exec(struct fl_session *session, struct fl_target *target,
		      struct task_struct *task)
{
	struct fl_exec *exec;
	unsigned long flags;

	fl_ring_lock(&session->ring, flags);
	exec = fl_ring_reserve(&session->ring, FL_RECORD_EXEC, sizeof(*exec),
			       ktime_get_mono_fast_ns());
	if (exec) {
		exec->target = target->id;
		exec->reserved = 0;
		strscpy_pad(exec->comm, task->comm, sizeof(exec->comm));
	}
	fl_ring_unlock(&session->ring, flags);
}

/* What it executes may be not for the opener to look at. The rest is done where it may sleep. */
static void executed(struct fl_target *target, struct task_struct *task)
{
	struct fl_session *session = session_of(target->set);

	/* In this order: who clears the bit takes this leader, or the bit is set anew. */
	if (!fl_target_is_alone(target))
		fl_target_set_fresh(target, task);
	set_bit(FL_TARGET_UNCHECKED, &target->state);
	if (!test_bit(FL_TARGET_UNTOLD, &target->state) &&
	    !fl_access_check_rights(session->file, task))
		tell_exec(session, target, task);
	fl_target_call(target);
}

static void called(struct fl_targets *set)
{
	irq_work_queue(&session_of(set)->kick);
}

const struct fl_targets_ops fl_follow_ops = {
	.called = called,
	.forked = forked,
	.executed = executed,
};

/* Who comes into a cgroup is checked where that may sleep, and only then told of. */
void fl_follow_joined(struct fl_group *group, struct task_struct *task, struct task_struct *parent)
{
	struct fl_session *session = group->owner;
	struct fl_target_wish wish = { .state = FL_TARGET_SECRET, .group = group };
	struct fl_target *target;

	if (fl_targets_find(&session->targets, task->signal))
		return;
	target = parent ? fl_targets_find(&session->targets, parent->signal) : NULL;
	if (target) {
		follow_child(session, target, task, &wish);
		return;
	}
	wish.id = fl_session_next_id(session);
	target = add(session, task, NULL, &wish);
	if (target)
		fl_target_call(target);
}

/* Up to now, but for its memory. Not with the ring locked: it may have many threads. */
static struct fl_counts counts_of(const struct fl_target *target)
{
	struct fl_totals totals;
	u64 cpu_ns;

	fl_target_read(target, &totals);
	cpu_ns = max(totals.cpu_ns, target->last.cpu_ns);
	return (struct fl_counts){
		.minor = totals.minor,
		.major = totals.major,
		.cpu_ns = cpu_ns,
		.system_ns = min(totals.system_ns, cpu_ns),
		.voluntary = totals.voluntary,
		.involuntary = totals.involuntary,
	};
}

void fl_follow_leave(struct fl_session *session, struct fl_target *target, u32 reason)
{
	struct fl_counts counts = {};
	struct fl_left *left;
	unsigned long flags;

	if (test_bit(FL_TARGET_UNTOLD, &target->state)) {
		fl_targets_remove(&session->targets, target);
		return;
	}
	/* What it executes meanwhile may be denied. */
	if (!test_bit(FL_TARGET_UNCHECKED, &target->state)) {
		counts = counts_of(target);
		if (target->mm)
			fl_target_count_pages(target, &counts.resident, &counts.swapped);
	}
	fl_ring_lock(&session->ring, flags);
	left = fl_ring_reserve(&session->ring, FL_RECORD_LEFT, sizeof(*left), ktime_get_ns());
	if (left) {
		left->target = target->id;
		left->reason = reason;
		left->counts = counts;
	}
	fl_ring_unlock(&session->ring, flags);
	fl_targets_remove(&session->targets, target);
}

void fl_follow_end(struct fl_session *session, struct fl_target *target)
{
	struct fl_counts counts = counts_of(target);
	struct fl_exit *ended;
	unsigned long flags;

	fl_ring_lock(&session->ring, flags);
	ended = fl_ring_reserve(&session->ring, FL_RECORD_EXIT, sizeof(*ended), ktime_get_ns());
	if (ended) {
		ended->target = target->id;
		ended->status = fl_target_is_alone(target) ? target->task->exit_code
							   : fl_task_status(target->task);
		ended->counts = counts;
		/* The kernel has put it there when the last thread ended, before we were told. */
		ended->peak_resident =
			fl_target_is_alone(target) ? 0 : READ_ONCE(target->signal->maxrss);
	}
	fl_ring_unlock(&session->ring, flags);
	fl_targets_remove(&session->targets, target);
}

/* Whether it may be looked at. Cleared first: what is executed meanwhile sets it again. */
static bool is_allowed(struct fl_session *session, struct fl_target *target,
		       int (*check)(const struct file *, struct task_struct *))
{
	if (!test_and_clear_bit(FL_TARGET_UNCHECKED, &target->state))
		return true;
	/* What it executes has other memory, and what came with a cgroup none that is known. */
	fl_target_take_fresh(target);
	fl_target_update_mm(target);
	if (!check(session->file, target->task))
		return true;
	set_bit(FL_TARGET_UNCHECKED, &target->state);
	return false;
}

void fl_follow_check(struct fl_session *session, struct fl_target *target)
{
	bool untold;

	if (test_bit(FL_TARGET_GONE, &target->state))
		return;
	untold = test_bit(FL_TARGET_UNTOLD, &target->state);
	if (!is_allowed(session, target, fl_access_check_rights)) {
		fl_follow_leave(session, target, FL_LEFT_DENIED);
		return;
	}
	if (untold) {
		clear_bit(FL_TARGET_UNTOLD, &target->state);
		tell_target(session, target);
	}
	if (fl_target_is_over(target))
		fl_follow_end(session, target);
	else if (target->group && !fl_group_has(target->group, target->task))
		fl_follow_leave(session, target, FL_LEFT_CGROUP);
}

/*
 * Who dies calls when its last thread leaves its CPU for good. If that was before it was a target,
 * nobody heard; but then it is seen to be dying here, and has left by the end of a grace period.
 */
static void check_dying(struct fl_session *session, struct fl_target *target)
{
	struct task_struct *task = target->task;

	if (!(fl_target_is_alone(target) ? task->flags & PF_EXITING
					 : !atomic_read(&task->signal->live)))
		return;
	synchronize_rcu();
	fl_follow_check(session, target);
}

int fl_follow_admit(struct fl_session *session, struct fl_target *target)
{
	/* Either we see what it does, die or execute, or it sees that it is a target. */
	smp_mb();
	if (!is_allowed(session, target, fl_access_check)) {
		fl_targets_remove(&session->targets, target);
		return -EPERM;
	}
	clear_bit(FL_TARGET_UNTOLD, &target->state);
	tell_target(session, target);
	check_dying(session, target);
	return 0;
}
