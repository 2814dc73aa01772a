/* SPDX-License-Identifier: MIT */
/* The line that a recording ends with: what was recorded, what was lost, what it cost. */
#ifndef CLOSING_H
#define CLOSING_H

#include <stddef.h>
#include <stdint.h>

#include "libfaultline_recording.h"
#include "tally.h"

struct closing {
	enum faultline_source source;
	const struct tally *tally; /* of what was written */
	struct faultline_figures figures;
	uint64_t took_ns;
	uint64_t flight_ns;  /* at most so much of it was kept; 0: all */
	uint64_t own_cpu_ns; /* of this process meanwhile */
	size_t running;	     /* who was still followed */
	const char *path;
	uint64_t bytes; /* of the file */
};

/** closing_say - say the line; what was lost is always in it */
void closing_say(const struct closing *closing);

#endif
