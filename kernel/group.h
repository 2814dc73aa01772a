/* SPDX-License-Identifier: GPL-2.0 */
/* cgroup v2 subtrees whose members are followed. */
#ifndef FL_GROUP_H
#define FL_GROUP_H

#include <linux/list.h>
#include <linux/types.h>

struct cgroup;
struct fl_group;
struct fl_targets;
struct task_struct;

/**
 * fl_group_joined - a process is in the group now
 * @group: the group
 * @task: its leader
 * @parent: who has forked it just now, or NULL if it has been there or moved there
 *
 * In an RCU read-side section; must not sleep.
 */
typedef void (*fl_group_joined)(struct fl_group *group, struct task_struct *task,
				struct task_struct *parent);

struct fl_group {
	struct list_head all;  /* of all owners' groups */
	struct list_head own;  /* of its owner's groups */
	struct cgroup *cgroup; /* pinned */
	fl_group_joined joined;
	void *owner;
	u32 id; /* its owner's to use */
};

/**
 * fl_group_create - begin to watch a cgroup
 * @fd: a descriptor of its folder
 * @others: the owner's groups, which the cgroup must not be one of; or it becomes the last of them
 * @joined: called for each process that is in it, before this returns, and for each that comes
 *	later; a process may be told of more than once
 * @owner: for @joined
 * @id: for @joined
 *
 * May sleep. Return: the group; or ERR_PTR: -EBADF, no cgroup v2; -EEXIST; -ENOMEM.
 */
struct fl_group *fl_group_create(int fd, struct list_head *others, fl_group_joined joined,
				 void *owner, u32 id);

/** fl_groups_destroy - its mirror, for a list; @joined was called for the last time; sleeps */
void fl_groups_destroy(struct list_head *list);

/** fl_group_has - is a process in the group? Any context; the caller holds a reference on it */
bool fl_group_has(const struct fl_group *group, struct task_struct *task);

/** fl_group_tell - tell all groups that @task is in; as fl_group_joined() is called */
void fl_group_tell(struct task_struct *task, struct task_struct *parent);

#endif
