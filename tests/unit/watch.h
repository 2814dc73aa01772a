/* SPDX-License-Identifier: MIT */
/* Watching real processes with a source, and holding all its records against the contract. */
#ifndef WATCH_H
#define WATCH_H

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "source.h"

#define MS	    1000000ULL
#define WATCHED_MAX 512
#define SLICE_MS    5

/* One that is told of. */
struct watched {
	uint32_t id;
	uint32_t parent;
	uint16_t joined; /* FL_RECORD_TARGET or _FORK */
	int pid;
	int tid;
	uint64_t birth_ns;
	char comm[FL_COMM_BYTES];
	unsigned int samples;
	unsigned int execs;
	uint16_t ended; /* FL_RECORD_EXIT or _LEFT; 0: not yet */
	int status;
	struct fl_counts counts;
	uint64_t peak_resident;
};

struct watch {
	struct source *source;
	pid_t child;
	int go;
	int steps[2];	     /* a pipe: a byte for each slice that was watched, one at a time */
	struct rusage usage; /* the child's and that of those it waited for */
	int status;
	uint32_t seq;
	uint64_t time_ns;
	uint64_t missed;
	uint64_t lost;
	uint64_t unfollowed;
	struct watched all[WATCHED_MAX];
	size_t number;
};

static inline struct watched *watch_find(struct watch *watch, uint32_t id)
{
	for (size_t i = 0; i < watch->number; i++) {
		if (watch->all[i].id == id)
			return &watch->all[i];
	}
	return NULL;
}

static inline struct watched *watch_pid(struct watch *watch, int pid)
{
	for (size_t i = 0; i < watch->number; i++) {
		if (watch->all[i].pid == pid && !watch->all[i].tid)
			return &watch->all[i];
	}
	return NULL;
}

static inline void watch_counts(struct watch *watch, uint32_t id, const struct fl_counts *counts)
{
	struct watched *one = watch_find(watch, id);

	assert_non_null(one);
	assert_int_equal(one->ended, 0);
	assert_true(counts->minor >= one->counts.minor);
	assert_true(counts->major >= one->counts.major);
	assert_true(counts->cpu_ns >= one->counts.cpu_ns);
	assert_true(counts->system_ns >= one->counts.system_ns);
	assert_true(counts->system_ns <= counts->cpu_ns);
	assert_true(counts->voluntary >= one->counts.voluntary);
	assert_true(counts->involuntary >= one->counts.involuntary);
	one->counts = *counts;
}

static inline void watch_join(struct watch *watch, const struct fl_join *join)
{
	struct watched *one = &watch->all[watch->number++];

	assert_true(watch->number <= WATCHED_MAX);
	assert_null(watch_find(watch, join->target));
	assert_true(join->birth_ns <= join->record.time_ns);
	*one = (struct watched){ .id = join->target,
				 .parent = join->parent,
				 .joined = join->record.type,
				 .pid = join->pid,
				 .tid = join->tid,
				 .birth_ns = join->birth_ns };
	memcpy(one->comm, join->comm, sizeof(one->comm));
}

static inline void watch_exec(struct watch *watch, const struct fl_exec *exec)
{
	struct watched *one = watch_find(watch, exec->target);

	assert_non_null(one);
	assert_int_equal(one->ended, 0);
	memcpy(one->comm, exec->comm, sizeof(one->comm));
	one->execs++;
}

static inline void watch_take(struct watch *watch, const struct fl_record *record)
{
	const struct fl_sample *sample = (const void *)record;
	const struct fl_exit *end = (const void *)record;
	const struct fl_left *left = (const void *)record;
	const struct fl_missed *missed = (const void *)record;
	const struct fl_lost *lost = (const void *)record;

	assert_true(record->time_ns >= watch->time_ns);
	watch->time_ns = record->time_ns;
	if (record->type != FL_RECORD_LOST)
		assert_int_equal(record->seq, watch->seq);
	watch->seq = record->seq + 1;
	switch (record->type) {
	case FL_RECORD_TARGET:
	case FL_RECORD_FORK:
		watch_join(watch, (const void *)record);
		break;
	case FL_RECORD_EXEC:
		watch_exec(watch, (const void *)record);
		break;
	case FL_RECORD_SAMPLE:
		watch_counts(watch, sample->target, &sample->counts);
		watch_find(watch, sample->target)->samples++;
		break;
	case FL_RECORD_EXIT:
		watch_counts(watch, end->target, &end->counts);
		assert_int_equal(end->counts.resident, 0);
		assert_int_equal(end->counts.swapped, 0);
		watch_find(watch, end->target)->ended = record->type;
		watch_find(watch, end->target)->status = end->status;
		watch_find(watch, end->target)->peak_resident = faultline_exit_peak(end);
		break;
	case FL_RECORD_LEFT:
		watch_counts(watch, left->target, &left->counts);
		watch_find(watch, left->target)->ended = record->type;
		break;
	case FL_RECORD_MISSED:
		watch->missed += missed->deadlines;
		break;
	case FL_RECORD_LOST:
		watch->lost += lost->records;
		watch->unfollowed += lost->unfollowed;
		break;
	default:
		fail_msg("a record of type %u", record->type);
	}
}

