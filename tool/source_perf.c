// SPDX-License-Identifier: MIT
/*
 * perf_event_open(2) beside /proc: counts are those of /proc, but of a process that is followed
 * with its children births, names and deaths are told at once. So a child is read when it is born
 * and when it dies, before its parent has buried it, if the tool is fast enough. If it is not, the
 * kernel's account of that end has the counts, where it is to be had.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "events.h"
#include "exits.h"
#include "source.h"
#include "standin.h"

#define BLIND_FURTHER                                                                  \
	"system time finer than 10 ms; swapped memory and context switches more often" \
	" than once a second, those of ended threads at all"

/* Where ends are not told of; where they are; where they are, by a kernel before 5.19. */
static const char blind[] =
	"what processes did after their last reading if their parents buried them before this tool "
	"looked; " BLIND_FURTHER;
static const char blind_to_cpu[] =
	"the CPU time of the last milliseconds, and a fault of the ending itself, of processes "
	"that their parents buried before this tool looked; " BLIND_FURTHER;
static const char blind_to_threads[] =
	"of processes that their parents buried before this tool looked the CPU time of the last "
	"milliseconds, a fault of the ending itself, and if they had several threads what they "
	"did after their last reading; " BLIND_FURTHER;

/* Events cost those they tell of a little at each context switch; and descriptors. */
#define TREES_MAX 16

struct perf {
	struct standin standin;
	struct events events;
	struct exits exits;
	unsigned int trees; /* that they tell of */
	uint64_t lost;	    /* events, that were seen to */
};

static struct perf *of(struct source *source)
{
	return (struct perf *)source;
}

/* 0 to 4, what the administrator set; above 2 nothing is left for ordinary users. */
static int paranoid(void)
{
	FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	char line[16] = "";

	if (!file)
		return -1;
	if (!fgets(line, sizeof(line), file))
		*line = '\0';
	fclose(file);
	return (int)strtol(line, NULL, 10);
}

static int not_permitted(int error)
{
	if (error == -EACCES || error == -EPERM)
		return source_failed(error,
				     "perf_event_open(2) is not permitted "
				     "(kernel.perf_event_paranoid is %d)",
				     paranoid());
	return source_failed(error, "perf_event_open(2) does not work: %s", strerror(-error));
}

static int watch(void *context, int file)
{
	return standin_watch(context, file, EPOLLIN | EPOLLET);
}

/* Few may; to others the ends are lost that they are too late for, as is said. */
static void listen_to_ends(struct perf *perf)
{
	perf->standin.source.segment.blind = blind;
	if (exits_open(&perf->exits, watch, &perf->standin))
		return;
	perf->standin.set.exits = &perf->exits;
	perf->standin.source.segment.blind =
		perf->exits.version < EXITS_VERSION_PROCESS ? blind_to_threads : blind_to_cpu;
}

static int open_perf(const struct source_plan *plan, struct source **source)
{
	struct perf *made;
	int error;

	error = events_permitted();
	if (error)
		return not_permitted(error == -EINVAL ? -EOPNOTSUPP : error);
	made = calloc(1, sizeof(*made));
	if (!made)
		return source_failed(-ENOMEM, "no memory for a source");
	made->standin.source.kind = &source_perf;
	error = standin_open(&made->standin, plan);
	if (error) {
		standin_close(&made->standin);
		free(made);
		return error;
	}
	listen_to_ends(made);
	*source = &made->standin.source;
	return 0;
}

static void close_perf(struct source *source)
{
	events_close(&of(source)->events);
	if (of(source)->standin.set.exits)
		exits_close(&of(source)->exits);
	standin_close(&of(source)->standin);
	free(source);
}

static bool is_affordable(const struct perf *perf)
{
	const struct events *events = &perf->events;

	return perf->trees < TREES_MAX &&
	       events->number + events->file_number < perf->standin.set.files_max / 2;
}

/*
 * Events come of each thread by itself, so only a process that has but one is sure to be told of
 * whole; children of others, and of processes that are not one's own, are found by polling.
 */
