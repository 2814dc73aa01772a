/* SPDX-License-Identifier: GPL-2.0 */
/* A session's targets come and go: by request, by fork, by cgroup. Tells of it in the ring. */
#ifndef FL_FOLLOW_H
#define FL_FOLLOW_H

#include "faultline.h"
#include "group.h"
#include "target.h"

struct fl_session;

/* What a session does at once when something happens to its targets. */
extern const struct fl_targets_ops fl_follow_ops;

/** fl_follow_joined - a process is in a cgroup of a session, the group's owner */
void fl_follow_joined(struct fl_group *group, struct task_struct *task, struct task_struct *parent);

/**
 * fl_follow_leave - write FL_RECORD_LEFT, if it was told of, and follow it no longer
 * @session: locked
 * @target: may be freed
 * @reason: enum fl_left_reason
 *
 * May sleep.
 */
void fl_follow_leave(struct fl_session *session, struct fl_target *target, u32 reason);

/** fl_follow_end - write FL_RECORD_EXIT of a target that is over; otherwise as fl_follow_leave() */
void fl_follow_end(struct fl_session *session, struct fl_target *target);

/**
 * fl_follow_admit - begin to follow a target that was added as a secret
 * @session: locked
 * @target: in the session's set; it may be freed
 *
 * Whether it may be looked at is asked (again) now that what it executes is heard of. Writes
 * FL_RECORD_TARGET and, if it was dying meanwhile, FL_RECORD_EXIT. May sleep. Return: 0, or -EPERM:
 * then it is out of the set.
 */
int fl_follow_admit(struct fl_session *session, struct fl_target *target);

/**
 * fl_follow_check - look at a target that called
 * @session: locked
 * @target: the caller has a reference; it may be gone
 *
 * Asks anew whether it may be looked at, if need be; finds out whether it ended or left its cgroup.
 * May sleep.
 */
void fl_follow_check(struct fl_session *session, struct fl_target *target);

#endif
