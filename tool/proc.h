/* SPDX-License-Identifier: MIT */
/* What /proc tells of one process or thread. Errors are -errno; -ESRCH: it is gone. */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "faultline.h"

/* What a line of /proc/PID/stat has for us. Faults are those of exited threads, too. */
struct proc_stat {
	int pid;
	int parent;
	char comm[FL_COMM_BYTES];
	char state; /* 'Z': a zombie, 'X': less than that */
	uint64_t minor;
	uint64_t major;
	uint64_t buried; /* faults of children that it waited for, and of theirs */
	uint64_t
		user_ticks; /* of USER_HZ; user and system together are exact, each cut to a tick */
	uint64_t system_ticks;
	uint64_t threads;
	uint64_t start_ticks; /* CLOCK_BOOTTIME */
	uint64_t resident;    /* pages; 0 of a zombie */
	int status; /* as wait4(2); 0 until it is a zombie, and if that is not ours to see */
};

/* What only the slow file /proc/PID/status has. */
struct proc_status {
	int process;	  /* PID of the process that a thread is of */
	uint64_t swapped; /* bytes */
	uint64_t voluntary;
	uint64_t involuntary;
};

/** proc_parse_stat - take in a line, whatever is in its name: 0, or -EINVAL if it is none */
int proc_parse_stat(const char *line, struct proc_stat *stat);

/** proc_parse_status - take in the whole file, NUL-terminated; what is not there is 0 */
void proc_parse_status(const char *text, struct proc_status *status);

/** proc_open_stat - open that of a process or, if @thread, a thread: a descriptor or -errno */
int proc_open_stat(int number, bool thread);

/**
 * proc_read_stat - read it by an open descriptor
 *
 * It stays that of the process it was opened for: -ESRCH when that is gone, whoever has its number.
 */
int proc_read_stat(int file, struct proc_stat *stat);

/** proc_read_status - of a process or thread, by its number */
int proc_read_status(int number, bool thread, struct proc_status *status);

/**
 * proc_switches - context switches of all threads a process has now; of exited ones nobody knows
 * @status: the switches in it are replaced by the sum
 */
void proc_switches(int pid, struct proc_status *status);

/** proc_cpu - CPU time of a process, exited threads included, up to now, nanoseconds */
int proc_cpu(int pid, uint64_t *ns);

/** proc_thread_cpu - CPU time of a thread, up to the newest tick, nanoseconds */
int proc_thread_cpu(int tid, uint64_t *ns);

/**
 * proc_zombie_peak - the most memory that our own child, who ended and is not buried, ever had
 *
 * The greatest of its own peak and those of the children that it buried, since its birth, when it
 * was a copy of this process, or shared its memory after vfork(2).
 *
 * Return: bytes; 0 if it is not our child, or has not ended.
 */
uint64_t proc_zombie_peak(int pid);

/** proc_own_files - how many files this process has open; 0 if that is not to be known */
size_t proc_own_files(void);

/** proc_birth - when it was born; CLOCK_MONOTONIC, to a tick */
uint64_t proc_birth(const struct proc_stat *stat);

/** proc_newest - the newest process number given out: as long as it stays, nobody was forked */
int proc_newest(void);

/**
 * proc_list - numbers of all processes, ascending
 * @pids: to be freed by the caller
 *
 * Return: how many, or -errno.
 */
long proc_list(int **pids);

#endif
