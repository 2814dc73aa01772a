// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "follow.h"
#include "pass.h"
#include "session.h"

/*
 * How many are visited in one go, with interrupts off for their records: some microseconds. Between
 * two goes others are let in and the clock is looked at.
 */
#define CHUNK 128U

/* Room for samples, one behind the other. */
struct run {
	struct fl_sample *begin, *end;
	u32 seq; /* of the first */
};

struct pass {
	struct fl_session *session;
	u64 time_ns;
	u64 end_ns; /* of its budget */
	u64 visits;
	unsigned long flags; /* of the ring's lock, which is held */
	struct run run;
	struct fl_sample nowhere; /* where a sample goes that is lost */
};

static void lock(struct pass *pass) __acquires(&pass->session->ring.lock)
{
	fl_ring_lock(&pass->session->ring, pass->flags);
}

static void unlock(struct pass *pass) __releases(&pass->session->ring.lock)
{
	fl_ring_unlock(&pass->session->ring, pass->flags);
}

/* Hands in the samples up to @slot; the rest of the room is given back. */
static void end_run(struct pass *pass, struct fl_sample *slot)
{
	struct run *run = &pass->run;

	pass->visits += slot - run->begin;
	if (run->begin != &pass->nowhere)
		fl_ring_end_run(&pass->session->ring, sizeof(*slot), slot - run->begin);
	*run = (struct run){};
}

/*
 * Ends a run and begins the next, in which there is room for one sample at least, or nowhere to put
 * it. Returns false if the budget is used up.
 */
static noinline bool next_run(struct pass *pass, struct fl_sample *slot)
{
	struct fl_ring_writer *ring = &pass->session->ring;
	struct run *run = &pass->run;
	unsigned int count = 1, max = clamp(READ_ONCE(pass->session->targets.count), 1U, CHUNK);

	if (slot) {
		end_run(pass, slot);
		unlock(pass);
		cond_resched();
		lock(pass);
		if (ktime_get_ns() > pass->end_ns)
			return false;
	}
	run->begin = fl_ring_begin_run(ring, sizeof(*slot), max, &count, pass->time_ns)
			     ?: &pass->nowhere;
	run->end = run->begin + count;
	run->seq = ring->seq;
	return true;
}

/* All but the memory. */
static __always_inline void write(struct fl_sample *sample, struct fl_target *target,
				  const struct fl_totals *totals, u32 seq, u64 time_ns)
{
	struct fl_counts *counts = &sample->counts;
	u64 cpu_ns = max(totals->cpu_ns, target->last.cpu_ns);

	target->last.cpu_ns = cpu_ns;
	sample->record.type = FL_RECORD_SAMPLE;
	sample->record.size = sizeof(*sample);
	sample->record.seq = seq;
	sample->record.time_ns = time_ns;
	sample->target = target->id;
	sample->reserved = 0;
	counts->minor = totals->minor;
	counts->major = totals->major;
	counts->cpu_ns = cpu_ns;
	counts->system_ns = min(totals->system_ns, cpu_ns);
	counts->voluntary = totals->voluntary;
	counts->involuntary = totals->involuntary;
}

/*
 * Any target, whatever it does. The bit is cleared first: who runs from now on sets it again, and
 * so do we if it runs already, or is about to. Returns whether there is a sample.
 */
static noinline bool sample_carefully(struct fl_sample *sample, struct fl_target *target, u32 seq,
				      u64 time_ns)
{
	struct fl_totals totals;

	if (READ_ONCE(target->state) & FL_TARGET_SECRET)
		return false;
	clear_bit(FL_TARGET_RAN, &target->state);
	smp_mb__after_atomic();
	if (fl_target_read(target, &totals))
		fl_target_ran(target);
	write(sample, target, &totals, seq, time_ns);
	if (target->mm) {
		fl_target_count_pages(target, &sample->counts.resident, &sample->counts.swapped);
	} else {
		sample->counts.resident = 0;
		sample->counts.swapped = 0;
	}
	return true;
}

/* These are no everyday's targets. */
#define SPECIAL \
	(FL_TARGET_SECRET | BIT(FL_TARGET_ALONE) | BIT(FL_TARGET_BODILESS) | BIT(FL_TARGET_GONE))

/* One that is not special and ran, but most likely does not any more. */
static __always_inline bool sample_that_ran(struct fl_sample *sample, struct fl_target *target,
					    u32 seq, u64 time_ns)
{
	struct fl_totals totals;

	clear_bit(FL_TARGET_RAN, &target->state);
	smp_mb__after_atomic();
	if (unlikely(!fl_task_read_still(target->signal, &totals, true)))
		return sample_carefully(sample, target, seq, time_ns);
	write(sample, target, &totals, seq, time_ns);
	fl_target_count_pages(target, &sample->counts.resident, &sample->counts.swapped);
	return true;
}

static noinline bool sample_unusual(struct fl_sample *sample, struct fl_target *target, u32 seq,
				    u64 time_ns)
{
	return READ_ONCE(target->state) & SPECIAL ? sample_carefully(sample, target, seq, time_ns)
						  : sample_that_ran(sample, target, seq, time_ns);
}

/* Whoever did not run since the last visit does not run now. */
static __always_inline bool sample(struct fl_sample *sample, struct fl_target *target, u32 seq,
				   u64 time_ns)
{
	struct fl_totals totals;

	if (unlikely(READ_ONCE(target->state) & (SPECIAL | BIT(FL_TARGET_RAN))))
		return sample_unusual(sample, target, seq, time_ns);
	if (unlikely(!fl_task_read_still(target->signal, &totals, false)))
		return sample_carefully(sample, target, seq, time_ns);
	write(sample, target, &totals, seq, time_ns);
	fl_target_count_pages(target, &sample->counts.resident, &sample->counts.swapped);
	return true;
}

