/* SPDX-License-Identifier: MIT */
/* What a report begins with: what was recorded, what is missing, what the recording cost. */
#ifndef REPORT_HEAD_H
#define REPORT_HEAD_H

#include <stdio.h>

#include "history.h"
#include "summary.h"

#define REPORT_TIME_BYTES 40

/** report_damage - lines that say what of the file could not be read; none if it is whole */
void report_damage(FILE *to, const struct history *history);

/** report_head - the lines of a segment */
void report_head(FILE *to, const struct history_segment *segment, const struct summary *summary);

/** report_wall - a segment's moment in nanoseconds since 1970 UTC */
int64_t report_wall(const struct history_segment *segment, uint64_t time_ns);

/** report_when - local time of a segment's moment, "2026-11-25 04:25:31 +0100", in text */
const char *report_when(char *text, const struct history_segment *segment, uint64_t time_ns);

/** report_source - "the module faultline 1.2.0", "perf_event_open(2)", "/proc"; in text */
const char *report_source(char *text, size_t size, const struct faultline_segment *head);

/** report_cost_percent - what recording cost, of one CPU; it is known only if the segment ended */
double report_cost_percent(const struct summary *summary);

/** report_wrap - a text of words in lines of 79 columns, indented so far but for its first line */
void report_wrap(FILE *to, const char *text, size_t first, size_t indent);

#endif
