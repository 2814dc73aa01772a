// SPDX-License-Identifier: MIT
/* /proc alone: all that a poll finds, on any Linux, for anyone. */
#include <errno.h>
#include <stdlib.h>

#include "source.h"
#include "standin.h"

static const char blind[] =
	"processes that lived only between two polls; of others, what they did after their last "
	"reading if their parents buried them before this tool looked; system time finer than "
	"10 ms; swapped memory and context switches more often than once a second, those of ended "
	"threads at all";

static int open_proc(const struct source_plan *plan, struct source **source)
{
	struct standin *made = calloc(1, sizeof(*made));
	int error;

	if (!made)
		return source_failed(-ENOMEM, "no memory for a source");
	made->source.kind = &source_proc;
	made->source.segment.blind = blind;
	error = standin_open(made, plan);
	if (error) {
		standin_close(made);
		free(made);
		return error;
	}
	made->births.poll = true;
	*source = &made->source;
	return 0;
}

static void close_proc(struct source *source)
{
	standin_close((struct standin *)source);
	free(source);
}

const struct source_kind source_proc = {
	.kind = FAULTLINE_SOURCE_PROC,
	.open = open_proc,
	.close = close_proc,
	.add = standin_add,
	.start = standin_start,
	.stop = standin_stop,
	.sample = standin_sample,
	.next = standin_next,
	.figures = standin_figures,
};
