/* SPDX-License-Identifier: MIT */
/*
 * What the kinds of source that stand in for the module share: a clock, passes over all that are
 * followed, and the descriptor that says when there is something to do.
 */
#ifndef STANDIN_H
#define STANDIN_H

#include "births.h"
#include "followed.h"
#include "source.h"

#define STANDIN_PERIOD_MIN_NS 1000000ULL
#define STANDIN_PASS_PERCENT  25	    /* of the time, which passes may take at most */
#define STANDIN_SLOW_NS	      1000000000ULL /* so often what takes long is read */

struct standin {
	struct source source;
	struct followed_set set;
	struct births births;
	int timer;
	int event; /* readable while the queue has something that no pass brought */
	bool running;
	uint64_t rest_ns;  /* no pass before that */
	uint64_t owed;	   /* deadlines that were missed and are not told of yet */
	unsigned int slow; /* each so manieth pass reads all */
	struct faultline_figures figures;
};

/**
 * standin_open - fill in one that is zeroed but for source.kind and source.segment's own
 *
 * Return: 0, or -errno after source_failed(); standin_close() in any case.
 */
int standin_open(struct standin *standin, const struct source_plan *plan);

/** standin_close - close and free all but itself */
void standin_close(struct standin *standin);

/** standin_watch - also wake for a descriptor; @events as epoll_ctl(2) has them: 0 or -errno */
int standin_watch(struct standin *standin, int file, uint32_t events);

/* As those of struct source_kind. */
int standin_add(struct source *source, enum fl_target_kind kind, int number);
int standin_start(struct source *source);
int standin_stop(struct source *source);
int standin_sample(struct source *source);
int standin_next(struct source *source, const struct fl_record **record);
void standin_figures(const struct source *source, struct faultline_figures *figures);

#endif
