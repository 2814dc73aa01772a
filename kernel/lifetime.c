// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "follow.h"
#include "group.h"
#include "lifetime.h"
#include "pass.h"
#include "session.h"
#include "watch.h"

#define KNOWN_FLAGS (FL_SETUP_OVERWRITE | FL_SETUP_RAN)

static LIST_HEAD(sessions);
static DEFINE_MUTEX(sessions_lock); /* the list; taken first of all */

static bool is_privileged(const struct file *file)
{
	return file_ns_capable(file, &init_user_ns, CAP_PERFMON) ||
	       file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN);
}

/* Only those of users who may not do as they please have one to be counted by. */
static int enlist(struct fl_session *session)
{
	struct fl_session *other;
	unsigned int count = 0;

	session->user = is_privileged(session->file) ? INVALID_UID : session->file->f_cred->uid;
	mutex_lock(&sessions_lock);
	if (uid_valid(session->user))
		list_for_each_entry(other, &sessions, all)
			count += uid_eq(other->user, session->user);
	if (count < FL_SESSIONS_MAX)
		list_add(&session->all, &sessions);
	mutex_unlock(&sessions_lock);
	return count < FL_SESSIONS_MAX ? 0 : -EMFILE;
}

struct fl_session *fl_session_create(struct file *file)
{
	struct fl_session *session;
	int err;

	session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);
	if (!session)
		return ERR_PTR(-ENOMEM);
	mutex_init(&session->lock);
	INIT_LIST_HEAD(&session->groups);
	init_waitqueue_head(&session->wait);
	session->file = file;
	err = enlist(session);
	if (err) {
		kfree(session);
		return ERR_PTR(err);
	}
	session->ns = get_pid_ns(task_active_pid_ns(current));
	return session;
}

static void take_down(struct fl_session *session)
{
	/* A pass may be under way. Whom a group brings now is no longer taken. */
	mutex_lock(&session->lock);
	fl_targets_close(&session->targets);
	fl_groups_destroy(&session->groups);
	mutex_unlock(&session->lock);
	/* Nothing is called any more that could kick; then nothing kicks; then nothing runs. */
	fl_watch_stop();
	irq_work_sync(&session->kick);
	fl_sampler_destroy(&session->sampler);
	fl_mapping_free(&session->mapping);
}

void fl_session_destroy(struct fl_session *session)
{
	if (session->set_up)
		take_down(session);
	mutex_lock(&sessions_lock);
	list_del(&session->all);
	mutex_unlock(&sessions_lock);
	put_pid_ns(session->ns);
	kfree(session);
}

static void kick(struct irq_work *work)
{
	fl_sampler_kick(&container_of(work, struct fl_session, kick)->sampler);
}

static int check(const struct fl_setup *setup)
{
	if (setup->flags & ~KNOWN_FLAGS || !is_power_of_2(setup->ring_bytes) ||
	    setup->ring_bytes < FL_RING_MIN_BYTES || setup->ring_bytes > FL_RING_MAX_BYTES)
		return -EINVAL;
	if (setup->period_ns &&
	    (setup->period_ns < FL_PERIOD_MIN_NS || setup->period_ns > FL_PERIOD_MAX_NS))
		return -EINVAL;
	return 0;
}

static int set_up(struct fl_session *session, struct fl_setup *setup)
{
	int err;

	err = fl_mapping_alloc(&session->mapping, setup);
	if (err)
		return err;
	fl_ring_init(&session->ring, session->mapping.ring, session->mapping.bytes,
		     setup->flags & FL_SETUP_OVERWRITE);
	fl_targets_init(&session->targets, uid_valid(session->user) ? FL_TARGETS_MAX : UINT_MAX,
			&fl_follow_ops, setup->flags & FL_SETUP_RAN);
	session->wake_bytes = clamp(setup->wake_bytes, 1ULL, setup->ring_bytes / 2);
	init_irq_work(&session->kick, kick);
	err = fl_sampler_init(&session->sampler, "faultline", setup->period_ns,
			      is_privileged(session->file), &fl_pass_clock);
	if (err)
		goto free_mapping;
	err = fl_watch_start();
	if (err)
		goto destroy_sampler;
	setup->mapping_bytes = session->mapping.header->mapping_bytes;
	smp_store_release(&session->set_up, true);
	return 0;
destroy_sampler:
	fl_sampler_destroy(&session->sampler);
free_mapping:
	fl_mapping_free(&session->mapping);
	session->mapping = (struct fl_mapping){};
	return err == -EINTR ? -EAGAIN : err;
}

int fl_session_setup(struct fl_session *session, struct fl_setup *setup)
{
	int err;

	if (!setup->ring_bytes)
		setup->ring_bytes = FL_RING_BYTES;
	err = check(setup) ?: mutex_lock_interruptible(&session->lock);
	if (err)
		return err;
	err = session->set_up ? -EBUSY : set_up(session, setup);
	mutex_unlock(&session->lock);
	return err;
}
