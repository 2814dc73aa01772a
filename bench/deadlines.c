// SPDX-License-Identifier: MIT
/*
 * What a running session does: how late its passes begin, and what it takes of the CPU.
 *
 * Lateness is a pass's time behind its deadline, start + n * period, in nanoseconds. What it takes
 * is what a loop that counts instructions gets less than it gets without a session: interrupts,
 * wake-ups and context switches are in it. Gaps are lost records, missed deadlines, shed visits.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "crowd.h"
#include "meter.h"
#include "report.h"
#include "session.h"

#define RING_BYTES   (128ULL << 20) /* for a second of a million samples */
#define PASSES	     1000	    /* at least; else two seconds of them */
#define STRETCH	     (METER_HZ / 10)
#define STRETCHES    9
#define SPIN	     500 /* iterations of two instructions */
#define SPIN_COST    (2ULL * SPIN)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct load {
	const char *name;
	unsigned int processes;
	uint32_t flags;
	unsigned int hz;
};

static const struct load loads[] = {
	{ "1-at-1000", 1, 0, 1000 },	   { "100-at-1000", 100, 0, 1000 },
	{ "1000-at-1000", 1000, 0, 1000 }, { "1000-at-1000-ran", 1000, FL_SETUP_RAN, 1000 },
	{ "5000-at-100", 5000, 0, 100 },   { "1-at-10000", 1, 0, 10000 },
};

static void open_load(struct session *session, const struct load *load, const struct crowd *crowd)
{
	session_open(session, load->flags, METER_HZ / load->hz, RING_BYTES);
	session_add_crowd(session, crowd);
	session_start(session);
}

/* The times at which passes began. */
struct times {
	uint64_t *at;
	unsigned int count;
	unsigned int most;
};

static void note_time(struct times *times, const struct fl_record *record)
{
	bool known = times->count && times->at[times->count - 1] == record->time_ns;

	if (record->type == FL_RECORD_SAMPLE && !known && times->count < times->most)
		times->at[times->count++] = record->time_ns;
}

static void note_times(struct times *times, const struct session *session)
{
	struct faultline_batch *batch;
	const struct fl_record *record;

	while ((batch = session_read(session))) {
		while ((record = faultline_next(batch)))
			note_time(times, record);
		session_consume(session);
	}
}

/* The time that so many of 100 are not above; sorted. */
static uint64_t of_100(const struct times *times, unsigned int many)
{
	return times->at[(times->count - 1) * many / 100];
}

static void tell_lateness(const struct load *load, const struct session *session,
			  const struct times *times)
{
	const struct fl_header *header = faultline_session_header(session->handle);

	for (unsigned int pass = 0; pass < times->count; pass++)
		times->at[pass] = (times->at[pass] - header->start_ns) % header->period_ns;
	meter_middle(times->at, times->count);
	report_reading(of_100(times, 0), "late-least-%s", load->name);
	report_reading(of_100(times, 50), "late-median-%s", load->name);
	report_reading(of_100(times, 95), "late-95-%s", load->name);
	report_reading(of_100(times, 100), "late-most-%s", load->name);
}

/* Not of sleepers with FL_SETUP_RAN: without a visit no record tells when a pass was. */
static uint64_t measure_lateness(const struct load *load, const struct crowd *crowd)
{
	struct times times = { .most = load->hz < PASSES / 2 ? PASSES : 2 * load->hz };
	struct session session;
	uint64_t gaps;

	times.at = calloc(times.most, sizeof(*times.at));
	if (!times.at)
		report_fail("no memory");
	open_load(&session, load, crowd);
	while (times.count < times.most) {
		session_wait(&session);
		note_times(&times, &session);
	}
	session_stop(&session);
	tell_lateness(load, &session, &times);
	gaps = session_gaps(&session);
	session_close(&session);
	free(times.at);
	return gaps;
}

/* What others took of a stretch of time, which is whole ticks and whole periods. */
static uint64_t taken_of_stretch(void)
{
	uint64_t start = meter_now(), rounds = 0;

	while (meter_now() - start < STRETCH) {
		meter_spin(SPIN);
		rounds++;
	}
	return STRETCH - rounds * SPIN_COST;
}

/* Instructions in a second. */
static uint64_t taken(void)
{
	uint64_t cost[STRETCHES];

	for (int stretch = 0; stretch < STRETCHES; stretch++)
		cost[stretch] = taken_of_stretch();
	return meter_middle(cost, STRETCHES) * METER_HZ / STRETCH;
}

static uint64_t measure_share(const struct load *load, const struct crowd *crowd)
{
	uint64_t without = taken(), with, gaps;
	struct session session;

	open_load(&session, load, crowd);
	with = taken();
	session_stop(&session);
	report_reading((double)with - (double)without, "taken-%s", load->name);
	gaps = session_gaps(&session);
	session_close(&session);
	return gaps;
}

int main(void)
{
	struct crowd crowd;
	uint64_t gaps;

	meter_begin();
	for (size_t i = 0; i < COUNT(loads); i++) {
		crowd_gather(&crowd, loads[i].processes, 1);
		gaps = measure_share(&loads[i], &crowd);
		if (!(loads[i].flags & FL_SETUP_RAN))
			gaps += measure_lateness(&loads[i], &crowd);
		report_reading(gaps, "gaps-%s", loads[i].name);
		crowd_dismiss(&crowd);
	}
	return 0;
}
