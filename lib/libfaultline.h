/* SPDX-License-Identifier: MIT */
/*
 * libfaultline: follow processes with the module faultline and read what it writes. What records
 * mean, and all that the module promises, is in faultline.h, which is the manual of the two.
 *
 * A SESSION is one open file of the device, set up and mapped. It owns a reader for each ring.
 *
 *	struct faultline_options options = { .size = sizeof(options), .period_ns = 10000000 };
 *	faultline_session_open(&options, &session);
 *	faultline_session_add(session, FL_TARGET_PROCESS, pid, NULL);
 *	faultline_session_start(session);
 *	while (faultline_session_wait(session, -1) > 0) {
 *		reader = faultline_session_reader(session, 0);
 *		while (faultline_reader_read(reader, &batch) > 0) {
 *			while ((record = faultline_next(batch)))
 *				...
 *			faultline_session_consume(session, reader);
 *		}
 *	}
 *	faultline_session_close(session);
 *
 * A READER walks over one ring, batch by batch. In a ring that stops when it is full it gives the
 * records where they are, without a copy. In one that overwrites it copies each batch first and
 * leaves out what was overwritten under it; how many records that were, it counts.
 *
 * ERRORS are -errno, and then faultline_message() has a line for people. Nothing is printed, no
 * signal is touched, and a function that fails has changed nothing unless it says so.
 *
 * THREADS may share a session; a reader is for one at a time. Messages are the thread's own.
 *
 * HOW THIS GROWS. Structs begin with their size, which the program sets to sizeof. Fields are only
 * appended, and 0 in a new one means what was before it. The library takes a shorter struct, and a
 * longer one whose further bytes are 0 (-E2BIG otherwise); of what it gives back it fills as much
 * as there is room for. A size that is less than the first version's is -EINVAL.
 */
#ifndef LIBFAULTLINE_H
#define LIBFAULTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "faultline.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct faultline_session;
struct faultline_reader;

/** faultline_version - the library's version, "1.2.3"; never to be freed */
const char *faultline_version(void);

/**
 * faultline_message - what the last function that failed in this thread failed at
 *
 * Return: one line without a full stop, mostly with what to do next; "" if none failed yet. Never
 * to be freed, valid until the next call of this thread.
 */
const char *faultline_message(void);

/**
 * faultline_module_version - ask the module what it speaks, also if that is another major version
 * @device: path; NULL: FL_DEVICE
 * @version: filled whole
 *
 * Return: 0, or -errno as faultline_session_open(), but for -EPROTONOSUPPORT.
 */
int faultline_module_version(const char *device, struct fl_version *version);

/* How a session is to be. Zeroes, and no options at all, mean what is said last. */
struct faultline_options {
	uint32_t size;	     /* sizeof(struct faultline_options) */
	uint32_t flags;	     /* FL_SETUP_...; none */
	const char *device;  /* path; FL_DEVICE */
	uint64_t period_ns;  /* FL_PERIOD_MIN_NS to FL_PERIOD_MAX_NS; only when asked to */
	uint64_t ring_bytes; /* a power of two, FL_RING_MIN_BYTES to _MAX_BYTES; FL_RING_BYTES */
	uint64_t wake_bytes; /* so many unread wake who waits; any record does */
};

/**
 * faultline_session_open - open the device, see that it speaks our language, set up and map
 * @options: not kept; may be NULL
 * @session: the new session, to be closed by the caller; NULL on error
 *
 * Return: 0, or
 *	-ENOENT, -ENODEV, -EACCES, -EMFILE...	as open(2) of the device
 *	-EPROTONOSUPPORT	the module's ABI is of another major version: the message has both
 *	-ENOTTY			the device is not faultline's
 *	-EINVAL, -ENOMEM, -EAGAIN	as FL_IOC_SETUP
 *	-EPROTO			the mapping contradicts itself
 */
int faultline_session_open(const struct faultline_options *options,
			   struct faultline_session **session);

/** faultline_session_close - end it and free it with its readers; NULL is fine */
void faultline_session_close(struct faultline_session *session);

/**
 * faultline_session_header - the mapping's header
 *
 * Return: the live header, for reading; it goes with the session. Look at fields behind those of
 * this version of the library only if its size says that they are there.
 */
