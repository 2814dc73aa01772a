/* SPDX-License-Identifier: MIT */
/* A history that a test tells, record by record. */
#ifndef TOLD_HISTORY_H
#define TOLD_HISTORY_H

#include <stdio.h>

#include "history.h"

#define SECOND 1000000000ULL
#define START  (100 * SECOND)

static struct history *history;

/* For each record, before the history gets it; NULL: nobody else is told. */
static int (*also_tell)(const struct fl_record *record);

static void tell(const struct fl_record *record)
{
	if (also_tell)
		assert_int_equal(also_tell(record), 0);
	assert_int_equal(history_add(history, record), 0);
}

static struct fl_record record_of(enum fl_record_type type, size_t size, uint64_t time_ns)
{
	return (struct fl_record){ .type = type, .size = size, .time_ns = time_ns };
}

static const struct faultline_segment *told_segment(void)
{
	static const struct faultline_segment segment = {
		.size = sizeof(segment),
		.source = FAULTLINE_SOURCE_MODULE,
		.page_bytes = 4096,
		.period_ns = SECOND / 100,
		.start_ns = START,
		.source_version = "1.2",
		.blind = "what is told to nobody",
	};

	return &segment;
}

static int told_begin(void **state)
{
	(void)state;
	also_tell = NULL;
	history = history_new();
	return history ? history_begin(history, told_segment()) : -1;
}

static int told_end(void **state)
{
	(void)state;
	history_free(history);
	return 0;
}

/* Its PID is 1000 more than its target; it is born when it is told of. */
static void told_join(uint32_t target, uint32_t parent, uint64_t time_ns, const char *name)
{
	enum fl_record_type type = parent ? FL_RECORD_FORK : FL_RECORD_TARGET;
	struct fl_join join = {
		.record = record_of(type, sizeof(join), time_ns),
		.target = target,
		.parent = parent,
		.pid = 1000 + (int)target,
		.birth_ns = time_ns,
	};

	snprintf(join.comm, sizeof(join.comm), "%s", name);
	tell(&join.record);
}

/* A tenth of the minor faults are major, too; each fault takes a microsecond. */
static struct fl_counts told_counts(uint64_t minor, uint64_t resident)
{
	return (struct fl_counts){
		.minor = minor,
		.major = minor / 10,
		.cpu_ns = minor * 1000,
		.system_ns = minor * 250,
		.resident = resident,
		.voluntary = 7,
	};
}

static void told_sample(uint32_t target, uint64_t time_ns, uint64_t minor, uint64_t resident)
{
	const struct fl_sample sample = {
		.record = record_of(FL_RECORD_SAMPLE, sizeof(sample), time_ns),
		.target = target,
		.counts = told_counts(minor, resident),
	};

	tell(&sample.record);
}

static void told_exit(uint32_t target, uint64_t time_ns, uint64_t minor)
{
	const struct fl_exit last = {
		.record = record_of(FL_RECORD_EXIT, sizeof(last), time_ns),
		.target = target,
		.counts = told_counts(minor, 0),
	};

	tell(&last.record);
}

#endif
