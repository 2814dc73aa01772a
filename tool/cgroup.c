// SPDX-License-Identifier: MIT
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>

/* The folder that has all cgroups of version 2. */
static int find_mount(char *path, size_t bytes)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char text[2 * PATH_MAX];
	struct mntent entry;
	int error = -ENOENT;

	if (!mounts)
		return -errno;
	while (error && getmntent_r(mounts, &entry, text, sizeof(text))) {
		if (strcmp(entry.mnt_type, "cgroup2") != 0)
			continue;
		error = (size_t)snprintf(path, bytes, "%s", entry.mnt_dir) < bytes ? 0
										   : -ENAMETOOLONG;
	}
	endmntent(mounts);
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
