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
 * Runs in the sampler's own thread, may sleep, never twice at once. It may call start and stop. It
 * can run once more after fl_sampler_stop() was called from elsewhere.
 */
typedef void (*fl_sampler_tick)(struct fl_sampler *sampler);

struct fl_sampler {
	struct task_struct *thread;
	fl_sampler_tick tick;
	u64 period_ns;
	spinlock_t lock; /* running, deadline; taken in process context only */
	bool running;
	ktime_t deadline; /* of the next tick, CLOCK_MONOTONIC */
};

/**
 * fl_sampler_init - make a stopped sampler
 * @sampler: the sampler
 * @name: of its thread
 * @period_ns: nanoseconds from one deadline to the next
 * @tick: called at each deadline. A deadline that is over before the tick of an earlier one ended
 *	is left out; the later ones stay where they were.
 *
 * May sleep. Return: 0 or a negative error of kthread_create(); then there is nothing to destroy.
 */
int fl_sampler_init(struct fl_sampler *sampler, const char *name, u64 period_ns,
		    fl_sampler_tick tick);

/**
 * fl_sampler_start - the first deadline is one period from now
 *
 * Does nothing if it runs already: its deadlines stay where they are. Does not sleep.
 */
void fl_sampler_start(struct fl_sampler *sampler);

/** fl_sampler_stop - no further deadline, no timer armed; does not wait for a running tick */
void fl_sampler_stop(struct fl_sampler *sampler);

/** fl_sampler_destroy - stop for good; waits for a running tick, so hold no lock it takes */
void fl_sampler_destroy(struct fl_sampler *sampler);

#endif
