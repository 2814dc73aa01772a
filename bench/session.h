/* SPDX-License-Identifier: MIT */
/* One session of faultline, through libfaultline. All functions fail themselves. */
#ifndef BENCH_SESSION_H
#define BENCH_SESSION_H

#include <stdint.h>
#include <sys/types.h>

#include "crowd.h"
#include "libfaultline.h"

struct session {
	struct faultline_session *handle;
	struct faultline_reader *reader;
};

/* flags, period and ring as in struct fl_setup. */
void session_open(struct session *session, uint32_t flags, uint64_t period_ns, uint64_t ring_bytes);

/* Closes a session that session_open() opened. */
void session_close(struct session *session);

void session_add(const struct session *session, pid_t process);

void session_add_crowd(const struct session *session, const struct crowd *crowd);

void session_start(const struct session *session);

void session_stop(const struct session *session);

/* One pass, now. */
void session_sample(const struct session *session);

/* Waits until there are records. */
void session_wait(const struct session *session);

/* The unread records, for faultline_next(); NULL if there are none. */
struct faultline_batch *session_read(const struct session *session);

/* Gives the kernel back the place of what faultline_next() gave. */
void session_consume(const struct session *session);

/* What is not in the records so far: lost ones, deadlines missed, visits shed, not followed. */
uint64_t session_gaps(const struct session *session);

/* Fails unless that is nothing. */
void session_check_whole(const struct session *session);

#endif
