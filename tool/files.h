/* SPDX-License-Identifier: MIT */
/* Files by their paths. */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <sys/stat.h>

/** files_same - are both there, and one file? Then who writes the one destroys the other */
static inline bool files_same(const char *one, const char *other)
{
	struct stat a;
	struct stat b;

	return !stat(one, &a) && !stat(other, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

#endif
