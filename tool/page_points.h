/* SPDX-License-Identifier: MIT */
/*
 * The POINTS of a process as a page draws them: its samples, where it began if that was recorded,
 * and where the recording ended if it lived. And the times of a segment, of which they have each
 * but a number: all samples of a pass have the same.
 */
#ifndef PAGE_POINTS_H
#define PAGE_POINTS_H

#include "history.h"

struct page_points {
	struct history_point *all; /* times ascend; totals are since it was followed */
	size_t number;
	size_t room;
};

/** page_points_make - of a process, in the place of another's: 0 or -ENOMEM */
int page_points_make(struct page_points *points, const struct history *history,
		     const struct history_process *process);

/** page_points_free - zeroed is fine */
void page_points_free(struct page_points *points);

struct page_times {
	uint64_t *ns; /* ascending */
	size_t number;
};

/**
 * page_times_make - all times of a segment's points
 * @times: to be freed by page_times_free(), also after an error
 *
 * Return: 0 or -ENOMEM.
 */
int page_times_make(struct page_times *times, const struct history *history, uint32_t segment);

/** page_times_find - which one it is, at or after that with the number @from */
size_t page_times_find(const struct page_times *times, uint64_t time_ns, size_t from);

/** page_times_free - zeroed is fine */
void page_times_free(struct page_times *times);

#endif
