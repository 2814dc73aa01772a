// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/processor.h>
#include <linux/sched.h>

#include "sampler.h"

/*
 * True if the deadline that the thread slept for is still the sampler's: between the timer and this
 * call it may have been stopped, or started anew. Then moves the deadline on to the next to come.
 */
static bool take_deadline(struct fl_sampler *sampler, ktime_t slept_for, u64 *missed)
{
	u64 late_ns, late_periods;
	bool mine;

	spin_lock(&sampler->lock);
	mine = sampler->running && sampler->deadline == slept_for;
	if (mine) {
		late_ns = max_t(s64, ktime_to_ns(ktime_sub(ktime_get(), slept_for)), 0);
		late_periods = div64_u64(late_ns, sampler->period_ns);
		sampler->deadline =
			ktime_add_ns(slept_for, (late_periods + 1) * sampler->period_ns);
		/* The tick to come stands for the last of those that are over. */
		*missed = late_periods + sampler->missed;
		sampler->missed = 0;
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

/*
 * From the timer's interrupt until the thread runs takes some microseconds. The timer is set early
 * by what it took lately, and what is left then is waited for: so deadlines are met to a fraction
 * of a microsecond, for the price of that wait.
 */
#define LEAD_MAX_NS   10000
#define LEAD_SPARE_NS 300
#define LOOKS_MAX     2000 /* at the clock, should it stand still */

static u64 lead_max(const struct fl_sampler *sampler)
{
	return min_t(u64, LEAD_MAX_NS, div_u64(sampler->period_ns, 20));
}

static void wait_for(struct fl_sampler *sampler, ktime_t deadline)
{
	u64 took = ktime_to_ns(ktime_get()) - (ktime_to_ns(deadline) - sampler->lead_ns);
	int looks;

	/* Follows what it takes, but slowly. */
	took = min(took + LEAD_SPARE_NS, lead_max(sampler));
	sampler->lead_ns = (sampler->lead_ns * 7 + took) / 8;
	for (looks = 0; ktime_before(ktime_get(), deadline) && looks < LOOKS_MAX; looks++)
		cpu_relax();
}

/* Returns whether it slept until a deadline, which is then over. */
static bool sleep_until(struct fl_sampler *sampler, ktime_t *deadline)
{
	ktime_t *until = next_deadline(sampler, deadline), early;

	if (until) {
		early = ktime_sub_ns(*until, sampler->lead_ns);
		until = &early;
	}
	if (schedule_hrtimeout_range(until, 0, HRTIMER_MODE_ABS))
		return false;
	wait_for(sampler, *deadline);
	return true;
}

static int sampler_thread(void *data)
{
	struct fl_sampler *sampler = data;
	ktime_t deadline;
	u64 missed;

	for (;;) {
		set_current_state(TASK_IDLE);
		if (kthread_should_stop())
			break;
		if (test_and_clear_bit(0, &sampler->kicks)) {
			__set_current_state(TASK_RUNNING);
			sampler->ops->kicked(sampler);
		} else if (sleep_until(sampler, &deadline) &&
			   take_deadline(sampler, deadline, &missed)) {
			sampler->ops->tick(sampler, missed);
		}
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

int fl_sampler_init(struct fl_sampler *sampler, const char *name, u64 period_ns, bool real_time,
		    const struct fl_sampler_ops *ops)
{
	sampler->ops = ops;
	sampler->period_ns = period_ns;
	sampler->kicks = 0;
	sampler->lead_ns = lead_max(sampler) / 2;
	spin_lock_init(&sampler->lock);
	sampler->running = false;
	sampler->missed = 0;
	sampler->thread = kthread_create(sampler_thread, sampler, "%s", name);
	if (IS_ERR(sampler->thread))
		return PTR_ERR(sampler->thread);
	/* A sample that waits behind the processes it is about would miss what they do. */
	if (real_time)
		sched_set_fifo_low(sampler->thread);
	else
		set_user_nice(sampler->thread, MIN_NICE);
	wake_up_process(sampler->thread);
	return 0;
}

u64 fl_sampler_start(struct fl_sampler *sampler)
{
	ktime_t now = ktime_get();
	bool was_running;

	spin_lock(&sampler->lock);
	was_running = sampler->running;
	if (!was_running) {
		sampler->running = true;
		sampler->deadline = ktime_add_ns(now, sampler->period_ns);
	}
	spin_unlock(&sampler->lock);
	if (was_running)
		return 0;
	wake_up_process(sampler->thread);
	return ktime_to_ns(now);
}

void fl_sampler_rest(struct fl_sampler *sampler, u64 until)
{
	u64 behind, periods;

	spin_lock(&sampler->lock);
	if (until > ktime_to_ns(sampler->deadline)) {
		behind = until - ktime_to_ns(sampler->deadline);
		periods = div64_u64(behind - 1, sampler->period_ns) + 1;
		sampler->deadline = ktime_add_ns(sampler->deadline, periods * sampler->period_ns);
		sampler->missed += periods;
	}
	spin_unlock(&sampler->lock);
}

void fl_sampler_kick(struct fl_sampler *sampler)
{
	if (!test_and_set_bit(0, &sampler->kicks))
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
