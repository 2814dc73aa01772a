// SPDX-License-Identifier: MIT
#include <errno.h>

#include "source.h"

static int perf_open(const struct source_plan *plan, struct source **source)
{
	(void)plan;
	*source = NULL;
	return source_failed(-EOPNOTSUPP, "perf_event_open(2) is not used yet");
}

const struct source_kind source_perf = { .kind = FAULTLINE_SOURCE_PERF, .open = perf_open };
