/* SPDX-License-Identifier: GPL-2.0 */
/* What one open file of the device owns: targets, clock, ring. */
#ifndef FL_SESSION_H
#define FL_SESSION_H

#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>

#include "faultline.h"
#include "mapping.h"
#include "ring.h"
#include "sampler.h"
#include "target.h"

struct file;
struct pid_namespace;

struct fl_session {
	struct mutex lock;	  /* all but what says otherwise; held during a pass */
	struct list_head all;	  /* of all sessions */
	struct file *file;	  /* whose opener is judged; it owns the session */
	struct pid_namespace *ns; /* the opener's, which numbers processes; pinned */
	kuid_t user;		  /* the opener, whose sessions are counted; or INVALID_UID */
	bool set_up;		  /* what follows is there; set once, with release semantics */
	struct fl_mapping mapping;
	struct fl_ring_writer ring; /* has its own lock */
	struct fl_targets targets;  /* has its own lock for what comes in */
	struct list_head groups;
	unsigned int group_count;
	atomic_t ids; /* the newest id */
	struct fl_sampler sampler;
	struct irq_work kick;	/* wakes the sampler where that cannot be done at once */
	wait_queue_head_t wait; /* for records */
	u64 wake_bytes;		/* that make a reader wake up */
};

/** fl_session_is_set_up - then setup is over and done; any context */
static inline bool fl_session_is_set_up(const struct fl_session *session)
{
	return smp_load_acquire(&session->set_up);
}

/** fl_session_is_readable - are there as many unread bytes as wake a reader? Any context */
static inline bool fl_session_is_readable(const struct fl_session *session)
{
	return fl_ring_unread(&session->ring) >= session->wake_bytes;
}

/** fl_session_next_id - an id that was never given; any context */
static inline u32 fl_session_next_id(struct fl_session *session)
{
	return atomic_inc_return(&session->ids);
}

#endif
