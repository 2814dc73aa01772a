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
#define CHUNK 192U

/* A process with more threads is read with interrupts on. */
#define CROWD 16

struct pass {
	struct fl_session *session;
	u64 time_ns;
	u64 end_ns; /* of its budget */
	u64 visits;
	unsigned long flags;	  /* of the ring's lock, which is held */
	struct fl_sample *begin;  /* of a run of samples that are not handed in yet */
	struct fl_sample nowhere; /* where a sample goes that is lost */
};

/* Where the next sample of a run goes. Kept by who writes them, for the sake of registers. */
struct place {
	struct fl_sample *slot, *end;
	u32 seq;
};

static void lock(struct pass *pass) __acquires(&pass->session->ring.lock)
{
	fl_ring_lock(&pass->session->ring, pass->flags);
}

static void unlock(struct pass *pass) __releases(&pass->session->ring.lock)
{
	fl_ring_unlock(&pass->session->ring, pass->flags);
}

/* Hands in the samples of a run, if there is one; the rest of the room is given back. */
static void end_run(struct pass *pass, struct place at)
{
	if (!at.slot)
		return;
	pass->visits += at.slot - pass->begin;
	if (pass->begin != &pass->nowhere)
		fl_ring_end_run(&pass->session->ring, sizeof(*at.slot), at.slot - pass->begin);
}

/* Room for @max samples, or for some, or nowhere to put one. */
static struct place begin_run(struct pass *pass, unsigned int max)
{
	struct fl_ring_writer *ring = &pass->session->ring;
	unsigned int count = 1;

	pass->begin = fl_ring_begin_run(ring, sizeof(*pass->begin), max, &count, pass->time_ns)
			      ?: &pass->nowhere;
	return (struct place){ pass->begin, pass->begin + count, ring->seq };
}

