/* SPDX-License-Identifier: MIT */
/* Histories made up for tests: one segment that began at START, filled record by record. */
#ifndef FL_MADE_HISTORY_H
#define FL_MADE_HISTORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "history.h"

#define SECOND	  1000000000ULL
#define MS	  1000000ULL
#define START	  (100 * SECOND)
#define MADE_PAGE 4096

static struct history *made;

static inline void made_begin(uint64_t period_ns)
{
	const struct faultline_segment segment = { .size = sizeof(segment),
						   .source = FAULTLINE_SOURCE_MODULE,
						   .page_bytes = MADE_PAGE,
						   .cpus = 2,
						   .period_ns = period_ns,
						   .start_ns = START };

	assert_int_equal(history_begin(made, &segment), 0);
}

static inline int made_new(void **state)
{
	(void)state;
	made = history_new();
	if (!made)
		return -1;
	made_begin(10 * MS);
	return 0;
}

static inline int made_free(void **state)
{
	(void)state;
	history_free(made);
	return 0;
}

static inline struct fl_record made_record(enum fl_record_type type, size_t size, uint64_t at_ns)
{
	return (struct fl_record){ .type = type, .size = size, .time_ns = START + at_ns };
}

/* A process with the PID 1000 + target, born now; its parent's target is 0 for none. */
static inline void made_join(uint32_t target, uint32_t parent, uint64_t at_ns, const char *name)
{
	struct fl_join join = {
		.record = made_record(parent ? FL_RECORD_FORK : FL_RECORD_TARGET, sizeof(join),
				      at_ns),
		.target = target,
		.parent = parent,
		.pid = 1000 + target,
		.birth_ns = START + at_ns,
	};

	snprintf(join.comm, sizeof(join.comm), "%s", name);
	assert_int_equal(history_add(made, &join.record), 0);
}

static inline void made_sample(uint32_t target, uint64_t at_ns, struct fl_counts counts)
{
	const struct fl_sample sample = { .record = made_record(FL_RECORD_SAMPLE, sizeof(sample),
								at_ns),
					  .target = target,
					  .counts = counts };

	assert_int_equal(history_add(made, &sample.record), 0);
}

static inline void made_exit(uint32_t target, uint64_t at_ns, int status, struct fl_counts counts)
{
	const struct fl_exit last = { .record = made_record(FL_RECORD_EXIT, sizeof(last), at_ns),
				      .target = target,
				      .status = status,
				      .counts = counts };

	assert_int_equal(history_add(made, &last.record), 0);
}

/* The segment ended well; the rest of @end is the caller's. */
static inline void made_end(uint64_t at_ns, struct faultline_end end)
{
	end.size = sizeof(end);
	end.end_ns = START + at_ns;
	history_finish(made, &end);
}

#endif
