// SPDX-License-Identifier: MIT
#include "births.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "clock.h"

/* A member that moves while folders are read may be missed in the old one and in the new one. */
#define OUTSIDE_MAX 2

/* A process that was not there at the last look. */
struct newcomer {
	bool met; /* it is not to be looked at any more */
	int file; /* -1: there are too many of them */
	struct proc_stat stat;
};

static int open_newcomer(struct newcomer *newcomer, int pid, bool keep)
{
	int error;

	newcomer->met = false;
	newcomer->file = proc_open_stat(pid, false);
	if (newcomer->file < 0)
		return newcomer->file;
	error = proc_read_stat(newcomer->file, &newcomer->stat);
	if (error || !keep) {
		close(newcomer->file);
		newcomer->file = -1;
	}
	return error;
}

static void close_newcomer(const struct newcomer *newcomer)
{
	if (newcomer->file >= 0)
		close(newcomer->file);
}

/* It is no older than the last look, which did not find it: closer than a tick, mostly. */
static uint64_t birth_of(const struct births *births, const struct proc_stat *stat)
{
	uint64_t birth = proc_birth(stat);

	return birth < births->look_ns ? births->look_ns : birth;
}

/* Is it to be followed as a child of one that is? */
static bool belongs(const struct births *births, struct followed_set *set, uint64_t now_ns,
		    struct newcomer *newcomer)
{
	const struct followed *parent = followed_find(set, newcomer->stat.parent, 0);
	struct followed_new new = { .type = FL_RECORD_FORK, .tree = true };

	if (!(parent && parent->tree) && !heir_owns(&set->heir, newcomer->stat.parent))
		return false;
	if (!followed_find(set, newcomer->stat.pid, 0)) {
		new.parent = parent ? parent->id : 0;
		new.group = parent ? parent->group : 0;
		new.birth_ns = birth_of(births, &newcomer->stat);
		followed_add(set, now_ns, newcomer->file, &newcomer->stat, &new);
	} else {
		close_newcomer(newcomer);
	}
	newcomer->met = true;
	return true;
}

/* A parent may have the higher number, so all are looked at until none of them is new. */
static void follow_children(const struct births *births, struct followed_set *set, uint64_t now_ns,
			    struct newcomer *newcomers, size_t number)
{
	bool more;

	do {
		more = false;
		for (size_t i = 0; i < number; i++) {
			if (!newcomers[i].met && belongs(births, set, now_ns, &newcomers[i]))
				more = true;
		}
	} while (more);
	for (size_t i = 0; i < number; i++) {
		if (!newcomers[i].met)
			close_newcomer(&newcomers[i]);
	}
}

/* Those that are in @pids and were not there before. */
static size_t open_newcomers(const struct births *births, const struct followed_set *set,
			     const int *pids, size_t number, struct newcomer *newcomers)
{
	size_t found = 0, before = 0;

	for (size_t i = 0; i < number; i++) {
		while (before < births->number && births->pids[before] < pids[i])
			before++;
		if (before < births->number && births->pids[before] == pids[i])
			continue;
		if (!open_newcomer(&newcomers[found], pids[i], set->files + found < set->files_max))
			found++;
	}
	return found;
}

static int look_around(struct births *births, struct followed_set *set, uint64_t now_ns)
{
	struct newcomer *newcomers = NULL;
	uint64_t listed_ns;
	long number;
	int *pids;

	number = proc_list(&pids);
	if (number < 0)
		return number;
	listed_ns = clock_ns(CLOCK_MONOTONIC);
	if (births->looked && number) {
		newcomers = malloc(number * sizeof(*newcomers));
		if (!newcomers) {
			free(pids);
			return -ENOMEM;
		}
		follow_children(births, set, now_ns, newcomers,
				open_newcomers(births, set, pids, number, newcomers));
		free(newcomers);
	}
	free(births->pids);
	births->pids = pids;
	births->number = number;
	births->listed_ns = listed_ns;
	births->looked = true;
	return 0;
}

/* A number is given out before its process can be seen: one look after a change is too few. */
static bool is_quiet(struct births *births)
{
	int newest = births->poll ? proc_newest() : births->newest;

	if (newest != births->newest)
		births->settle = 2;
	births->newest = newest;
	if (!births->settle)
		return true;
	births->settle--;
	return false;
}

int births_tree(struct births *births, struct followed_set *set, uint64_t now_ns, bool heir)
{
	int error;

	if (heir)
		heir_become(&set->heir);
	if (births->looked)
		return 0;
	error = look_around(births, set, now_ns);
	if (!error)
		births->look_ns = now_ns;
	return error;
}