/* Returns how many were shed; the next pass begins with them. */
static u64 visit_all(struct pass *pass)
{
	struct fl_targets *targets = &pass->session->targets;
	struct fl_sample *slot = NULL, *end = NULL;
	u64 time_ns = pass->time_ns;
	struct fl_target *target;
	u32 seq = 0;

	fl_targets_each(target, targets) {
		if (unlikely(slot == end)) {
			if (!next_run(pass, slot)) {
				fl_targets_begin_with(targets, target);
				return READ_ONCE(targets->count) - pass->visits;
			}
			slot = pass->run.begin;
			end = pass->run.end;
			seq = pass->run.seq;
		}
		if (likely(sample(slot, target, seq, time_ns))) {
			slot++;
			seq++;
		}
	}
	if (slot)
		end_run(pass, slot);
	return 0;
}

/* Puts a target that was taken from the list of those that ran back onto it. */
static void put_off(struct fl_target *target)
{
	clear_bit(FL_TARGET_RAN, &target->state);
	fl_target_ran(target);
}

/* One that is gone, not yet to be seen, or special. Returns whether there is a sample. */
static noinline bool take_special(struct fl_sample *sample, struct fl_target *target, u32 seq,
				  u64 time_ns)
{
	if (test_bit(FL_TARGET_GONE, &target->state)) {
		fl_target_put(target);
		return false;
	}
	if (READ_ONCE(target->state) & FL_TARGET_SECRET) {
		put_off(target);
		return false;
	}
	return sample_carefully(sample, target, seq, time_ns);
}

static u64 put_off_all(struct llist_node *from)
{
	struct fl_target *target, *next;
	u64 count = 0;

	llist_for_each_entry_safe(target, next, from, ran)
	{
		if (test_bit(FL_TARGET_GONE, &target->state)) {
			fl_target_put(target);
		} else {
			put_off(target);
			count++;
		}
	}
	return count;
}

/* Returns how many were shed; they are on the list again. */
static u64 visit_those_that_ran(struct pass *pass)
{
	struct fl_sample *slot = NULL, *end = NULL;
	u64 time_ns = pass->time_ns;
	struct fl_target *target, *next;
	bool sampled;
	u32 seq = 0;

	llist_for_each_entry_safe(target, next, fl_targets_take_ran(&pass->session->targets), ran)
	{
		if (unlikely(slot == end)) {
			if (!next_run(pass, slot))
				return put_off_all(&target->ran);
			slot = pass->run.begin;
			end = pass->run.end;
			seq = pass->run.seq;
		}
		if (unlikely(READ_ONCE(target->state) & SPECIAL))
			sampled = take_special(slot, target, seq, time_ns);
		else
			sampled = sample_that_ran(slot, target, seq, time_ns);
		slot += sampled;
		seq += sampled;
	}
	if (slot)
		end_run(pass, slot);
	return 0;
}

static void tell_missed(struct pass *pass, u64 deadlines, u64 shed)
{
	struct fl_header *header = pass->session->mapping.header;
	struct fl_missed *missed;

	if (!deadlines && !shed)
		return;
	WRITE_ONCE(header->missed, header->missed + deadlines);
	WRITE_ONCE(header->shed, header->shed + shed);
	missed = fl_ring_reserve(&pass->session->ring, FL_RECORD_MISSED, sizeof(*missed),
				 pass->time_ns);
	if (missed) {
		missed->deadlines = deadlines;
		missed->shed = shed;
	}
}

void fl_pass_show(struct fl_session *session)
{
	WRITE_ONCE(session->mapping.header->targets, READ_ONCE(session->targets.count));
	if (wq_has_sleeper(&session->wait) && fl_session_is_readable(session))
		wake_up_interruptible_poll(&session->wait, EPOLLIN | EPOLLRDNORM);
}

void fl_pass_answer_calls(struct fl_session *session)
{
	struct fl_target *target, *next;

	llist_for_each_entry_safe(target, next, fl_targets_take_calls(&session->targets), call)
	{
		fl_target_answer(target);
		fl_follow_check(session, target);
		fl_target_put(target);
	}
}

void fl_pass(struct fl_session *session, u64 missed, u64 budget_ns)
{
	struct fl_header *header = session->mapping.header;
	struct pass pass = { .session = session, .time_ns = ktime_get_ns() };
	u64 shed;

	pass.end_ns = budget_ns > U64_MAX - pass.time_ns ? U64_MAX : pass.time_ns + budget_ns;
	fl_pass_answer_calls(session);
	lock(&pass);
	shed = session->targets.lists_ran ? visit_those_that_ran(&pass) : visit_all(&pass);
	tell_missed(&pass, missed, shed);
	unlock(&pass);
	WRITE_ONCE(header->passes, header->passes + 1);
	WRITE_ONCE(header->pass_ns, header->pass_ns + ktime_get_ns() - pass.time_ns);
	fl_pass_show(session);
}

static void tick(struct fl_sampler *sampler, u64 missed)
{
	struct fl_session *session = container_of(sampler, struct fl_session, sampler);

	mutex_lock(&session->lock);
	fl_pass(session, missed, div_u64(sampler->period_ns * FL_PASS_PERCENT, 100));
	mutex_unlock(&session->lock);
}

static void kicked(struct fl_sampler *sampler)
{
	struct fl_session *session = container_of(sampler, struct fl_session, sampler);

	mutex_lock(&session->lock);
	fl_pass_answer_calls(session);
	fl_pass_show(session);
	mutex_unlock(&session->lock);
}

const struct fl_sampler_ops fl_pass_clock = { .tick = tick, .kicked = kicked };
