/* SPDX-License-Identifier: MIT */
/* A DRAFT of a file: it takes the place of what is there when it is whole, or not at all. */
#ifndef DRAFT_H
#define DRAFT_H

#include <stdio.h>

struct draft {
	FILE *to;   /* write here */
	char *path; /* of the draft, in the folder of the file */
	const char *final_path;
};

/**
 * draft_check - may the file be made there?
 * @recording_path: what it is made of, which it may not replace
 * @what: it is, in a word
 *
 * Return: 0, or -EINVAL after a line was said.
 */
int draft_check(const char *path, const char *recording_path, const char *what);

/**
 * draft_begin - 0: then draft_end() comes; or -errno
 *
 * It has the mode and the owner of what it replaces. Until its end, a signal that ends this program
 * removes it; so one is begun at a time.
 */
int draft_begin(struct draft *draft, const char *path);

/**
 * draft_end - put it where it belongs
 * @error: if there was one, it is removed instead
 *
 * Return: @error, or what went wrong with it, also earlier, as -errno.
 */
int draft_end(struct draft *draft, int error);

#endif