static int open_folder(int folder, const char *name)
{
	return openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void meet_member(struct births *births, struct followed_set *set, uint64_t now_ns,
			const struct births_group *group, int pid)
{
	struct followed *one = followed_find(set, pid, 0);
	struct followed_new new = { .type = FL_RECORD_TARGET, .group = group->id };
	const struct followed *parent;
	struct newcomer newcomer;

	if (one) {
		if (one->group == group->id)
			one->outside = 0;
		return;
	}
	if (open_newcomer(&newcomer, pid, true))
		return;
	/* Its EXIT may be told already: a cgroup has zombies, too. */
	if (newcomer.stat.state == 'Z' && newcomer.stat.threads <= 1) {
		close(newcomer.file);
		return;
	}
	new.parent = group->id;
	new.birth_ns = proc_birth(&newcomer.stat);
	parent = followed_find(set, newcomer.stat.parent, 0);
	if (parent && parent->group == group->id) {
		new.type = FL_RECORD_FORK;
		new.parent = parent->id;
		if (group->looked)
			new.birth_ns = birth_of(births, &newcomer.stat);
	}
	followed_add(set, now_ns, newcomer.file, &newcomer.stat, &new);
}

static void read_members(struct births *births, struct followed_set *set, uint64_t now_ns,
			 const struct births_group *group, int folder)
{
	int file = openat(folder, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char line[32];
	FILE *members;
	int pid;

	if (file < 0)
		return;
	members = fdopen(file, "r");
	if (!members) {
		close(file);
		return;
	}
	while (fgets(line, sizeof(line), members)) {
		pid = (int)strtol(line, NULL, 10);
		/* 0: of another PID namespace. */
		if (pid > 0)
			meet_member(births, set, now_ns, group, pid);
	}
	fclose(members);
}

/* Takes over @folder. */
static void read_group(struct births *births, struct followed_set *set, uint64_t now_ns,
		       const struct births_group *group, int folder)
{
	struct dirent *entry;
	DIR *entries;
	int below;

	read_members(births, set, now_ns, group, folder);
	entries = fdopendir(folder);
	if (!entries) {
		close(folder);
		return;
	}
	while ((entry = readdir(entries))) {
		if (entry->d_type != DT_DIR || *entry->d_name == '.')
			continue;
		below = open_folder(folder, entry->d_name);
		if (below >= 0)
			read_group(births, set, now_ns, group, below);
	}
	closedir(entries);
}

static void look_into(struct births *births, struct followed_set *set, uint64_t now_ns,
		      const struct births_group *group)
{
	int folder = open_folder(group->folder, ".");

	for (size_t i = 0; i < set->number; i++) {
		if (set->all[i].group == group->id)
			set->all[i].outside++;
	}
	if (folder >= 0)
		read_group(births, set, now_ns, group, folder);
}

int births_group(struct births *births, struct followed_set *set, uint64_t now_ns, int folder)
{
	struct births_group *group = &births->groups[births->group_number];
	struct statfs about;

	if (births->group_number == FL_GROUPS_MAX)
		return -ENOSPC;
	if (fstatfs(folder, &about) || about.f_type != CGROUP2_SUPER_MAGIC)
		return -EBADF;
	group->folder = open_folder(folder, ".");
	if (group->folder < 0)
		return errno == ENOTDIR ? -EBADF : -errno;
	group->id = ++set->newest;
	births->group_number++;
	look_into(births, set, now_ns, group);
	group->looked = true;
	return 0;
}

/* Of one that has ended its EXIT tells. */
static void let_leave(struct followed_set *set, uint64_t now_ns)
{
	for (size_t i = 0; i < set->number; i++) {
		struct followed *one = &set->all[i];

		if (one->group && !one->gone && one->outside >= OUTSIDE_MAX &&
		    followed_read(set, one, now_ns, false))
			followed_leave(set, one, now_ns, FL_LEFT_CGROUP);
	}
}

void births_heard(struct births *births, int pid)
{
	size_t at = births->number;
	int *pids;

	if (!births->looked)
		return;
	/* Numbers go up, mostly. */
	while (at && births->pids[at - 1] > pid)
		at--;
	if (at && births->pids[at - 1] == pid)
		return;
	pids = reallocarray(births->pids, births->number + 1, sizeof(*pids));
	if (!pids)
		return;
	memmove(pids + at + 1, pids + at, (births->number - at) * sizeof(*pids));
	pids[at] = pid;
	births->pids = pids;
	births->number++;
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

bool births_found(const struct births *births, int pid, uint64_t birth_ns)
{
	return births->looked && birth_ns <= births->listed_ns && births->number &&
	       bsearch(&pid, births->pids, births->number, sizeof(pid), compare);
}

void births_look(struct births *births, struct followed_set *set, uint64_t now_ns)
{
	bool quiet = !births->looked || is_quiet(births);

	if (!quiet)
		look_around(births, set, now_ns);
	for (size_t i = 0; i < births->group_number; i++)
		look_into(births, set, now_ns, &births->groups[i]);
	if (births->group_number)
		let_leave(set, now_ns);
	if (!quiet || births->poll || births->group_number)
		births->look_ns = now_ns;
}

void births_free(struct births *births)
{
	for (size_t i = 0; i < births->group_number; i++)
		close(births->groups[i].folder);
	free(births->pids);
}
