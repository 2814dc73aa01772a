/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Sessions of the page profiler: what the module and its users agree on.
 *
 * A SESSION is one open file of FL_DEVICE. It has its own targets, its own period and its own
 * rings, and nothing of another session shows in it. It ends when its last descriptor and its last
 * mapping are gone, whoever died and in whatever order, and frees all it held.
 *
 *	fd = open(FL_DEVICE, O_RDWR | O_CLOEXEC)	O_RDONLY will do as well
 *	FL_IOC_VERSION	do we speak the same language?
 *	FL_IOC_SETUP	mode, period, size of the ring; once
 *	mmap		the header and the rings, for reading
 *	FL_IOC_ADD	targets; also later, and FL_IOC_REMOVE
 *	FL_IOC_START	samples are taken until FL_IOC_STOP
 *	poll, read records out of the mapping, FL_IOC_CONSUME
 *	close
 *
 * TARGETS. A target is a process (all its threads), one thread, a process with all it will fork, or
 * the processes in a cgroup v2 and below it. Who is followed is the process itself, pinned, not its
 * number: a PID that is used again is never mistaken for it. Each process or thread that is
 * followed has an id of the session's, from 1 up, never given twice.
 *
 * WHO MAY LOOK. What counts is the rights of whoever OPENED the device. He may follow what he could
 * read with ptrace(2): processes whose real, effective and saved ids are his and that are dumpable;
 * with CAP_PERFMON or CAP_SYS_PTRACE in their user namespace, any. A process that executes a
 * program which changes that (a set-user-ID one) leaves, and a record says why. So does a child or
 * a cgroup's member that is not his to look at: it is never followed.
 *
 * WHAT A SAMPLE SAYS (struct fl_counts) is cumulative since the birth of the process, threads that
 * exited included, and never goes back: a sample that is lost costs resolution, never counts. When
 * a process has ended, one exit record holds its final totals: the faults are exactly those that
 * wait4(2) reports for it (without its children's), faults taken in kernel mode included. So is the
 * most memory it had, which samples may have missed.
 *
 * WHEN. With a period, samples are due at start + n * period (CLOCK_MONOTONIC), without drift,
 * all targets in one pass, which gives all its records the same time. A deadline that passes
 * before the pass of an earlier one ended is missed, and a pass that uses more than
 * FL_PASS_PERCENT of the period ends early: the processes it did not reach are shed, and the next
 * pass begins with them. If it used more all the same, as one process may have thousands of
 * threads, deadlines are left out, missed, until it was but that part of the time. All of it is
 * counted in the header and told by a record (struct fl_missed). With FL_SETUP_RAN a pass visits
 * only processes that ran since the pass before. The others' records would have been those
 * before, unless the kernel took memory away from them meanwhile; if nobody ran there are none.
 *
 * THE MAPPING begins with struct fl_header, which tells the place and size of everything else: use
 * what it says, not what this file says. It may be mapped in parts, at any page. Only MAP_SHARED
 * and PROT_READ are allowed, and that for any number of readers. Memory that user space can write
 * is never read by the kernel.
 *
 * A RING is a power of two of bytes. Positions are counts of bytes since the beginning, they only
 * grow, and the byte at position p is at offset + (p & (bytes - 1)). Whole records lie between tail
 * and head, each a multiple of 8 bytes and in one piece: where one would not fit before the ring's
 * end, an FL_RECORD_PAD fills the rest. To read one:
 *
 *	head = load_acquire(&ring->head)	pairs with the store-release after a record
 *	if position == head: there is none
 *	record at position; the next one is at position + record->size
 *
 * Records whose type you do not know are to be skipped by their size. What is behind the part of a
 * record that you know was appended later.
 *
 * IF THE RING IS FULL there are two ways. By default new records are lost, until FL_IOC_CONSUME
 * says that old ones were read. Samples are lost first: they say again what the ones before said,
 * so the last part of the room, one in FL_RING_KEPT, is kept for all other records. Lost ones are
 * counted (fl_ring.lost), they leave a gap in the sequence numbers as wide as they are many, and
 * when there is room again an FL_RECORD_LOST comes before the next one. With FL_SETUP_OVERWRITE
 * the oldest records make way: the newest are always there. The kernel moves tail before it
 * writes over anything, so a reader that copied a record has to look again:
 *
 *	copy the record at position
 *	read barrier (acquire)			pairs with the barrier after tail was moved
 *	if position < ring->tail: the copy is worth nothing; go on at tail
 *
 * HOW THIS GROWS. Every argument begins with its own size, as the program was compiled with. Fields
 * are only ever appended, and 0 in a new field means what was before it. The kernel takes a shorter
 * one, and a longer one, up to a page, whose further bytes are 0 (E2BIG otherwise); what it gives
 * back it cuts to the size it was given. Flags that it does not know: EINVAL. Reserved fields must
 * be 0: EINVAL. The same goes for header, ring descriptors and records, which tell their sizes.
 * What would break this raises FL_ABI_MAJOR, and programs of another major are to refuse. The
 * layout is the same for 32- and 64-bit programs.
 *
 * ERRORS of all ioctls: EFAULT, a pointer that is none; EINVAL, see there; E2BIG, see above;
 * ENOTTY, no such request; ENXIO, FL_IOC_SETUP must come first; EINTR, a signal came while another
 * caller had the session.
 */
#ifndef _UAPI_FAULTLINE_H
#define _UAPI_FAULTLINE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define FL_DEVICE_NAME "faultline"
#define FL_DEVICE      "/dev/" FL_DEVICE_NAME

#define FL_ABI_MAJOR 1 /* programs of another major are to refuse */
#define FL_ABI_MINOR 1 /* fields, flags and requests were added */

/* Limits. */
#define FL_PERIOD_MIN_NS    100000ULL	   /* 100 microseconds */
#define FL_PERIOD_MAX_NS    10000000000ULL /* 10 seconds */
#define FL_RING_MIN_BYTES   4096ULL
#define FL_RING_MAX_BYTES   (1ULL << 30)
#define FL_RING_BYTES	    (1ULL << 20) /* if none is asked for */
#define FL_PASS_PERCENT	    25		 /* of a period, which a pass may use at most */
#define FL_SESSIONS_MAX	    16	 /* at a time of one user without CAP_PERFMON; open: EMFILE */
#define FL_TARGETS_MAX	    2048 /* in a session of such a user */
#define FL_GROUPS_MAX	    16	 /* cgroups in a session */
#define FL_RING_KEPT	    4	 /* one part in so many of a ring that fills up: not for samples */
#define FL_RECORD_MAX_BYTES 256
#define FL_COMM_BYTES	    16 /* NUL-terminated */

/*
 * Requests. Their argument is a pointer to the struct named, or 0 where there is none. The numbers
 * do not have its size in them, as that grows.
 */
#define FL_IOC_TYPE    0xFA
#define FL_IOC_VERSION _IO(FL_IOC_TYPE, 0) /* struct fl_version */
#define FL_IOC_SETUP   _IO(FL_IOC_TYPE, 1) /* struct fl_setup */
#define FL_IOC_ADD     _IO(FL_IOC_TYPE, 2) /* struct fl_add */
#define FL_IOC_REMOVE  _IO(FL_IOC_TYPE, 3) /* struct fl_remove */
#define FL_IOC_START   _IO(FL_IOC_TYPE, 4) /* 0 */
#define FL_IOC_STOP    _IO(FL_IOC_TYPE, 5) /* 0 */
#define FL_IOC_SAMPLE  _IO(FL_IOC_TYPE, 6) /* 0 */
#define FL_IOC_CONSUME _IO(FL_IOC_TYPE, 7) /* struct fl_consume */

/* FL_IOC_VERSION: what the module speaks. Filled by the kernel, but for size. May come first. */
struct fl_version {
	__u32 size; /* of this struct, in bytes; so in all that follow */
	__u32 abi_major;
	__u32 abi_minor;
	__u32 reserved;
	char module[32]; /* the module's version, for people; NUL-terminated */
};

/*
 * FL_IOC_SETUP: once in a session, else EBUSY. The rings count as locked memory of the caller and
 * are charged to its memory cgroup, where the kernel can map what is charged (from 5.11 on).
 *
 *	EINVAL	period_ns or ring_bytes out of range, ring_bytes no power of two, unknown flags
 *	ENOMEM	no memory, or more than RLIMIT_MEMLOCK of a caller without CAP_IPC_LOCK
 *	EAGAIN	no thread could be made
 */
struct fl_setup {
	__u32 size;
	__u32 flags;	  /* FL_SETUP_... */
	__u64 period_ns;  /* FL_PERIOD_MIN_NS to FL_PERIOD_MAX_NS, or 0: only FL_IOC_SAMPLE */
	__u64 ring_bytes; /* FL_RING_MIN_BYTES to FL_RING_MAX_BYTES, or 0: FL_RING_BYTES */
	__u64 wake_bytes; /* poll says POLLIN when so many, or half the ring, are unread; 0: any */
	__u64 mapping_bytes; /* given back: of the whole mapping */
};

#define FL_SETUP_OVERWRITE (1U << 0) /* a full ring gives up its oldest records for new ones */
#define FL_SETUP_RAN	   (1U << 1) /* a pass visits only what ran since the pass before */

enum fl_target_kind {
	FL_TARGET_PROCESS = 1, /* the process called number, with all its threads */
	FL_TARGET_THREAD = 2,  /* the thread called number, alone */
	FL_TARGET_TREE = 3,    /* a process, and all that it and they fork from now on */
	FL_TARGET_CGROUP = 4,  /* number is a descriptor of a cgroup v2's folder: its members, those
				* of the cgroups below it, and who joins them later */
};

/*
 * FL_IOC_ADD: follow. PIDs are those of the caller's PID namespace. A record (FL_RECORD_TARGET)
 * tells of each process that is followed from now on. Members of a cgroup which the opener may not
 * look at, or which are followed already, are left out.
 *
 *	EINVAL	no such kind, unknown flags, number not positive (a PID) or negative (a descriptor)
 *	ESRCH	no such process or thread, or it is dead already
 *	EEXIST	the session follows it already
 *	EPERM	not the opener's to look at
 *	EBADF	no descriptor of a cgroup v2
 *	ENOSPC	FL_TARGETS_MAX or FL_GROUPS_MAX
 *	ENOMEM	no memory; nothing was changed
 */
struct fl_add {
	__u32 size;
	__u32 flags; /* none yet: 0 */
	__u32 kind;  /* enum fl_target_kind */
	__s32 number;
	__u32 target; /* given back: its id; a cgroup has one of its own */
	__u32 reserved;
};

/*
 * FL_IOC_REMOVE: no longer follow the target with that id; the children that it brought stay. If it
 * is a cgroup, all the processes that it brought leave. Each that leaves has a record,
 * FL_RECORD_LEFT.
 *
 *	ENOENT	the session follows none with that id (any more)
 */
struct fl_remove {
	__u32 size;
	__u32 target;
};

/*
 * FL_IOC_START: the first deadline is one period from now. EINVAL if the session has no period;
 * does nothing if it runs. FL_IOC_STOP: no further deadline. Fork, exec and exit are recorded
 * either way.
 *
 * FL_IOC_SAMPLE: one pass over all targets now, whether the session runs or not; with FL_SETUP_RAN
 * over those that ran. Its records are in the ring when it returns.
 */

/*
 * FL_IOC_CONSUME: all records before position were read, their place may be used again. A session
 * has one such position for each ring, for all its readers.
 *
 *	EINVAL	no such ring; position is beyond head, before an earlier one, or no multiple of 8
 *
 * A position before tail is fine: what was written since may have moved tail.
 */
struct fl_consume {
	__u32 size;
	__u32 ring; /* its number, from 0 */
	__u64 position;
};

#define FL_HEADER_MAGIC 0x31454e494c544c46ULL /* "FLTLINE1" in memory, little-endian */

enum fl_clock {
	FL_CLOCK_MONOTONIC = 1, /* all times are nanoseconds of CLOCK_MONOTONIC */
};

/* What the mapping begins with. What is not marked "changes" is fixed after FL_IOC_SETUP. */
struct fl_header {
	__u64 magic; /* FL_HEADER_MAGIC */
	__u32 size;  /* of this struct, in bytes */
	__u16 abi_major;
	__u16 abi_minor;
	__u64 mapping_bytes;
	__u32 rings;	   /* how many */
	__u32 ring_offset; /* of the first descriptor, from the beginning of the mapping */
	__u32 ring_size;   /* bytes from one descriptor to the next */
	__u32 flags;	   /* FL_SETUP_... */
	__u32 clock;	   /* enum fl_clock */
	__u32 page_bytes;  /* the unit of resident and swapped */
	__u64 period_ns;   /* 0: only when asked */
	__u64 start_ns;	   /* changes: of the newest FL_IOC_START; 0 before it */
	__u64 passes;	   /* changes: how many there were, those asked for included */
	__u64 missed;	   /* changes: deadlines that were missed */
	__u64 shed;	   /* changes: visits that were shed */
	__u64 unfollowed;  /* changes: processes not followed for want of memory or room */
	__u64 pass_ns;	   /* changes: time spent in passes, in all: what the sampling costs */
	__u32 targets;	   /* changes: processes and threads followed now */
	__u32 reserved;
};

enum fl_ring_kind {
	FL_RING_SAMPLES = 1, /* all records of this version; one for all CPUs */
};

/* A ring's descriptor. */
struct fl_ring {
	__u32 kind;   /* enum fl_ring_kind: skip rings of a kind that you do not know */
	__s32 cpu;    /* whose records it has; -1: all CPUs' */
	__u64 offset; /* of its first byte, from the beginning of the mapping */
	__u64 bytes;  /* a power of two */
	__u64 reserved[5];
	/* These change. */
	__u64 head;	   /* position behind the newest record */
	__u64 tail;	   /* position of the oldest whole record */
	__u64 consumed;	   /* the newest position of FL_IOC_CONSUME */
	__u64 records;	   /* how many were written, pads not counted */
	__u64 lost;	   /* how many were not, for want of room */
	__u64 overwritten; /* how many made way before they were consumed (FL_SETUP_OVERWRITE) */
	__u64 reserved_too[2];
};

enum fl_record_type {
	FL_RECORD_PAD = 1,    /* struct fl_record: nothing up to the ring's end */
	FL_RECORD_SAMPLE = 2, /* struct fl_sample */
	FL_RECORD_TARGET = 3, /* struct fl_join: followed by FL_IOC_ADD, or joined a cgroup */
	FL_RECORD_FORK = 4,   /* struct fl_join: forked by one that is followed */
	FL_RECORD_EXEC = 5,   /* struct fl_exec */
	FL_RECORD_EXIT = 6,   /* struct fl_exit: the last of its target */
	FL_RECORD_LEFT = 7,   /* struct fl_left: the last of its target */
	FL_RECORD_MISSED = 8, /* struct fl_missed */
	FL_RECORD_LOST = 9,   /* struct fl_lost */
};

/*
 * What every record begins with. A PAD may be as short as 8 bytes: it has no time.
 *
 * Sequence numbers count the records of a ring from 0, modulo 2^32. A lost one takes its number
 * with it; a PAD has the number of the record behind it.
 */
struct fl_record {
	__u16 type;    /* enum fl_record_type */
	__u16 size;    /* bytes up to the next record: a multiple of 8 */
	__u32 seq;     /* that of the record before + 1 */
	__u64 time_ns; /* when it happened; for all samples of a pass, when that began */
};

/*
 * The totals of a process or thread since its birth. Faults are counted when they have been served,
 * also those that the kernel took on its behalf, as in read(2) into fresh memory.
 *
 * cpu_ns is exact also for threads that are on a CPU at this moment. Which part of it is system_ns,
 * most kernels tell by what a timer's tick (1 to 10 ms) finds: it is coarse where cpu_ns is not.
 * resident and swapped are the kernel's own counters, which it updates in batches: they may be off
 * by some tens of pages for each CPU. The memory is that of the process, also if one thread is
 * followed alone.
 */
struct fl_counts {
	__u64 minor;	   /* faults that needed no I/O */
	__u64 major;	   /* faults that waited for I/O */
	__u64 cpu_ns;	   /* user + system, as the scheduler measures it, up to this moment */
	__u64 system_ns;   /* what of it was in the kernel; at most cpu_ns */
	__u64 resident;	   /* pages of page_bytes in memory now; when it has ended, 0 */
	__u64 swapped;	   /* pages of page_bytes in swap now; when it has ended, 0 */
	__u64 voluntary;   /* context switches: it waited */
	__u64 involuntary; /* context switches: its CPU was taken from it */
};

struct fl_sample {
	struct fl_record record;
	__u32 target; /* id */
	__u32 reserved;
	struct fl_counts counts;
};

/* One more that is followed from now on. */
struct fl_join {
	struct fl_record record;
	__u32 target; /* its id */
	__u32 parent; /* FORK: id of the one that forked it; TARGET: id of the cgroup, or 0 */
	__s32 pid; /* of the process, in the PID namespace of the session's opener; 0: has none */
	__s32 tid; /* of the thread, if one thread is followed alone; else 0 */
	__u64 birth_ns;		  /* when it was born; CLOCK_MONOTONIC */
	char comm[FL_COMM_BYTES]; /* its name; NUL-terminated */
};

/* It executes another program; it is still the same process and its totals go on. */
struct fl_exec {
	struct fl_record record;
	__u32 target;
	__u32 reserved;
	char comm[FL_COMM_BYTES]; /* its new name; NUL-terminated */
};

/* It has ended; these totals are final. */
struct fl_exit {
	struct fl_record record;
	__u32 target;
	__s32 status; /* as wait4(2) gives it: WIFEXITED() and so on; of a thread: as it was told */
	struct fl_counts counts;
	/*
	 * Since FL_ABI_MINOR 1: the most pages that it had in memory at one time of its life, all
	 * programs that it executed included: its own ru_maxrss of wait4(2), however short its life
	 * was. 0: not known, as of a thread that is followed alone, or it never had memory.
	 */
	__u64 peak_resident;
};

#define FL_EXIT_BYTES_MINOR_0 88 /* without peak_resident */

enum fl_left_reason {
	FL_LEFT_REMOVED = 1, /* FL_IOC_REMOVE */
	FL_LEFT_DENIED = 2,  /* it executed a program that the opener may not look at */
	FL_LEFT_CGROUP = 3,  /* it moved out of the cgroup */
};

/* It is alive but no longer followed. */
struct fl_left {
	struct fl_record record;
	__u32 target;
	__u32 reason;		 /* enum fl_left_reason */
	struct fl_counts counts; /* up to now; DENIED: all 0 */
};

/* Since the record before of this type. Its time is that of the pass. */
struct fl_missed {
	struct fl_record record;
	__u64 deadlines; /* at which there was no pass */
	__u64 shed;	 /* visits that the pass did not make */
};

/* Since the record before of this type. */
struct fl_lost {
	struct fl_record record;
	__u64 records;	  /* for which there was no room */
	__u64 unfollowed; /* processes that were not followed for want of memory or room */
};

#endif
