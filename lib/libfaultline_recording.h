/* SPDX-License-Identifier: MIT */
/*
 * Recordings: files of records that explain themselves after the machine and its processes are
 * gone. The format is in faultline-recording(5) and, for who writes it, in lib/recording_format.h.
 *
 * A recording has one or more SEGMENTS, one for each time that somebody recorded into it. A segment
 * begins with what was recorded where; then come blocks of records, as they were in the ring but
 * for the pads; and an END, if it ended well. Records are in the file block by block, at the latest
 * when faultline_writer_flush() returns. Whatever happens to the writer or the disk, all whole
 * blocks before it can be read.
 *
 * Errors, threads and growth are as in libfaultline.h; a writer or a recording is for one thread at
 * a time.
 */
#ifndef LIBFAULTLINE_RECORDING_H
#define LIBFAULTLINE_RECORDING_H

#include "libfaultline.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct faultline_writer;
struct faultline_recording;

/* Who wrote the records. */
enum faultline_source {
	FAULTLINE_SOURCE_MODULE = 1,
	FAULTLINE_SOURCE_PERF = 2, /* perf_event_open(2) */
	FAULTLINE_SOURCE_PROC = 3, /* /proc */
};

/*
 * What a segment begins with. To a writer, 0 and NULL mean what is said in brackets. From a reader,
 * no string is NULL; they go with the segment.
 */
struct faultline_segment {
	uint32_t size;	     /* sizeof(struct faultline_segment) */
	uint32_t source;     /* enum faultline_source (the module) */
	uint32_t clock;	     /* enum fl_clock (CLOCK_MONOTONIC) */
	uint32_t ring_flags; /* FL_SETUP_... */
	uint32_t page_bytes; /* the unit of resident and swapped (this machine's) */
	uint32_t cpus;	     /* that the machine has (this one's) */
	uint64_t period_ns;  /* 0: none */
	uint64_t start_ns;   /* when it began, by the clock (now) */
	int64_t wall_ns;     /* to be added to a time for nanoseconds since 1970 UTC (now's) */
	const char *node;    /* the machine's name, as uname -n (this one's) */
	const char *machine; /* what it is, as uname -m (this one's) */
	const char *kernel;  /* its release, as uname -r (this one's) */
	const char *source_version; /* of the module, say ("") */
	const char *blind;	    /* what the source cannot see, for people ("": sees all) */
	const char *command;	    /* the command line that recorded it ("") */
};

/* What a segment ends with, if it ended well. */
struct faultline_end {
	uint32_t size; /* sizeof(struct faultline_end) */
	uint32_t reserved;
	uint64_t end_ns;     /* when it ended, by the segment's clock */
	uint64_t records;    /* in the segment */
	uint64_t own_cpu_ns; /* CPU time of the recording process meanwhile */
	uint64_t pass_ns;    /* from here on as in struct faultline_figures */
	uint64_t passes;
	uint64_t lost;
	uint64_t missed;
	uint64_t shed;
	uint64_t overwritten;
	uint64_t unfollowed;
	uint64_t skipped;
};

/* If the file is there already; without either of them that is -EEXIST. */
#define FAULTLINE_WRITER_APPEND	 (1U << 0) /* add a segment to it */
#define FAULTLINE_WRITER_REPLACE (1U << 1) /* empty it first, whatever it was */

/**
 * faultline_writer_open - begin a segment in a new or old recording; it is in the file on return
 * @path: of a regular file; created with mode 0666 less the umask
 * @flags: FAULTLINE_WRITER_..., or 0
 * @segment: not kept; may be NULL
 * @writer: to be closed by the caller; NULL on error
 *
 * To append, all of the file is verified first, and a partial block at its end is cut off:
 * faultline_writer_cut(). A new file that could not be begun is removed.
 *
 * Return: 0, or
 *	-errno			as open(2), write(2)
 *	-EEXIST			there is such a file: append, replace or take another
 *	-EBUSY			another writer has it
 *	-EINVAL			no regular file; to append: no recording; a string is too long
 *	-EPROTONOSUPPORT	to append: of another major version
 *	-EBADMSG		to append: damaged before its end
 *	-EFBIG			to append: it has 65,535 segments
 */
int faultline_writer_open(const char *path, uint32_t flags, const struct faultline_segment *segment,
			  struct faultline_writer **writer);