const struct fl_header *faultline_session_header(const struct faultline_session *session);

/** faultline_session_fd - its descriptor, for poll(2): POLLIN; it stays the session's */
int faultline_session_fd(const struct faultline_session *session);

/**
 * faultline_session_add - follow a target from now on, FL_IOC_ADD
 * @number: a PID, a TID or the descriptor of a cgroup's folder, by @kind
 * @target: its id in records; may be NULL
 *
 * Return: 0, or -errno as FL_IOC_ADD.
 */
int faultline_session_add(struct faultline_session *session, enum fl_target_kind kind, int number,
			  uint32_t *target);

/** faultline_session_remove - no longer follow it: 0, or -ENOENT if there is none of that id */
int faultline_session_remove(struct faultline_session *session, uint32_t target);

/** faultline_session_start - take samples from one period on: 0, or -EINVAL without a period */
int faultline_session_start(struct faultline_session *session);

/** faultline_session_stop - take no more samples until started again: 0 */
int faultline_session_stop(struct faultline_session *session);

/** faultline_session_sample - take one sample of all targets now; in the ring on return: 0 */
int faultline_session_sample(struct faultline_session *session);

/**
 * faultline_session_wait - sleep until wake_bytes of records are unread
 * @timeout_ms: milliseconds; 0: only look; -1: for ever
 *
 * Return: 1 if they are, 0 if time ran out, -EINTR if a signal came, -EIO if none will ever be, or
 * -errno as poll(2).
 */
int faultline_session_wait(struct faultline_session *session, int timeout_ms);

/**
 * faultline_session_reader - the reader of a ring
 * @ring: its number, from 0
 *
 * Return: the session's, not to be closed; NULL if there is no such ring or it is of a kind that
 * this version does not know.
 */
struct faultline_reader *faultline_session_reader(struct faultline_session *session, uint32_t ring);

/**
 * faultline_session_consume - give back the room of all records that faultline_next() gave so far
 * @reader: one of the session's
 *
 * One system call, so once a batch. A ring that overwrites needs it, too: for waiting, and for
 * what it counts as overwritten.
 *
 * Return: 0, -EINVAL if the reader is not the session's or another one consumed what is newer, or
 * -EPROTO as faultline_reader_read().
 */
int faultline_session_consume(struct faultline_session *session, struct faultline_reader *reader);

/* What a session has done, lost and cost so far. See struct fl_header and struct fl_ring. */
struct faultline_figures {
	uint32_t size; /* sizeof(struct faultline_figures) */
	uint32_t targets;
	uint64_t start_ns; /* CLOCK_MONOTONIC */
	uint64_t passes;
	uint64_t missed;
	uint64_t shed;
	uint64_t unfollowed;
	uint64_t pass_ns; /* nanoseconds spent in passes */
	uint64_t records; /* of all rings; so are the next two */
	uint64_t lost;
	uint64_t overwritten;
	uint64_t skipped; /* records that the session's readers came too late for */
};

/**
 * faultline_session_figures - read the figures; each is up to date, but not all of one moment
 * @figures: its size set; the rest is filled
 *
 * Return: 0, or -EINVAL for its size.
 */
int faultline_session_figures(const struct faultline_session *session,
			      struct faultline_figures *figures);

/* Give copies also in a ring that does not overwrite: for a reader that is not the only one. */
#define FAULTLINE_READER_COPY (1U << 0)

/**
 * faultline_reader_open - read a ring of a mapping that is the caller's
 * @mapping: a whole mapping of a session, or memory laid out like one; aligned to 8 bytes. It must
 *	outlive the reader.
 * @bytes: of it
 * @ring: its number, from 0
 * @flags: FAULTLINE_READER_..., or 0
 * @reader: begins at the oldest record; to be closed by the caller; NULL on error
 *
 * Return: 0, or
 *	-EPROTO		the mapping contradicts itself
 *	-EPROTONOSUPPORT	it is of another major version
 *	-ENOENT		there is no such ring
 *	-EOPNOTSUPP	it is of a kind that this version does not know
 *	-EINVAL		unknown flags, or not aligned
 *	-ENOMEM
 */