static inline void watch_drain(struct watch *watch)
{
	const struct fl_record *record;
	int found;

	while ((found = source_next(watch->source, &record)) > 0)
		watch_take(watch, record);
	assert_int_equal(found, 0);
}

/* Takes in what comes until a time has passed. */
static inline void watch_for(struct watch *watch, int ms)
{
	struct pollfd ready = { .fd = source_fd(watch->source), .events = POLLIN };
	struct timespec from, now;

	clock_gettime(CLOCK_MONOTONIC, &from);
	do {
		poll(&ready, 1, 1);
		watch_drain(watch);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - from.tv_sec) * 1000 + (now.tv_nsec - from.tv_nsec) / 1000000 < ms);
}

static inline void watch_open(struct watch *watch, const struct source_plan *plan)
{
	*watch = (struct watch){ .go = -1 };
	assert_int_equal(pipe(watch->steps), 0);
	assert_int_equal(source_open(plan, &watch->source), 0);
}

/* A child that will do that when it is let go; it is followed as @kind says. */
static inline void watch_child(struct watch *watch, enum fl_target_kind kind, void (*work)(void))
{
	int go[2];
	char byte;

	assert_int_equal(pipe(go), 0);
	watch->child = fork();
	assert_true(watch->child >= 0);
	if (!watch->child) {
		close(go[1]);
		if (read(go[0], &byte, 1) == 1)
			work();
		_exit(0);
	}
	close(go[0]);
	watch->go = go[1];
	assert_int_equal(source_add(watch->source, kind, watch->child), 0);
}

/*
 * For the child: wait until it was watched for a whole slice, however slow this machine is. The
 * first byte may be from before.
 */
static inline void watch_pause(const struct watch *watch)
{
	char byte;

	for (int i = 0; i < 2; i++) {
		if (read(watch->steps[0], &byte, 1) != 1)
			_exit(1);
	}
}

static inline uint64_t watch_passes(const struct watch *watch)
{
	struct faultline_figures figures = { .size = sizeof(figures) };

	source_figures(watch->source, &figures);
	return figures.passes;
}

/* A slice has a pass in it if those are as frequent. */
static inline void watch_step(struct watch *watch)
{
	bool frequent = source_segment(watch->source)->period_ns <= SLICE_MS * MS;
	uint64_t before = watch_passes(watch);
	int unread = 0;

	do
		watch_for(watch, SLICE_MS);
	while (frequent && watch_passes(watch) == before);
	ioctl(watch->steps[0], FIONREAD, &unread);
	if (!unread)
		assert_int_equal(write(watch->steps[1], "", 1), 1);
}

static inline void watch_go(struct watch *watch)
{
	assert_int_equal(write(watch->go, "", 1), 1);
	close(watch->go);
	watch->go = -1;
}

/* Ends the watch of a child that has ended. */
static inline void watch_end(struct watch *watch)
{
	assert_int_equal(source_sample(watch->source), 0);
	assert_int_equal(source_stop(watch->source), 0);
	watch_drain(watch);
	assert_int_equal(wait4(watch->child, &watch->status, 0, &watch->usage), watch->child);
	watch->child = 0;
}

/* Lets the child go and looks only when it has ended. */
static inline void watch_too_late(struct watch *watch)
{
	siginfo_t ended = { 0 };

	assert_int_equal(source_start(watch->source), 0);
	watch_go(watch);
	assert_int_equal(waitid(P_PID, watch->child, &ended, WEXITED | WNOWAIT), 0);
	watch_drain(watch);
	watch_end(watch);
}

/* Lets the child go and watches it to its end, as the tool does. */
static inline void watch_run(struct watch *watch)
{
	siginfo_t ended = { 0 };

	assert_int_equal(source_start(watch->source), 0);
	watch_go(watch);
	while (!ended.si_pid) {
		watch_step(watch);
		waitid(P_PID, watch->child, &ended, WEXITED | WNOHANG | WNOWAIT);
	}
	watch_end(watch);
}

static inline void watch_close(struct watch *watch)
{
	if (watch->go >= 0)
		close(watch->go);
	for (int i = 0; i < 2; i++) {
		if (watch->steps[i] >= 0)
			close(watch->steps[i]);
	}
	source_close(watch->source);
	if (watch->child)
		waitpid(watch->child, NULL, 0);
}

#endif
