// SPDX-License-Identifier: GPL-2.0
#include <linux/cgroup.h>
#include <linux/err.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "group.h"

static LIST_HEAD(groups);
static DEFINE_SPINLOCK(groups_lock); /* changes; taken in process context only */

bool fl_group_has(const struct fl_group *group, struct task_struct *task)
{
	bool has;

	rcu_read_lock();
	has = cgroup_is_descendant(task_dfl_cgroup(task), group->cgroup);
	rcu_read_unlock();
	return has;
}

/* New ones that come meanwhile are told of by fl_group_tell(). */
static void tell_of_members(struct fl_group *group)
{
	struct task_struct *task;

	rcu_read_lock();
	for_each_process(task) if (fl_group_has(group, task)) group->joined(group, task, NULL);
	rcu_read_unlock();
}

static bool is_among(struct list_head *others, const struct cgroup *cgroup)
{
	struct fl_group *other;

	list_for_each_entry(other, others, own)
		if (other->cgroup == cgroup)
			return true;
	return false;
}

struct fl_group *fl_group_create(int fd, struct list_head *others, fl_group_joined joined,
				 void *owner, u32 id)
{
	struct fl_group *group;
	struct cgroup *cgroup;

	cgroup = cgroup_get_from_fd(fd);
	if (IS_ERR(cgroup))
		return ERR_PTR(-EBADF);
	group = is_among(others, cgroup) ? ERR_PTR(-EEXIST)
					 : kzalloc(sizeof(*group), GFP_KERNEL_ACCOUNT);
	if (IS_ERR_OR_NULL(group)) {
		cgroup_put(cgroup);
		return group ?: ERR_PTR(-ENOMEM);
	}
	group->cgroup = cgroup;
	group->joined = joined;
	group->owner = owner;
	group->id = id;
	list_add_tail(&group->own, others);
	spin_lock(&groups_lock);
	list_add_tail_rcu(&group->all, &groups);
	spin_unlock(&groups_lock);
	tell_of_members(group);
	return group;
}

void fl_groups_destroy(struct list_head *list)
{
	struct fl_group *group, *next;

	if (list_empty(list))
		return;
	spin_lock(&groups_lock);
	list_for_each_entry(group, list, own)
		list_del_rcu(&group->all);
	spin_unlock(&groups_lock);
	synchronize_rcu();
	list_for_each_entry_safe(group, next, list, own) {
		list_del(&group->own);
		cgroup_put(group->cgroup);
		kfree(group);
	}
}

void fl_group_tell(struct task_struct *task, struct task_struct *parent)
{
	struct fl_group *group;

	list_for_each_entry_rcu(group, &groups, all) if (fl_group_has(group, task))
		group->joined(group, task, parent);
}
