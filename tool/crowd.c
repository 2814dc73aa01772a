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

static int by_pid(const void *left, const void *right)
{
	const struct crowd_member *a = left;
	const struct crowd_member *b = right;

	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

/* Whether it is to be tried now, and was not before. */
static bool is_due(const struct crowd *before, struct crowd_member *member)
{
	const struct crowd_member *known;

	if (!before->members)
		return true;
	known = bsearch(member, before->members, before->number, sizeof(*member), by_pid);
	member->tried = known && known->tried;
	return known && !known->tried;
}

static void try(struct crowd *crowd, struct source *source, struct crowd_member *member)
{
	member->tried = true;
	if (worth_it(member->pid))
		crowd->left_out += could_not(source_add(source, FL_TARGET_TREE, member->pid));
}

int crowd_follow(struct crowd *crowd, struct source *source)
{
	struct crowd_member *members;
	long number;
	int *pids;

	number = proc_list(&pids);
	if (number < 0)
		return (int)number;
	members = calloc(number + 1, sizeof(*members));
	for (long i = 0; members && i < number; i++) {
		members[i].pid = pids[i];
		if (is_due(crowd, &members[i]))
			try(crowd, source, &members[i]);
	}
	free(pids);
	if (!members)
		return -ENOMEM;
	free(crowd->members);
	crowd->members = members;
	crowd->number = number;
	return 0;
}

void crowd_clear(struct crowd *crowd)
{
	free(crowd->members);
	*crowd = (struct crowd){ 0 };
}
