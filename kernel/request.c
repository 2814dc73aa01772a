// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/list.h>

#include "follow.h"
#include "group.h"
#include "pass.h"
#include "request.h"
#include "session.h"

static int add_one(struct fl_session *session, struct fl_add *add)
{
	struct fl_target_wish wish = {
		.alone = add->kind == FL_TARGET_THREAD,
		.inherits = add->kind == FL_TARGET_TREE,
		.state = FL_TARGET_SECRET,
	};
	struct fl_target *target;

	if (add->number <= 0)
		return -EINVAL;
	wish.id = fl_session_next_id(session);
	target = fl_targets_add_pid(&session->targets, add->number, session->file, &wish);
	if (IS_ERR(target))
		return PTR_ERR(target);
	add->target = target->id;
	return fl_follow_admit(session, target);
}

static int add_group(struct fl_session *session, struct fl_add *add)
{
	struct fl_group *group;

	if (add->number < 0)
		return -EINVAL;
	if (session->group_count == FL_GROUPS_MAX)
		return -ENOSPC;
	add->target = fl_session_next_id(session);
	group = fl_group_create(add->number, &session->groups, fl_follow_joined, session,
				add->target);
	if (IS_ERR(group))
		return PTR_ERR(group);
	session->group_count++;
	fl_pass_answer_calls(session);
	return 0;
}

int fl_session_add(struct fl_session *session, struct fl_add *add)
{
	int err;

	if (add->flags || add->reserved)
		return -EINVAL;
	err = mutex_lock_interruptible(&session->lock);
	if (err)
		return err;
	switch (add->kind) {
	case FL_TARGET_PROCESS:
	case FL_TARGET_THREAD:
	case FL_TARGET_TREE:
		err = add_one(session, add);
		break;
	case FL_TARGET_CGROUP:
		err = add_group(session, add);
		break;
	default:
		err = -EINVAL;
	}
	fl_pass_show(session);
	mutex_unlock(&session->lock);
	return err;
}

static int remove_group(struct fl_session *session, struct fl_group *group)
{
	struct fl_target *target, *next;
	LIST_HEAD(alone);

	/* First, so that none comes after those that leave. */
	list_move(&group->own, &alone);
	fl_groups_destroy(&alone);
	session->group_count--;
	fl_targets_each_safe(target, next, &session->targets)
		if (target->group == group)
			fl_follow_leave(session, target, FL_LEFT_REMOVED);
	return 0;
}

static int remove(struct fl_session *session, u32 id)
{
	struct fl_target *target, *next;
	struct fl_group *group;

	list_for_each_entry(group, &session->groups, own)
		if (group->id == id)
			return remove_group(session, group);
	fl_targets_each_safe(target, next, &session->targets) {
		if (target->id == id) {
			fl_follow_leave(session, target, FL_LEFT_REMOVED);
			return 0;
		}
	}
	return -ENOENT;
}

int fl_session_remove(struct fl_session *session, u32 id)
{
	int err = mutex_lock_interruptible(&session->lock);

	if (err)
		return err;
	fl_pass_answer_calls(session);
	err = remove(session, id);
	fl_pass_show(session);
	mutex_unlock(&session->lock);
	return err;
}

int fl_session_start(struct fl_session *session)
{
	u64 start;
	int err;

	if (!session->sampler.period_ns)
		return -EINVAL;
	err = mutex_lock_interruptible(&session->lock);
	if (err)
		return err;
	start = fl_sampler_start(&session->sampler);
	if (start)
		WRITE_ONCE(session->mapping.header->start_ns, start);
	mutex_unlock(&session->lock);
	return 0;
}

int fl_session_stop(struct fl_session *session)
{
	int err = mutex_lock_interruptible(&session->lock);

	if (err)
		return err;
	fl_sampler_stop(&session->sampler);
	mutex_unlock(&session->lock);
	return 0;
}

int fl_session_sample(struct fl_session *session)
{
	int err = mutex_lock_interruptible(&session->lock);

	if (err)
		return err;
	fl_pass(session, 0, U64_MAX);
	mutex_unlock(&session->lock);
	return 0;
}

int fl_session_consume(struct fl_session *session, const struct fl_consume *consume)
{
	return consume->ring ? -EINVAL : fl_ring_consume(&session->ring, consume->position);
}
