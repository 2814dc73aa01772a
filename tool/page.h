/* SPDX-License-Identifier: MIT */
/* The report as a page: one HTML file that needs nothing else, no network and no server. */
#ifndef PAGE_H
#define PAGE_H

#include "history.h"

/**
 * page_write - write a recording's report as a page
 * @recording_path: where it was read from, for the title
 * @out_path: replaced if it is there; not left half-written
 *
 * Return: 0, or -errno after a line was said.
 */
int page_write(const struct history *history, const char *recording_path, const char *out_path);

#endif
