// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "sampler.h"

/*
 * True if the deadline that the thread slept for is still the sampler's: between the timer and this
 * call it may have been stopped, or started anew. Then moves the deadline on to the next to come.
 */
static bool take_deadline(struct fl_sampler *sampler, ktime_t slept_for)
{
	u64 late_periods;
	bool mine;

	spin_lock(&sampler->lock);
	mine = sampler->running && sampler->deadline == slept_for;
	if (mine) {
		/* A timer never fires early: not negative. */
		late_periods = div64_u64(ktime_to_ns(ktime_sub(ktime_get(), slept_for)),
					 sampler->period_ns);
		sampler->deadline =
			ktime_add_ns(slept_for, (late_periods + 1) * sampler->period_ns);
	}
	spin_unlock(&sampler->lock);
	return mine;
}

/* NULL while stopped: then sleep without a timer. */
static ktime_t *next_deadline(struct fl_sampler *sampler, ktime_t *deadline)
{
	bool running;

	spin_lock(&sampler->lock);
	running = sampler->running;
	*deadline = sampler->deadline;
	spin_unlock(&sampler->lock);
	return running ? deadline : NULL;
}

static int sampler_thread(void *data)
{
	struct fl_sampler *sampler = data;
	ktime_t deadline;

	for (;;) {
		set_current_state(TASK_IDLE);
		if (kthread_should_stop())
			break;
		if (schedule_hrtimeout_range(next_deadline(sampler, &deadline), 0,
					     HRTIMER_MODE_ABS))
			continue;
		if (take_deadline(sampler, deadline))
			sampler->tick(sampler);
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

int fl_sampler_init(struct fl_sampler *sampler, const char *name, u64 period_ns,
		    fl_sampler_tick tick)
{
	sampler->tick = tick;
	sampler->period_ns = period_ns;
	spin_lock_init(&sampler->lock);
	sampler->running = false;
	sampler->thread = kthread_create(sampler_thread, sampler, "%s", name);
	if (IS_ERR(sampler->thread))
		return PTR_ERR(sampler->thread);
	/* A sample that waits behind the processes it is about would miss what they do. */
	sched_set_fifo_low(sampler->thread);
	wake_up_process(sampler->thread);
	return 0;
}

void fl_sampler_start(struct fl_sampler *sampler)
{
	bool was_running;

	spin_lock(&sampler->lock);
	was_running = sampler->running;
	if (!was_running) {
		sampler->running = true;
		sampler->deadline = ktime_add_ns(ktime_get(), sampler->period_ns);
	}
	spin_unlock(&sampler->lock);
	if (!was_running)
		wake_up_process(sampler->thread);
}

void fl_sampler_stop(struct fl_sampler *sampler)
{
	spin_lock(&sampler->lock);
	sampler->running = false;
	spin_unlock(&sampler->lock);
	wake_up_process(sampler->thread);
}

void fl_sampler_destroy(struct fl_sampler *sampler)
{
	kthread_stop(sampler->thread);
}
