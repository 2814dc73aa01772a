/* SPDX-License-Identifier: MIT */
/* What a page knows of a recording: its numbers packed, all else as JSON. */
#ifndef PAGE_DATA_H
#define PAGE_DATA_H

#include <stdio.h>

#include "history.h"

/**
 * page_data_write - write the two elements of HTML that hold the data
 *
 * Whatever is in names and command lines, it cannot end these elements.
 *
 * Return: 0 or -ENOMEM; errors of the file show in ferror(@to).
 */
int page_data_write(const struct history *history, const char *recording_path, FILE *to);

#endif
