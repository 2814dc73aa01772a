// SPDX-License-Identifier: MIT
/* Faultline's own ways to sample. */
#include "method.h"
#include "report.h"
#include "session.h"

#define RING_BYTES (4ULL << 20)
#define ACTIVE	   100 /* one process of so many runs between two passes */

static struct session session;
static const struct crowd *followed;

static void open_session(const struct crowd *crowd, uint32_t flags)
{
	session_open(&session, flags, 0, RING_BYTES);
	session_add_crowd(&session, crowd);
	followed = crowd;
}

static void open_full(const struct crowd *crowd)
{
	open_session(crowd, 0);
}

static void open_ran(const struct crowd *crowd)
{
	open_session(crowd, FL_SETUP_RAN);
}

static void take_in(const struct fl_record *record, struct totals *sum)
{
	const struct fl_counts *counts = &((const struct fl_sample *)record)->counts;

	if (record->type != FL_RECORD_SAMPLE)
		return;
	sum->minor += counts->minor;
	sum->major += counts->major;
	sum->cpu_ns += counts->cpu_ns;
}

static void read_all(struct totals *sum)
{
	struct faultline_batch *batch;
	const struct fl_record *record;

	while ((batch = session_read(&session))) {
		while ((record = faultline_next(batch)))
			take_in(record, sum);
		session_consume(&session);
	}
}

static void empty(void)
{
	struct totals none = { 0 };

	read_all(&none);
}

static void stir(void)
{
	empty();
	crowd_stir(followed, followed->processes / ACTIVE);
}

static void sample(struct totals *sum)
{
	(void)sum;
	session_sample(&session);
}

static void sample_and_read(struct totals *sum)
{
	session_sample(&session);
	read_all(sum);
}

static void close_session(void)
{
	session_check_whole(&session);
	session_close(&session);
}

const struct method method_full = { "full", open_full, empty, sample, close_session };
const struct method method_read = { "read", open_full, NULL, sample_and_read, close_session };
const struct method method_ran = { "ran", open_ran, stir, sample, close_session };
