// SPDX-License-Identifier: MIT
#include "crowd.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc.h"
#include "source.h"

/* The process whose children are the kernel's threads. */
#define KTHREADD 2

static int read_stat(int pid, struct proc_stat *stat)
{
	int file = proc_open_stat(pid, false);
	int error;

	if (file < 0)
		return file;
	error = proc_read_stat(file, stat);
	close(file);
	return error;
}

int crowd_parent(int pid)
{
	struct proc_stat stat;

	return read_stat(pid, &stat) ? 0 : stat.parent;
}

static bool ours(int pid)
{
	uid_t user = geteuid();
	struct stat stat;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return !user || (!lstat(path, &stat) && stat.st_uid == user);
}

static bool worth_it(int pid)
{
	struct proc_stat stat;

	return pid != KTHREADD && pid != getpid() && ours(pid) && !read_stat(pid, &stat) &&
	       stat.parent != KTHREADD && stat.state != 'Z';
}

/* Who ended meanwhile, is followed already or must not be looked at is no trouble. */
static bool could_not(int error)
{
	return error && error != -ESRCH && error != -EEXIST && error != -EPERM && error != -EACCES;
}

static int by_number(const void *left, const void *right)
{
	const int *a = left;
	const int *b = right;

	return *a < *b ? -1 : *a > *b;
}

int crowd_follow(struct crowd *crowd, struct source *source)
{
	long number;
	int *pids;

	number = proc_list(&pids);
	if (number < 0)
		return (int)number;
	for (long i = 0; i < number; i++) {
		if (crowd->number &&
		    bsearch(&pids[i], crowd->pids, crowd->number, sizeof(*crowd->pids), by_number))
			continue;
		if (worth_it(pids[i]))
			crowd->left_out += could_not(source_add(source, FL_TARGET_TREE, pids[i]));
	}
	free(crowd->pids);
	crowd->pids = pids;
	crowd->number = number;
	return 0;
}

void crowd_clear(struct crowd *crowd)
{
	free(crowd->pids);
	*crowd = (struct crowd){ 0 };
}
