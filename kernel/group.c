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

static struct cgroup *get_cgroup(int fd)
{
	struct cgroup *cgroup = cgroup_get_from_fd(fd);

	return IS_ERR(cgroup) ? ERR_PTR(-EBADF) : cgroup;
}

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

struct fl_group *fl_group_create(int fd, fl_group_joined joined, void *owner, u32 id)
{
	struct fl_group *group;

	group = kzalloc(sizeof(*group), GFP_KERNEL_ACCOUNT);
	if (!group)
		return ERR_PTR(-ENOMEM);
	group->cgroup = get_cgroup(fd);
	if (IS_ERR(group->cgroup)) {
		struct cgroup *err = group->cgroup;

		kfree(group);
		return ERR_CAST(err);
	}
	group->joined = joined;
	group->owner = owner;
	group->id = id;
	INIT_LIST_HEAD(&group->own);
	spin_lock(&groups_lock);
	list_add_tail_rcu(&group->all, &groups);
	spin_unlock(&groups_lock);
	tell_of_members(group);
	return group;
}

void fl_group_destroy(struct fl_group *group)
{
	spin_lock(&groups_lock);
	list_del_rcu(&group->all);
	spin_unlock(&groups_lock);
	synchronize_rcu();
	cgroup_put(group->cgroup);
	kfree(group);
}

void fl_group_tell(struct task_struct *task, struct task_struct *parent)
{
	struct fl_group *group;

	list_for_each_entry_rcu(group, &groups, all) if (fl_group_has(group, task))
		group->joined(group, task, parent);
}
