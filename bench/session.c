// SPDX-License-Identifier: MIT
#include "report.h"
#include "session.h"

#define WAIT_MS 2000

static void check(int result)
{
	if (result < 0)
		report_fail("%s", faultline_message());
}

void session_open(struct session *session, uint32_t flags, uint64_t period_ns, uint64_t ring_bytes)
{
	struct faultline_options options = {
		.size = sizeof(options),
		.flags = flags,
		.period_ns = period_ns,
		.ring_bytes = ring_bytes,
	};

	check(faultline_session_open(&options, &session->handle));
	session->reader = faultline_session_reader(session->handle, 0);
	if (!session->reader)
		report_fail("the first ring is of a kind that this library does not know");
}

void session_close(struct session *session)
{
	faultline_session_close(session->handle);
}

void session_add(const struct session *session, pid_t process)
{
	check(faultline_session_add(session->handle, FL_TARGET_PROCESS, process, NULL));
}

void session_add_crowd(const struct session *session, const struct crowd *crowd)
{
	for (unsigned int number = 0; number < crowd->processes; number++)
		session_add(session, crowd->pids[number]);
}

void session_start(const struct session *session)
{
	check(faultline_session_start(session->handle));
}

void session_stop(const struct session *session)
{
	check(faultline_session_stop(session->handle));
}

void session_sample(const struct session *session)
{
	check(faultline_session_sample(session->handle));
}

void session_wait(const struct session *session)
{
	int ready = faultline_session_wait(session->handle, WAIT_MS);

	check(ready);
	if (!ready)
		report_fail("there were no samples for %d ms", WAIT_MS);
}

struct faultline_batch *session_read(const struct session *session)
{
	struct faultline_batch *batch;
	int found = faultline_reader_read(session->reader, &batch);

	check(found);
	return found ? batch : NULL;
}

void session_consume(const struct session *session)
{
	check(faultline_session_consume(session->handle, session->reader));
}

uint64_t session_gaps(const struct session *session)
{
	struct faultline_figures figures = { .size = sizeof(figures) };

	check(faultline_session_figures(session->handle, &figures));
	return figures.lost + figures.missed + figures.shed + figures.unfollowed;
}

void session_check_whole(const struct session *session)
{
	if (session_gaps(session))
		report_fail("%llu records are missing: there should be none",
			    (unsigned long long)session_gaps(session));
}