/** faultline_writer_cut - how many bytes of an unfinished block were cut off to append */
uint64_t faultline_writer_cut(const struct faultline_writer *writer);

/**
 * faultline_writer_add - write a record; pads are left out
 * @record: copied
 *
 * It goes into a buffer of 64 KiB, which is written when it is full. If that fails the record is
 * not taken, what was taken before stays in the buffer, and the file stays a whole recording: the
 * call may be tried again when there is room, or the writer closed.
 *
 * Return: 0, -EINVAL if it is malformed, or -errno as write(2), mostly -ENOSPC.
 */
int faultline_writer_add(struct faultline_writer *writer, const struct fl_record *record);

/**
 * faultline_writer_flush - write what is in the buffer
 * @to_disk: also wait until the disk has it, fdatasync(2): it then survives loss of power
 *
 * Return: 0, or -errno as write(2) and fdatasync(2); tried again as faultline_writer_add().
 */
int faultline_writer_flush(struct faultline_writer *writer, bool to_disk);

/**
 * faultline_writer_close - write what is left and the end, and free the writer in any case
 * @writer: NULL is fine
 * @figures: what the session lost and cost, its size set; NULL: no end is written, as if the
 *	writer had crashed here
 *
 * Return: 0, or -errno as faultline_writer_flush(); the segment then has no end.
 */
int faultline_writer_close(struct faultline_writer *writer,
			   const struct faultline_figures *figures);

/**
 * faultline_recording_open - read a recording, as long as it is now
 * @path: of a regular file
 * @recording: to be closed by the caller; NULL on error
 *
 * Return: 0, or
 *	-errno			as open(2), read(2)
 *	-EINVAL			no regular file, or no recording
 *	-EPROTONOSUPPORT	of another major version, or of a big-endian machine
 *	-ENODATA		it ends before its first segment has begun: nothing was recorded
 *	-EBADMSG		it is damaged where its first segment begins
 */
int faultline_recording_open(const char *path, struct faultline_recording **recording);

/** faultline_recording_close - free it; NULL is fine */
void faultline_recording_close(struct faultline_recording *recording);

/* What faultline_recording_read() found. */
enum faultline_part {
	FAULTLINE_PART_NONE = 0,    /* the recording is at its end */
	FAULTLINE_PART_SEGMENT = 1, /* a segment begins: faultline_recording_segment() */
	FAULTLINE_PART_RECORDS = 2, /* records of this segment */
	FAULTLINE_PART_END = 3,	    /* this segment has ended well: faultline_recording_end() */
};

/**
 * faultline_recording_read - go on to the next part
 * @batch: for FAULTLINE_PART_RECORDS: walk over it with faultline_next(). It is the recording's;
 *	its records are valid until the next call.
 *
 * Return: enum faultline_part, or -errno as read(2), or -EBADMSG: a part is damaged and was left
 * out; the next call goes on behind it. Records are left out too if that part said which segment
 * they are of. An unfinished or damaged end of the file is no error but its end: see
 * faultline_recording_state().
 */
int faultline_recording_read(struct faultline_recording *recording, struct faultline_batch **batch);

/** faultline_recording_segment - the segment that is read; before the first one begins, that */
const struct faultline_segment *
faultline_recording_segment(const struct faultline_recording *recording);

/** faultline_recording_end - how this segment ended; NULL: it did not, or not yet */
const struct faultline_end *faultline_recording_end(const struct faultline_recording *recording);

/* What was seen so far; whole when faultline_recording_read() has returned 0. */
struct faultline_state {
	uint32_t size;	     /* sizeof(struct faultline_state) */
	uint32_t segments;   /* that began */
	uint32_t unfinished; /* of these, how many had no end, or not as many records as it says */
	uint32_t damaged;    /* parts that were left out */
	uint64_t records;    /* that were given */
	uint64_t damaged_bytes; /* in parts that were left out */
	uint64_t ignored_bytes; /* behind the last whole block: 0 if the file was not cut off */
};

/**
 * faultline_recording_state - what was seen so far
 * @state: its size set; the rest is filled
 *
 * Return: 0, or -EINVAL for its size.
 */
int faultline_recording_state(const struct faultline_recording *recording,
			      struct faultline_state *state);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
