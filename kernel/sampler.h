/* SPDX-License-Identifier: GPL-2.0 */
/* A clock: calls back at start + n * period, and rests completely while it is stopped. */
#ifndef FL_SAMPLER_H
#define FL_SAMPLER_H

#include <linux/ktime.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct task_struct;
struct fl_sampler;

/*
 * Both run in the sampler's own thread, may sleep, never at once. They may call start and stop, and
 * can run once more after fl_sampler_stop() was called from elsewhere.
 */
struct fl_sampler_ops {
	/** @tick: at a deadline; @missed is how many before it had no tick, since the last one */
	void (*tick)(struct fl_sampler *sampler, u64 missed);
	/** @kicked: soon after fl_sampler_kick(); NULL if nobody calls that */
	void (*kicked)(struct fl_sampler *sampler);
};

struct fl_sampler {
	struct task_struct *thread;
	const struct fl_sampler_ops *ops;
	u64 period_ns;
	unsigned long kicks; /* bit 0: kicked since the last time */
	u64 lead_ns;	     /* how much before a deadline the timer is set; the thread's own */
	spinlock_t lock;     /* what follows; taken in process context only */
	bool running;
	ktime_t deadline; /* of the next tick, CLOCK_MONOTONIC */
	u64 missed;	  /* deadlines left out on purpose, to be told with the next tick */
};

/**
 * fl_sampler_init - make a stopped sampler
 * @sampler: the sampler
 * @name: of its thread
 * @period_ns: nanoseconds from one deadline to the next; 0 if it will not be started
 * @real_time: whether its thread comes before all ordinary ones; else it is a favoured one of those
 * @ops: called back. A deadline that is over before the tick of an earlier one ended is left out;
 *	the later ones stay where they were.
 *
 * May sleep. Return: 0 or a negative error of kthread_create(); then there is nothing to destroy.
 */
int fl_sampler_init(struct fl_sampler *sampler, const char *name, u64 period_ns, bool real_time,
		    const struct fl_sampler_ops *ops);

/**
 * fl_sampler_start - the first deadline is one period from now
 *
 * Does nothing if it runs already: its deadlines stay where they are. Does not sleep. Return: the
 * time from which its deadlines count, in nanoseconds of CLOCK_MONOTONIC; 0 if it ran already.
 */
u64 fl_sampler_start(struct fl_sampler *sampler);

/**
 * fl_sampler_rest - leave out the deadlines before a time
 * @sampler: the sampler
 * @until: nanoseconds of CLOCK_MONOTONIC
 *
 * For a tick that took too long. They count as missed. Does not sleep.
 */
void fl_sampler_rest(struct fl_sampler *sampler, u64 until);

/** fl_sampler_kick - have kicked() called soon; process context or hard interrupt */
void fl_sampler_kick(struct fl_sampler *sampler);

/** fl_sampler_stop - no further deadline, no timer armed; does not wait for a running tick */
void fl_sampler_stop(struct fl_sampler *sampler);

/** fl_sampler_destroy - stop for good; waits for a running tick, so hold no lock it takes */
void fl_sampler_destroy(struct fl_sampler *sampler);

#endif