/* Ends a run, if there is one, and begins the next. Nowhere if the budget is used up. */
static noinline struct place next_run(struct pass *pass, struct place at)
{
	if (at.slot) {
		end_run(pass, at);
		unlock(pass);
		cond_resched();
		lock(pass);
		if (ktime_get_ns() > pass->end_ns)
			return (struct place){};
	}
	return begin_run(pass, clamp(READ_ONCE(pass->session->targets.count), 1U, CHUNK));
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

static void write_pages(struct fl_sample *sample, const struct fl_target *target)
{
	if (target->mm) {
		fl_target_count_pages(target, &sample->counts.resident, &sample->counts.swapped);
	} else {
		sample->counts.resident = 0;
		sample->counts.swapped = 0;
	}
}

/*
 * Before it is read: who runs from now on sets the bit again, which puts it onto the list again. So
 * this is done once in a visit.
 */
static __always_inline void forget_that_it_ran(struct fl_target *target)
{
	clear_bit(FL_TARGET_RAN, &target->state);
	smp_mb__after_atomic();
}

/* Any target, whatever it does; if it runs, or is about to, it is to be visited again. */
static void read_carefully(struct fl_target *target, struct fl_totals *totals)
{
	if (fl_target_read(target, totals))
		fl_target_ran(target);
}

static noinline void sample_carefully(struct place *at, struct fl_target *target, u64 time_ns)
{
	struct fl_totals totals;

	read_carefully(target, &totals);
	write(at->slot, target, &totals, at->seq, time_ns);
	write_pages(at->slot, target);
}

static void read_crowd(struct fl_target *target, struct fl_totals *totals)
{
	bool still = !test_bit(FL_TARGET_RAN, &target->state);
	struct fl_totals sum; /* may be in registers, unlike the result */

	if (still) {
		rcu_read_lock();
		still = fl_task_read_still(target->signal, &sum, false);
		rcu_read_unlock();
		*totals = sum;
	}
	if (!still) {
		forget_that_it_ran(target);
		read_carefully(target, totals);
	}
}

/* One of many threads: the ring is not locked while they are added up. */
static void sample_crowd(struct pass *pass, struct place *at, struct fl_target *target)
{
	struct fl_totals totals;

	end_run(pass, *at);
	unlock(pass);
	read_crowd(target, &totals);
	cond_resched();
	lock(pass);
	*at = begin_run(pass, 1);
	write(at->slot, target, &totals, at->seq, pass->time_ns);
	write_pages(at->slot, target);
	at->slot++;
	at->seq++;
}

/* It is off the list of those that ran, but goes back onto it. */
static void put_off(struct fl_target *target)
{
	forget_that_it_ran(target);
	fl_target_ran(target);
}

static bool is_crowd(const struct fl_target *target)
{
	return READ_ONCE(target->signal->nr_threads) > CROWD && !fl_target_is_alone(target);
}

/* These are no everyday's targets. A crowd stays one at least until it runs. */
#define SPECIAL                                                              \
	(FL_TARGET_SECRET | BIT(FL_TARGET_ALONE) | BIT(FL_TARGET_BODILESS) | \
	 BIT(FL_TARGET_CROWD) | BIT(FL_TARGET_GONE))

static noinline void visit_special(struct pass *pass, struct place *at, struct fl_target *target)
{
	if (READ_ONCE(target->state) & FL_TARGET_SECRET) {
		put_off(target);
		return;
	}
	if (is_crowd(target)) {
		set_bit(FL_TARGET_CROWD, &target->state);
		sample_crowd(pass, at, target);
		return;
	}
	clear_bit(FL_TARGET_CROWD, &target->state);
	forget_that_it_ran(target);
	sample_carefully(at, target, pass->time_ns);
	at->slot++;
	at->seq++;
}

/* One that ran, but most likely does not any more. */
static __always_inline void visit_that_ran(struct pass *pass, struct place *at,
					   struct fl_target *target)
{
	struct fl_totals totals;

	if (unlikely(READ_ONCE(target->state) & SPECIAL) || unlikely(is_crowd(target))) {
		visit_special(pass, at, target);
		return;
	}
	forget_that_it_ran(target);
	if (likely(fl_task_read_still(target->signal, &totals, true))) {
		write(at->slot, target, &totals, at->seq, pass->time_ns);
		fl_target_count_pages(target, &at->slot->counts.resident,
				      &at->slot->counts.swapped);
	} else {
		sample_carefully(at, target, pass->time_ns);
	}
	at->slot++;
	at->seq++;
}

static noinline struct place visit_unusual(struct pass *pass, struct place at,
					   struct fl_target *target)
{
	visit_that_ran(pass, &at, target);
	return at;
}

/* Whoever did not run since the last visit does not run now. */
static __always_inline bool sample_still(struct fl_sample *sample, struct fl_target *target,
					 u32 seq, u64 time_ns)
{
	struct fl_totals totals;

	if (unlikely(READ_ONCE(target->state) & (SPECIAL | BIT(FL_TARGET_RAN))) ||
	    unlikely(!fl_task_read_still(target->signal, &totals, false)))
		return false;
	write(sample, target, &totals, seq, time_ns);
	fl_target_count_pages(target, &sample->counts.resident, &sample->counts.swapped);
	return true;
}

/* Returns how many were shed; the next pass begins with them. */
static u64 visit_all(struct pass *pass)
{
	struct fl_targets *targets = &pass->session->targets;
	u64 time_ns = pass->time_ns;
	struct fl_target *target;
	struct place at = {};

	fl_targets_each(target, targets) {
		if (unlikely(at.slot == at.end)) {
			at = next_run(pass, at);
			if (!at.slot) {
				fl_targets_begin_with(targets, target);
				return READ_ONCE(targets->count) - pass->visits;
			}
		}
		if (unlikely(!sample_still(at.slot, target, at.seq, time_ns))) {
			at = visit_unusual(pass, at, target);
			continue;
		}
		at.slot++;
		at.seq++;
	}
	end_run(pass, at);
	return 0;
}

/* One that is gone or not yet to be seen. Returns whether it is such. */
static bool pass_over(struct fl_target *target)
{
	if (likely(!(READ_ONCE(target->state) & (FL_TARGET_SECRET | BIT(FL_TARGET_GONE)))))
		return false;
	if (test_bit(FL_TARGET_GONE, &target->state))
		fl_target_put(target);
	else
		put_off(target);
	return true;
}

static u64 put_off_all(struct llist_node *from)
{
	struct fl_target *target, *next;
	u64 count = 0;

	llist_for_each_entry_safe(target, next, from, ran)
	{
		if (pass_over(target))
			continue;
		put_off(target);
		count++;
	}
	return count;
}

/* Returns how many were shed; they are on the list again. */
static u64 visit_those_that_ran(struct pass *pass)
{
	struct fl_targets *targets = &pass->session->targets;
	struct fl_target *target, *next;
	struct place at = {};

	llist_for_each_entry_safe(target, next, fl_targets_take_ran(targets), ran)
	{
		if (unlikely(pass_over(target)))
			continue;
		if (unlikely(at.slot == at.end)) {
			at = next_run(pass, at);
			if (!at.slot)
				return put_off_all(&target->ran);
		}
		visit_that_ran(pass, &at, target);
	}
	end_run(pass, at);
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
	u64 begin, spent;

	mutex_lock(&session->lock);
	begin = ktime_get_ns();
	fl_pass(session, missed, div_u64(sampler->period_ns * FL_PASS_PERCENT, 100));
	spent = ktime_get_ns() - begin;
	mutex_unlock(&session->lock);
	/* One process of many threads may be more than the budget: then it is seen less often. */
	fl_sampler_rest(sampler, begin + div_u64(spent * 100, FL_PASS_PERCENT));
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
