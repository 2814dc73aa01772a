// SPDX-License-Identifier: MIT
/*
 * A group of perf's counters for each thread, read with one system call. Counters that a process
 * leaves to its threads cannot be read as a group, so each thread has its own.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "method.h"
#include "report.h"

enum event {
	MINOR,
	MAJOR,
	CLOCK,
	EVENTS,
};

struct group {
	int fd[EVENTS];
};

static const uint64_t events[EVENTS] = { PERF_COUNT_SW_PAGE_FAULTS_MIN,
					 PERF_COUNT_SW_PAGE_FAULTS_MAJ, PERF_COUNT_SW_TASK_CLOCK };

static struct group *groups;
static unsigned int used;

static int open_event(enum event event, pid_t thread, int leader)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = events[event],
		.read_format = PERF_FORMAT_GROUP,
	};
	int fd = syscall(SYS_perf_event_open, &attr, thread, -1, leader, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		report_fail("perf_event_open: %s", strerror(errno));
	return fd;
}

static void open_group(pid_t thread)
{
	struct group *group = &groups[used++];

	for (int event = 0; event < EVENTS; event++)
		group->fd[event] = open_event(event, thread, event ? group->fd[0] : -1);
}

static void open_groups_of(pid_t process, unsigned int threads)
{
	char path[32];
	struct dirent *entry;
	DIR *folder;

	if (threads == 1) {
		open_group(process);
		return;
	}
	snprintf(path, sizeof(path), "/proc/%d/task", process);
	folder = opendir(path);
	if (!folder)
		report_fail("%s: %s", path, strerror(errno));
	for (entry = readdir(folder); entry; entry = readdir(folder)) {
		if (entry->d_name[0] != '.')
			open_group((pid_t)strtol(entry->d_name, NULL, 10));
	}
	closedir(folder);
}

static void open_groups(const struct crowd *crowd)
{
	used = 0;
	groups = calloc((size_t)crowd->processes * crowd->threads, sizeof(*groups));
	if (!groups)
		report_fail("no memory");
	for (unsigned int number = 0; number < crowd->processes; number++)
		open_groups_of(crowd->pids[number], crowd->threads);
}

static void read_groups(struct totals *sum)
{
	uint64_t value[1 + EVENTS];

	for (unsigned int number = 0; number < used; number++) {
		if (read(groups[number].fd[0], value, sizeof(value)) != sizeof(value))
			report_fail("perf's counters cannot be read: %s", strerror(errno));
		sum->minor += value[1 + MINOR];
		sum->major += value[1 + MAJOR];
		sum->cpu_ns += value[1 + CLOCK];
	}
}

static void close_groups(void)
{
	for (unsigned int number = 0; number < used; number++) {
		for (int event = EVENTS - 1; event >= 0; event--)
			close(groups[number].fd[event]);
	}
	free(groups);
}

const struct method method_perf = { "perf", open_groups, NULL, read_groups, close_groups };