int faultline_reader_open(const void *mapping, size_t bytes, uint32_t ring, uint32_t flags,
			  struct faultline_reader **reader);

/** faultline_reader_close - free it; NULL is fine, a session's reader is not */
void faultline_reader_close(struct faultline_reader *reader);

/* Some records in a row. Its fields are faultline_next()'s own. */
struct faultline_batch {
	const unsigned char *next;
	const unsigned char *end;
	size_t last_size;   /* of the record given last; 0 if there was none */
	uint32_t last_kind; /* its type and size, as they are in memory */
	uint32_t reserved;
};

/**
 * faultline_reader_read - begin a batch with all records that are there; does not wait
 * @batch: walk over it with faultline_next(); it is the reader's. Records of the batch before are
 *	no longer valid, and those not taken from it come again.
 *
 * Return: 1, 0 if there is none now, or -EPROTO if the ring contradicts itself or, when records
 * are given in place, another reader consumed what this one had not read yet. That is final: the
 * reader gives nothing any more.
 */
int faultline_reader_read(struct faultline_reader *reader, struct faultline_batch **batch);

/** faultline_reader_position - behind the last record that faultline_next() gave, in the ring */
uint64_t faultline_reader_position(const struct faultline_reader *reader);

/** faultline_reader_skipped - how many records were overwritten before they were read */
uint64_t faultline_reader_skipped(const struct faultline_reader *reader);

/* The part of faultline_next() that is seldom needed; not to be called by programs. */
const struct fl_record *faultline_next_seldom(struct faultline_batch *batch);

#pragma GCC visibility pop

/**
 * faultline_record_usual - is this a whole record that needs no second look?
 * @end: behind the last byte that may be read; behind the record's first
 *
 * Return: true only if it ends at @end at the latest and, if it is of a type that faultline.h has,
 * is as long as its struct there was in the first version. False for pads, and for some whole
 * records of unknown types.
 */
static inline bool faultline_record_usual(const struct fl_record *record, const void *end)
{
	/* What is no type, or none that is known, has a length that no record can have. */
	static const uint16_t least[16] = {
		0xffff,
		0xffff, /* FL_RECORD_PAD */
		sizeof(struct fl_sample),
		sizeof(struct fl_join), /* FL_RECORD_TARGET */
		sizeof(struct fl_join), /* FL_RECORD_FORK */
		sizeof(struct fl_exec),
		FL_EXIT_BYTES_MINOR_0,
		sizeof(struct fl_left),
		sizeof(struct fl_missed),
		sizeof(struct fl_lost),
		0xffff,
		0xffff,
		0xffff,
		0xffff,
		0xffff,
		0xffff,
	};

	return record->size >= least[record->type % 16] && record->size % 8 == 0 &&
	       (uintptr_t)record + record->size <= (uintptr_t)end;
}

/**
 * faultline_next - take the next record from a batch
 *
 * Return: the record; of a type that faultline.h has it is at least as long as its struct there was
 * in the first version (what was added since has a function of its own, as faultline_exit_peak()),
 * of any other at least as a struct fl_record. Pads do not show. It is valid until the batch's
 * owner begins its next one and, in place, until it is consumed. NULL at the end of the batch.
 */
static inline const struct fl_record *faultline_next(struct faultline_batch *batch)
{
	const unsigned char *next = batch->next;
	uint32_t kind;

	/* Most records are like the one before, which was looked at. */
	if (__builtin_expect(batch->last_size - 1 >= (size_t)(batch->end - next), 0))
		return faultline_next_seldom(batch);
	__builtin_memcpy(&kind, next, sizeof(kind));
	if (__builtin_expect(kind != batch->last_kind, 0))
		return faultline_next_seldom(batch);
	batch->next = next + batch->last_size;
	return (const struct fl_record *)(const void *)next;
}

/**
 * faultline_exit_peak - the most pages that a process had in memory at one time
 *
 * Return: its peak_resident; 0 if that is not known, or the record is from before there was any.
 */
static inline uint64_t faultline_exit_peak(const struct fl_exit *ended)
{
	return ended->record.size >= sizeof(*ended) ? ended->peak_resident : 0;
}

#ifdef __cplusplus
}
#endif

#endif
