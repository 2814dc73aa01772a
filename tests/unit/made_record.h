/* SPDX-License-Identifier: MIT */
/* Records as a source gives them, made up. */
#ifndef MADE_RECORD_H
#define MADE_RECORD_H

#include <stdint.h>

#include "faultline.h"

#define SECOND 1000000000ULL

static inline struct fl_record made(enum fl_record_type type, size_t size, uint64_t time_ns)
{
	static uint32_t seq;

	return (struct fl_record){ .type = type, .size = size, .seq = seq++, .time_ns = time_ns };
}

static inline struct fl_join made_join(enum fl_record_type type, uint32_t target, uint64_t time_ns)
{
	return (struct fl_join){ .record = made(type, sizeof(struct fl_join), time_ns),
				 .target = target,
				 .pid = 1000 + target,
				 .birth_ns = time_ns,
				 .comm = "old" };
}

static inline struct fl_exec made_exec(uint32_t target, uint64_t time_ns)
{
	return (struct fl_exec){ .record = made(FL_RECORD_EXEC, sizeof(struct fl_exec), time_ns),
				 .target = target,
				 .comm = "new" };
}

/* The other counts are told by minor: major a tenth, CPU time as many microseconds. */
static inline struct fl_counts made_counts(uint64_t minor, uint64_t resident)
{
	return (struct fl_counts){
		.minor = minor, .major = minor / 10, .cpu_ns = minor * 1000, .resident = resident
	};
}

static inline struct fl_sample made_sample(uint32_t target, uint64_t time_ns, uint64_t minor,
					   uint64_t resident)
{
	return (struct fl_sample){ .record = made(FL_RECORD_SAMPLE, sizeof(struct fl_sample),
						  time_ns),
				   .target = target,
				   .counts = made_counts(minor, resident) };
}

static inline struct fl_exit made_exit(uint32_t target, uint64_t time_ns, uint64_t minor)
{
	return (struct fl_exit){ .record = made(FL_RECORD_EXIT, sizeof(struct fl_exit), time_ns),
				 .target = target,
				 .status = 0x100,
				 .counts = made_counts(minor, 0) };
}

static inline struct fl_left made_left(uint32_t target, uint64_t time_ns,
				       enum fl_left_reason reason, uint64_t minor)
{
	return (struct fl_left){ .record = made(FL_RECORD_LEFT, sizeof(struct fl_left), time_ns),
				 .target = target,
				 .reason = reason,
				 .counts = made_counts(minor, 0) };
}

#endif
