/* SPDX-License-Identifier: MIT */
/* Files by their paths. */
#ifndef FILES_H
#define FILES_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/** files_same - are both there, and one file? Then who writes the one destroys the other */
static inline bool files_same(const char *one, const char *other)
{
	struct stat a;
	struct stat b;

	return !stat(one, &a) && !stat(other, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/** files_recorded_into - does somebody? A writer holds the file's lock as long as it lives */
static inline bool files_recorded_into(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool locked;

	if (fd < 0)
		return false;
	locked = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	close(fd);
	return locked;
}

#endif
