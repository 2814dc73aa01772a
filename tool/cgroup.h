/* SPDX-License-Identifier: MIT */
/* Cgroups of version 2, by name. */
#ifndef CGROUP_H
#define CGROUP_H

/**
 * cgroup_open - open the folder of a cgroup
 * @name: the folder's path, or that below the mount of cgroup2, with or without a slash before it
 *
 * Return: a descriptor, to be closed by the caller, or -errno; -ENOENT also if none is mounted.
 */
int cgroup_open(const char *name);

#endif
