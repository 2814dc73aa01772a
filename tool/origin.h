/* SPDX-License-Identifier: MIT */
/* Which source records are of, in words: whoever shows them names it, and counts its cost. */
#ifndef ORIGIN_H
#define ORIGIN_H

#include <stdint.h>

#include "libfaultline_recording.h"

/** origin_name - "module", "perf", "proc", as --source has them; "unknown" of a later version */
const char *origin_name(uint32_t source);

/** origin_words - "the module", "perf_event_open(2)", "/proc" */
const char *origin_words(uint32_t source);

/** origin_of - the source of that name; 0: there is none */
enum faultline_source origin_of(const char *name);

/**
 * origin_cost_ns - CPU time that recording took in all
 * @own_ns: of the process that records
 * @pass_ns: of passes: the module's are not in own_ns, those of its stand-ins are
 */
uint64_t origin_cost_ns(uint32_t source, uint64_t own_ns, uint64_t pass_ns);

#endif
