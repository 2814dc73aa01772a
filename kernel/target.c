// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "access.h"
#include "target.h"

void fl_targets_init(struct fl_targets *set)
{
	INIT_LIST_HEAD(&set->order);
	hash_init(set->by_pid);
	set->count = 0;
}

void fl_targets_clear(struct fl_targets *set)
{
	struct fl_target *target, *next;

	fl_targets_each_safe(target, next, set)
		fl_targets_remove(set, target);
}

static struct fl_target *find(struct fl_targets *set, struct pid *pid)
{
	struct fl_target *target;

	hash_for_each_possible(set->by_pid, target, by_pid, (unsigned long)pid)
		if (target->pid == pid)
			return target;
	return NULL;
}

/* The process (not thread) called nr, with a reference on both, or -ESRCH. */
static int get_process(int nr, struct pid **pid, struct task_struct **task)
{
	*pid = find_get_pid(nr);
	if (!*pid)
		return -ESRCH;
	*task = get_pid_task(*pid, PIDTYPE_TGID);
	if (!*task) {
		put_pid(*pid);
		return -ESRCH;
	}
	return 0;
}

static int check_new(struct fl_targets *set, struct pid *pid, struct task_struct *task,
		     const struct file *file)
{
	struct fl_totals totals;
	int err;

	err = fl_access_check(file, task);
	if (err)
		return err;
	if (find(set, pid))
		return -EEXIST;
	fl_task_read(task, &totals);
	return totals.dead ? -ESRCH : 0;
}

struct fl_target *fl_targets_add(struct fl_targets *set, int nr, const struct file *file)
{
	struct fl_target *target;
	struct task_struct *task;
	struct pid *pid;
	int err;

	err = get_process(nr, &pid, &task);
	if (err)
		return ERR_PTR(err);
	err = check_new(set, pid, task, file);
	if (err)
		goto put;
	err = -ENOMEM;
	target = kzalloc(sizeof(*target), GFP_KERNEL_ACCOUNT);
	if (!target)
		goto put;
	target->pid = pid;
	target->task = task;
	list_add_tail(&target->order, &set->order);
	hash_add(set->by_pid, &target->by_pid, (unsigned long)pid);
	set->count++;
	return target;
put:
	put_task_struct(task);
	put_pid(pid);
	return ERR_PTR(err);
}

struct fl_target *fl_targets_find(struct fl_targets *set, int nr, const struct file *file)
{
	struct fl_target *target;
	struct task_struct *task;
	struct pid *pid;
	int err;

	err = get_process(nr, &pid, &task);
	if (err)
		return ERR_PTR(err);
	target = find(set, pid);
	err = fl_access_check(file, task);
	if (!err && !target)
		err = -ENOENT;
	put_task_struct(task);
	put_pid(pid);
	return err ? ERR_PTR(err) : target;
}

void fl_targets_remove(struct fl_targets *set, struct fl_target *target)
{
	list_del(&target->order);
	hash_del(&target->by_pid);
	set->count--;
	put_task_struct(target->task);
	put_pid(target->pid);
	kfree(target);
}
