/* SPDX-License-Identifier: GPL-2.0 */
/* Registered processes: a set that keeps the order of registration. */
#ifndef FL_TARGET_H
#define FL_TARGET_H

#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/types.h>

#include "task.h"

struct file;
struct pid;
struct task_struct;

#define FL_TARGETS_HASH_BITS 8

/* One registered process. Owned by its set. */
struct fl_target {
	struct list_head order;
	struct hlist_node by_pid;
	struct pid *pid; /* pinned: who it is, whatever becomes of the number */
	struct task_struct
		*task;	       /* pinned: keeps the counters readable after the process is reaped */
	struct fl_totals last; /* the reading before, zero at first; the set owner's to use */
};

/* A set of processes. Its owner serialises all calls on one set (a mutex: some calls sleep). */
struct fl_targets {
	struct list_head order;
	DECLARE_HASHTABLE(by_pid, FL_TARGETS_HASH_BITS);
	unsigned int count;
};

#define fl_targets_each(target, set) list_for_each_entry(target, &(set)->order, order)
#define fl_targets_each_safe(target, next, set) \
	list_for_each_entry_safe(target, next, &(set)->order, order)

/** fl_targets_init - make an empty set */
void fl_targets_init(struct fl_targets *set);

/** fl_targets_clear - remove all; may sleep */
void fl_targets_clear(struct fl_targets *set);

/**
 * fl_targets_add - put a process into the set
 * @set: the set
 * @nr: its PID as the caller's PID namespace numbers it
 * @file: what the request came through, for the permission rule
 *
 * May sleep. Return: the target; or ERR_PTR: -ESRCH no such process, or dead; -EEXIST in the set
 * already; -EPERM not the opener's to look at; -ENOMEM.
 */
struct fl_target *fl_targets_add(struct fl_targets *set, int nr, const struct file *file);

/**
 * fl_targets_find - find a process in the set
 * @set: the set
 * @nr: its PID as the caller's PID namespace numbers it
 * @file: what the request came through, for the permission rule
 *
 * May sleep. Return: the target; or ERR_PTR: -ESRCH no such process; -ENOENT not in the set; -EPERM
 * not the opener's to look at.
 */
struct fl_target *fl_targets_find(struct fl_targets *set, int nr, const struct file *file);

/** fl_targets_remove - take @target out of @set and free it; may sleep */
void fl_targets_remove(struct fl_targets *set, struct fl_target *target);

#endif
