// SPDX-License-Identifier: MIT
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define NS_PER_S   1000000000ULL
#define PATH_BYTES 64
#define TEXT_BYTES 8192
/* The groups of a user are a line of this file, and there may be a thousand of them. */
#define STATUS_BYTES 65536

/* What is no number is 0, which nobody has. */
static int to_number(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

/* Numbers behind the name and the state, from 0: see proc(5). */
enum field {
	PARENT = 0,
	MINOR = 6,
	CHILDREN_MINOR = 7,
	MAJOR = 8,
	CHILDREN_MAJOR = 9,
	USER = 10,
	SYSTEM = 11,
	THREADS = 16,
	START = 18,
	RESIDENT = 20,
	STATUS = 48,
	FIELDS,
};

static int read_fields(const char *at, uint64_t *fields)
{
	char *end;

	for (int i = 0; i < FIELDS; i++) {
		fields[i] = strtoull(at, &end, 10);
		if (end == at)
			return -EINVAL;
		at = end;
	}
	return 0;
}

int proc_parse_stat(const char *line, struct proc_stat *stat)
{
	const char *open = strchr(line, '(');
	const char *close = strrchr(line, ')');
	uint64_t fields[FIELDS];
	size_t length;

	if (!open || !close || close < open || close[1] != ' ' || !close[2])
		return -EINVAL;
	if (read_fields(close + 3, fields))
		return -EINVAL;
	length = close - open - 1;
	if (length >= FL_COMM_BYTES)
		length = FL_COMM_BYTES - 1;
	*stat = (struct proc_stat){
		.pid = to_number(line),
		.parent = fields[PARENT],
		.state = close[2],
		.minor = fields[MINOR],
		.major = fields[MAJOR],
		.buried = fields[CHILDREN_MINOR] + fields[CHILDREN_MAJOR],
		.user_ticks = fields[USER],
		.system_ticks = fields[SYSTEM],
		.threads = fields[THREADS],
		.start_ticks = fields[START],
		.resident = fields[RESIDENT],
		.status = fields[STATUS],
	};
	memcpy(stat->comm, open + 1, length);
	return 0;
}

static uint64_t find(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

void proc_parse_status(const char *text, struct proc_status *status)
{
	/* The name comes first and has no line end in it. */
	*status = (struct proc_status){
		.process = find(text, "\nTgid:"),
		.swapped = find(text, "\nVmSwap:") * 1024,
		.voluntary = find(text, "\nvoluntary_ctxt_switches:"),
		.involuntary = find(text, "\nnonvoluntary_ctxt_switches:"),
	};
}

static int open_file(int number, bool thread, const char *name)
{
	char path[PATH_BYTES];
	int file;

	if (thread)
		snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", number, number, name);
	else
		snprintf(path, sizeof(path), "/proc/%d/%s", number, name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file >= 0)
		return file;
	return errno == ENOENT ? -ESRCH : -errno;
}

static int read_whole(int file, char *text, size_t size)
{
	ssize_t length = pread(file, text, size - 1, 0);

	if (length <= 0)
		return length ? -errno : -ESRCH;
	text[length] = '\0';
	return 0;
}

static int read_file(int number, bool thread, const char *name, char *text, size_t size)
{
	int file = open_file(number, thread, name);
	int error;

	if (file < 0)
		return file;
	error = read_whole(file, text, size);
	close(file);
	return error;
}

int proc_open_stat(int number, bool thread)
{
	return open_file(number, thread, "stat");
}

int proc_read_stat(int file, struct proc_stat *stat)
{
	char text[TEXT_BYTES];
	int error = read_whole(file, text, sizeof(text));

	if (!error)
		error = proc_parse_stat(text, stat);
	/* It is just being buried: all its totals and its status are 0 already. */
	return !error && !stat->threads ? -ESRCH : error;
}

int proc_read_status(int number, bool thread, struct proc_status *status)
{
	char text[STATUS_BYTES];
	int error = read_file(number, thread, "status", text, sizeof(text));

	if (!error)
		proc_parse_status(text, status);
	return error;
}

void proc_switches(int pid, struct proc_status *status)
{
	uint64_t voluntary = 0, involuntary = 0;
	struct proc_status one;
	struct dirent *entry;
	char path[PATH_BYTES];
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	folder = opendir(path);
	if (!folder)
		return;
	while ((entry = readdir(folder))) {
		if (!isdigit((unsigned char)*entry->d_name) ||
		    proc_read_status(to_number(entry->d_name), true, &one))
			continue;
		voluntary += one.voluntary;
		involuntary += one.involuntary;
	}
	closedir(folder);
	status->voluntary = voluntary;
	status->involuntary = involuntary;
}

int proc_cpu(int pid, uint64_t *ns)
{
	struct timespec time;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &time))
		return -ESRCH;
	*ns = time.tv_sec * NS_PER_S + time.tv_nsec;
	return 0;
}

int proc_thread_cpu(int tid, uint64_t *ns)
{
	char text[PATH_BYTES];
	int error = read_file(tid, true, "schedstat", text, sizeof(text));

	if (!error)
		*ns = strtoull(text, NULL, 10);
	return error;
}

uint64_t proc_zombie_peak(int pid)
{
	struct rusage usage = { 0 };
	siginfo_t end = { 0 };

	/* The C library's function has no usage. */
	if (syscall(SYS_waitid, P_PID, pid, &end, WEXITED | WNOHANG | WNOWAIT, &usage))
		return 0;
	return end.si_pid == pid ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

size_t proc_own_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	size_t number = 0;

	if (!folder)
		return 0;
	while ((entry = readdir(folder)))
		number += isdigit((unsigned char)*entry->d_name) != 0;
	closedir(folder);
	return number;
}

uint64_t proc_birth(const struct proc_stat *stat)
{
	uint64_t ticks = sysconf(_SC_CLK_TCK);
	uint64_t birth = stat->start_ticks * (NS_PER_S / ticks);
	int64_t slept = (int64_t)(clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC));

	/* Some time passed between the two readings: without sleep it is below 0. */
	return slept > 0 && (uint64_t)slept < birth ? birth - slept : birth;
}

int proc_newest(void)
{
	char text[PATH_BYTES];
	const char *last;
	int file, error;

	file = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -1;
	error = read_whole(file, text, sizeof(text));
	close(file);
	last = error ? NULL : strrchr(text, ' ');
	return last ? to_number(last) : -1;
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

long proc_list(int **pids)
{
	size_t number = 0, room = 0;
	struct dirent *entry;
	DIR *folder;
	int *more;

	*pids = NULL;
	folder = opendir("/proc");
	if (!folder)
		return -errno;
	while ((entry = readdir(folder))) {
		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		if (number == room) {
			room = room ? 2 * room : 256;
			more = realloc(*pids, room * sizeof(int));
			if (!more)
				goto no_memory;
			*pids = more;
		}
		(*pids)[number++] = to_number(entry->d_name);
	}
	closedir(folder);
	if (number)
		qsort(*pids, number, sizeof(int), compare);
	return number;

no_memory:
	closedir(folder);
	free(*pids);
	*pids = NULL;
	return -ENOMEM;
}
