// SPDX-License-Identifier: MIT
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The folder that has all cgroups of version 2. */
static int find_mount(char *path, size_t bytes)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	int error = -ENOENT;
	char place[PATH_MAX];

	if (!mounts)
		return -errno;
	while (error && getline(&line, &room, mounts) > 0) {
		const char *kind = strstr(line, " - ");

		if (!kind || strncmp(kind, " - cgroup2 ", 11) != 0)
			continue;
		if (sscanf(line, "%*s %*s %*s %*s %4095s", place) != 1)
			continue;
		error = (size_t)snprintf(path, bytes, "%s", place) < bytes ? 0 : -ENAMETOOLONG;
	}
	free(line);
	fclose(mounts);
	return error;
}

int cgroup_open(const char *name)
{
	char mount[PATH_MAX];
	char path[2 * PATH_MAX];
	int error;
	int fd;

	if (*name == '/') {
		fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 || errno != ENOENT)
			return fd < 0 ? -errno : fd;
	}
	error = find_mount(mount, sizeof(mount));
	if (error)
		return error;
	snprintf(path, sizeof(path), "%s/%s", mount, name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
