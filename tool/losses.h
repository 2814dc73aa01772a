/* SPDX-License-Identifier: MIT */
/* What is not in a recording or on a screen, in words. Every view says it. */
#ifndef LOSSES_H
#define LOSSES_H

#include <stdint.h>

#include "libfaultline.h"

struct losses {
	uint64_t records; /* lost, overwritten or gone before they were read */
	uint64_t deadlines;
	uint64_t visits;
	uint64_t processes;
};

/** losses_of - those of a session, or of a source */
struct losses losses_of(const struct faultline_figures *figures);

#define LOSSES_BYTES 256

/** losses_words - "3 records lost, 1 deadline missed", "" if nothing is; text of LOSSES_BYTES */
const char *losses_words(char *text, const struct losses *losses);

#endif
