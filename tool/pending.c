// SPDX-License-Identifier: MIT
/* Not for main: what is not written yet. */
#include "child.h"
#include "command.h"
#include "follow.h"
#include "history.h"
#include "page.h"
#include "say.h"
#include "source.h"
#include "units.h"

__attribute__((weak)) int page_write(const struct history *history, const char *recording_path,
				     const char *out_path)
{
	(void)history, (void)recording_path, (void)out_path;
	say("not there yet");
	return -1;
}

#define PENDING(verb)                                                   \
	__attribute__((weak)) int command_##verb(int argc, char **argv) \
	{                                                               \
		(void)argc, (void)argv;                                 \
		say("not there yet");                                   \
		return EXIT_TROUBLE;                                    \
	}
PENDING(record)
PENDING(stat) PENDING(top) PENDING(report) PENDING(diff) PENDING(export) PENDING(list)
	PENDING(doctor)

__attribute__((weak)) int source_open(const struct source_plan *plan, struct source **source)
{
	(void)plan;
	*source = NULL;
	return -1;
}
#define WEAK __attribute__((weak))
WEAK void source_close(struct source *source) { (void)source; }
WEAK const char *source_message(void) { return "not there yet"; }
WEAK const struct faultline_segment *source_segment(const struct source *source)
{ return &source->segment; }
WEAK const char *source_why(const struct source *source) { return source->why; }
WEAK int source_add(struct source *source, enum fl_target_kind kind, int number)
{ (void)source, (void)kind, (void)number; return -1; }
WEAK int source_start(struct source *source) { (void)source; return -1; }
WEAK int source_stop(struct source *source) { (void)source; return -1; }
WEAK int source_sample(struct source *source) { (void)source; return -1; }
WEAK int source_fd(const struct source *source) { (void)source; return -1; }
WEAK int source_next(struct source *source, const struct fl_record **record)
{ (void)source, (void)record; return -1; }
WEAK size_t source_targets(const struct source *source) { (void)source; return 0; }
WEAK void source_figures(const struct source *source, struct faultline_figures *figures)
{ (void)source, (void)figures; }
