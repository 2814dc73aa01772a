/* SPDX-License-Identifier: MIT */
/*
 * A HISTORY is what records tell, put together: each process with its life and its samples, in the
 * order of time. Views are drawn from it, whether its records come from a source or a recording.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "libfaultline.h"
#include "libfaultline_recording.h"

/* The totals of a process at a moment. */
struct history_point {
	uint64_t time_ns;
	struct fl_counts counts;
};

enum history_end {
	HISTORY_ALIVE = 0,  /* it was there when the recording ended */
	HISTORY_EXITED = 1, /* status says how */
	HISTORY_LEFT = 2,   /* reason says why it was no longer followed */
};

struct history_process {
	uint32_t segment;	   /* index of the segment that it is of */
	uint32_t target;	   /* its id there */
	uint32_t parent;	   /* index of the process that forked it; HISTORY_NONE */
	int pid;		   /* 0: it has none in the recorder's namespace */
	int tid;		   /* of a thread that was followed alone; else 0 */
	char name[FL_COMM_BYTES];  /* the newest */
	char first[FL_COMM_BYTES]; /* the one it began with */
	uint64_t birth_ns;
	uint64_t first_ns; /* followed since */
	uint64_t last_ns;  /* of its newest record, never before first_ns */
	enum history_end end;
	int status;		    /* HISTORY_EXITED: as wait4(2) */
	enum fl_left_reason reason; /* HISTORY_LEFT */
	bool forked;		    /* since its birth: what it counts began while recorded */
	struct fl_counts begin;	    /* totals when it was first seen; zero if forked */
	struct fl_counts last;	    /* newest totals; memory is that of the newest sample */
	/*
	 * Pages: the kernel's own mark, if it was told of at the end and all of the life was
	 * followed; else the most of any sample. Show it only if history_knows_resident().
	 */
	uint64_t peak_resident;
	bool marked;	       /* that is the kernel's */
	uint64_t peak_swapped; /* pages; the most of any sample. Show it only if it was sampled */
	bool sampled;	       /* its memory was looked at, and not just once before it executed */
	struct history_point *points; /* samples, and the totals of its end */
	size_t number;		      /* of points */
	size_t room;
};

#define HISTORY_NONE UINT32_MAX

/* Deadlines and records that are not there. */
struct history_gap {
	uint32_t segment; /* index of the one that it is in */
	uint64_t time_ns;
	uint64_t missed; /* deadlines */
	uint64_t shed;	 /* visits */
	uint64_t lost;	 /* records */
	uint64_t unfollowed;
};

/* A process began to execute another program. */
struct history_exec {
	uint32_t process; /* index */
	uint64_t time_ns;
	char name[FL_COMM_BYTES]; /* its name from then on */
};

struct history_segment {
	struct faultline_segment head; /* its strings are the history's */
	struct faultline_end end;
	bool ended; /* end is filled */
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t samples;
};

/* All of it; read what you like, change nothing. Processes are in the order they were told of. */
struct history {
	struct history_segment *segments;
	size_t segment_number;
	struct history_process *processes;
	size_t process_number;
	struct history_gap *gaps;
	size_t gap_number;
	struct history_exec *execs;
	size_t exec_number;
	struct faultline_state state; /* of the recording it was read from */
	uint64_t records;
	struct history_private *private;
};

/** history_new - an empty one: NULL if there is no memory */
struct history *history_new(void);

/** history_free - NULL is fine */
void history_free(struct history *history);

/** history_begin - records of this segment come next; @segment is copied: 0 or -ENOMEM */
int history_begin(struct history *history, const struct faultline_segment *segment);

/** history_add - take in a record; of a target that was never told of it is left out: 0, -ENOMEM */
int history_add(struct history *history, const struct fl_record *record);

/** history_finish - the segment has ended well */
void history_finish(struct history *history, const struct faultline_end *end);

/**
 * history_read - read a whole recording
 * @progress: called now and then with the share that was read, 0 to 1; may be NULL
 *
 * Damaged parts are left out and counted in its state.
 *
 * Return: 0 or -errno as faultline_recording_open() and _read(); faultline_message() says more.
 */
int history_read(const char *path, void (*progress)(double share), struct history **history);

/**
 * history_forget - drop what is of before a time: execs, and points of all processes but the
 * newest of each
 */
void history_forget(struct history *history, uint64_t before_ns);

/**
 * history_bury - drop processes that ended before a time, as if they had never been
 *
 * Places in processes[] change. Without memory for it, nothing is dropped.
 */
void history_bury(struct history *history, uint64_t before_ns);

/** history_counts - what a process counted while it was followed: last less begin; memory: last */
struct fl_counts history_counts(const struct history_process *process);

/* What an interval of one or more processes cost. */
struct history_rates {
	double minor;	    /* faults a second */
	double major;	    /* faults a second */
	double cpu;	    /* CPUs: 1 is one CPU all the time */
	double system;	    /* of it in the kernel, CPUs */
	double voluntary;   /* switches a second */
	double involuntary; /* switches a second */
	double resident;    /* pages at the end of it */
	double swapped;	    /* pages at the end of it */
};

/**
 * history_between - rates of a process in an interval of time
 *
 * Totals at its ends are drawn as a straight line between the samples around them; before the
 * first and behind the last they stay what they are.
 */
struct history_rates history_between(const struct history_process *process, uint64_t from_ns,
				     uint64_t to_ns);

/** history_knows_resident - is the peak_resident of that process known, be it 0? */
static inline bool history_knows_resident(const struct history_process *process)
{
	return process->marked || process->sampled;
}

/** history_range - a segment's processes are in a row: from @first on, before @behind */
void history_range(const struct history *history, uint32_t segment, size_t *first, size_t *behind);

/** history_span - the times of the first and the last record of a segment's */
void history_span(const struct history *history, uint32_t segment, uint64_t *from_ns,
		  uint64_t *to_ns);

#endif