static int add_perf(struct source *source, enum fl_target_kind kind, int number)
{
	struct perf *perf = of(source);
	struct standin *standin = &perf->standin;
	struct proc_stat stat = { 0 };
	int file, error;

	error = standin_add(source, kind, number);
	if (error || kind != FL_TARGET_TREE)
		return error;
	file = proc_open_stat(number, false);
	if (file >= 0) {
		proc_read_stat(file, &stat);
		close(file);
	}
	if (stat.threads == 1 && is_affordable(perf) &&
	    !events_follow(&perf->events, number, watch, standin))
		perf->trees++;
	else
		standin->births.poll = true;
	return 0;
}

/* Born and buried before we looked: its end tells that it was there, and what it did. */
static void hear_gone(struct followed_set *set, const struct event *event,
		      const struct followed *parent, struct followed_new *new)
{
	struct proc_stat stat = { .pid = event->number };
	const struct exits_end *end;

	followed_hear(set);
	end = set->exits ? exits_find(set->exits, event->number) : NULL;
	if (!end) {
		queue_lose(&set->queue, 0, 1);
		return;
	}
	memcpy(stat.comm, parent ? parent->comm : end->comm, sizeof(stat.comm));
	new->buried = true;
	followed_add(set, event->time_ns, -1, &stat, new);
}

static void hear_fork(struct births *births, struct followed_set *set, const struct event *event)
{
	const struct followed *parent = followed_find(set, event->other, 0);
	struct followed_new new = { .type = FL_RECORD_FORK, .tree = true, .heard = true };
	bool found = births_found(births, event->number, event->time_ns);
	struct proc_stat stat;
	int file;

	if (followed_find(set, event->number, 0))
		return;
	new.parent = parent ? parent->id : 0;
	new.birth_ns = event->time_ns;
	file = proc_open_stat(event->number, false);
	if (file >= 0 && proc_read_stat(file, &stat)) {
		close(file);
		file = -ESRCH;
	}
	/* Born and ended between the last events and a look, it was told of whole. */
	if (found && (file < 0 || (stat.state == 'Z' && stat.threads <= 1))) {
		if (file >= 0)
			close(file);
		return;
	}
	if (file == -ESRCH) {
		hear_gone(set, event, parent, &new);
		return;
	}
	if (file < 0) {
		queue_lose(&set->queue, 0, 1);
		return;
	}
	followed_add(set, event->time_ns, file, &stat, &new);
	births_heard(births, event->number);
}

static void hear(struct perf *perf, const struct event *event)
{
	struct followed_set *set = &perf->standin.set;
	struct followed *one;

	if (event->kind == EVENT_FORK) {
		hear_fork(&perf->standin.births, set, event);
		return;
	}
	one = followed_find(set, event->number, 0);
	if (!one)
		return;
	if (event->kind != EVENT_EXIT) {
		followed_name(set, one, event->time_ns, event->comm, event->kind == EVENT_EXEC);
	} else if (event->other == event->number || one->ending) {
		one->ending = true;
		followed_end(set, one, event->time_ns);
	}
}

/* What was lost may have been births. */
static void see_to_lost(struct perf *perf)
{
	if (perf->events.lost == perf->lost)
		return;
	queue_lose(&perf->standin.set.queue, perf->events.lost - perf->lost, 0);
	perf->lost = perf->events.lost;
	perf->standin.births.settle = 2;
}

static void hear_all(struct perf *perf)
{
	events_read(&perf->events);
	followed_hear(&perf->standin.set);
	for (size_t i = 0; i < perf->events.found; i++)
		hear(perf, &perf->events.all[i]);
	see_to_lost(perf);
	if (perf->standin.set.exits)
		exits_forget(&perf->exits);
	followed_sweep(&perf->standin.set);
}

static int sample_perf(struct source *source)
{
	hear_all(of(source));
	return standin_sample(source);
}

static int next_perf(struct source *source, const struct fl_record **record)
{
	struct perf *perf = of(source);

	if (queue_empty(&perf->standin.set.queue))
		hear_all(perf);
	return standin_next(source, record);
}

const struct source_kind source_perf = {
	.kind = FAULTLINE_SOURCE_PERF,
	.open = open_perf,
	.close = close_perf,
	.add = add_perf,
	.start = standin_start,
	.stop = standin_stop,
	.sample = sample_perf,
	.next = next_perf,
	.figures = standin_figures,
};
