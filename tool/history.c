// SPDX-License-Identifier: MIT
#include "history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "places.h"

struct history_private {
	struct places places; /* of the newest segment's targets */
	size_t process_room;
	size_t segment_room;
	size_t gap_room;
	size_t exec_room;
};

/* The array with room for one more, or NULL: then it is as it was. */
static void *roomy(void *array, size_t number, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 16;
	void *larger;

	if (number < *room)
		return array;
	larger = reallocarray(array, more, size);
	if (larger)
		*room = more;
	return larger;
}

struct history *history_new(void)
{
	struct history *history = calloc(1, sizeof(*history));

	if (!history)
		return NULL;
	history->private = calloc(1, sizeof(*history->private));
	if (!history->private) {
		free(history);
		return NULL;
	}
	return history;
}

static void free_strings(struct faultline_segment *head)
{
	free((char *)head->node);
	free((char *)head->machine);
	free((char *)head->kernel);
	free((char *)head->source_version);
	free((char *)head->blind);
	free((char *)head->command);
}

void history_free(struct history *history)
{
	if (!history)
		return;
	for (size_t i = 0; i < history->process_number; i++)
		free(history->processes[i].points);
	for (size_t i = 0; i < history->segment_number; i++)
		free_strings(&history->segments[i].head);
	free(history->processes);
	free(history->segments);
	free(history->gaps);
	free(history->execs);
	places_free(&history->private->places);
	free(history->private);
	free(history);
}

static int copy_strings(struct faultline_segment *to, const struct faultline_segment *from)
{
	to->node = strdup(from->node ? from->node : "");
	to->machine = strdup(from->machine ? from->machine : "");
	to->kernel = strdup(from->kernel ? from->kernel : "");
	to->source_version = strdup(from->source_version ? from->source_version : "");
	to->blind = strdup(from->blind ? from->blind : "");
	to->command = strdup(from->command ? from->command : "");
	if (to->node && to->machine && to->kernel && to->source_version && to->blind && to->command)
		return 0;
	free_strings(to);
	return -ENOMEM;
}

int history_begin(struct history *history, const struct faultline_segment *segment)
{
	struct history_private *private = history->private;
	struct history_segment fresh = { .head = *segment };
	struct history_segment *segments;
	int error;

	segments = roomy(history->segments, history->segment_number, &private->segment_room,
			 sizeof(fresh));
	if (!segments)
		return -ENOMEM;
	history->segments = segments;
	error = copy_strings(&fresh.head, segment);
	if (error)
		return error;
	fresh.first_ns = fresh.last_ns = segment->start_ns;
	segments[history->segment_number++] = fresh;
	places_clear(&private->places);
	return 0;
}

static struct history_process *find(const struct history *history, uint32_t target)
{
	uint32_t place = places_find(&history->private->places, target);

	return place == PLACES_NONE ? NULL : &history->processes[place];
}

static void copy_name(char *to, const char *from)
{
	memcpy(to, from, FL_COMM_BYTES);
	to[FL_COMM_BYTES - 1] = '\0';
}

static int join(struct history *history, const struct fl_join *join)
{
	struct history_private *private = history->private;
	struct history_process fresh = {
		.segment = history->segment_number - 1,
		.target = join->target,
		.parent = HISTORY_NONE,
		.pid = join->pid,
		.tid = join->tid,
		.birth_ns = join->birth_ns,
		.first_ns = join->record.time_ns,
		.last_ns = join->record.time_ns,
	};
	const struct history_process *parent;
	struct history_process *processes;
	int error;

	if (!join->target || !history->segment_number)
		return 0;
	processes = roomy(history->processes, history->process_number, &private->process_room,
			  sizeof(fresh));
	if (!processes)
		return -ENOMEM;
	history->processes = processes;
	if (join->record.type == FL_RECORD_FORK) {
		parent = find(history, join->parent);
		fresh.parent = parent ? parent - history->processes : HISTORY_NONE;
	}
	/* Born while it was recorded: nothing of it was missed. A thread's begin at 0, too. */
	fresh.forked = join->birth_ns >= history->segments[fresh.segment].head.start_ns;
	copy_name(fresh.first, join->comm);
	copy_name(fresh.name, join->comm);
	error = places_put(&private->places, join->target, history->process_number);
	if (!error)
		processes[history->process_number++] = fresh;
	return error;
}

static void keep_greater(uint64_t *kept, uint64_t found)
{
	if (found > *kept)
		*kept = found;
}

static int add_point(struct history_process *process, uint64_t time_ns,
		     const struct fl_counts *counts)
{
	struct history_point *points;

	points = roomy(process->points, process->number, &process->room, sizeof(*points));
	if (!points)
		return -ENOMEM;
	process->points = points;
	if (!process->number && !process->forked)
		process->begin = *counts;
	points[process->number++] = (struct history_point){ time_ns, *counts };
	process->last = *counts;
	keep_greater(&process->peak_resident, counts->resident);
	keep_greater(&process->peak_swapped, counts->swapped);
	return 0;
}

static int add_sample(struct history_process *process, uint64_t time_ns,
		      const struct fl_counts *counts)
{
	process->sampled = true;
	return add_point(process, time_ns, counts);
}

/* The last totals; memory stays what the newest sample said, as that of the dead is 0. */
static int add_last(struct history_process *process, uint64_t time_ns,
		    const struct fl_counts *counts)
{
	struct fl_counts last = *counts;

	last.resident = process->last.resident;
	last.swapped = process->last.swapped;
	return add_point(process, time_ns, &last);
}

static int add_gap(struct history *history, struct history_gap gap)
{
	struct history_gap *gaps;

	gaps = roomy(history->gaps, history->gap_number, &history->private->gap_room, sizeof(gap));
	if (!gaps)
		return -ENOMEM;
	history->gaps = gaps;
	gap.segment = history->segment_number - 1;
	gaps[history->gap_number++] = gap;
	return 0;
}

static int add_exec(struct history *history, struct history_process *process,
		    const struct fl_exec *exec)
{
	struct history_exec fresh = { .process = process - history->processes,
				      .time_ns = exec->record.time_ns };
	struct history_exec *execs;

	copy_name(process->name, exec->comm);
	copy_name(fresh.name, exec->comm);
	/* What was seen of it once, while it was the copy of its parent, is nothing to go by. */
	if (process->forked && process->number <= 1)
		process->sampled = false;
	execs = roomy(history->execs, history->exec_number, &history->private->exec_room,
		      sizeof(fresh));
	if (!execs)
		return -ENOMEM;
	history->execs = execs;
	execs[history->exec_number++] = fresh;
	return 0;
}

static int add_exit(struct history_process *process, const struct fl_exit *last)
{
	uint64_t peak = faultline_exit_peak(last);
	int error;

	process->end = HISTORY_EXITED;
	process->status = last->status;
	error = add_last(process, last->record.time_ns, &last->counts);
	/* Of another it may be from before it was followed. A sample may be off by some pages. */
	process->marked = process->forked && peak;
	if (process->marked)
		process->peak_resident = peak;
	return error;
}

static int add_left(struct history_process *process, const struct fl_left *left)
{
	process->end = HISTORY_LEFT;
	process->reason = left->reason;
	if (left->reason == FL_LEFT_DENIED) /* which tells no totals */
		return 0;
	return add_last(process, left->record.time_ns, &left->counts);
}

/* The record as its own struct; its type was looked at. */
#define AS(type) ((const struct type *)(const void *)record)

/* All records of targets have the target behind what all records begin with. */
static struct history_process *process_of(const struct history *history,
					  const struct fl_record *record)
{
	struct history_process *process = find(history, AS(fl_exec)->target);

	/* In what is damaged, time may go back: no life is shorter than nothing. */
	if (process)
		keep_greater(&process->last_ns, record->time_ns);
	return process;
}

static void note_time(struct history_segment *segment, uint64_t time_ns)
{
	if (time_ns > segment->last_ns)
		segment->last_ns = time_ns;
	if (time_ns < segment->first_ns)
		segment->first_ns = time_ns;
}

int history_add(struct history *history, const struct fl_record *record)
{
	struct history_process *process;

	if (!history->segment_number)
		return 0;
	history->records++;
	note_time(&history->segments[history->segment_number - 1], record->time_ns);
	switch (record->type) {
	case FL_RECORD_SAMPLE:
		history->segments[history->segment_number - 1].samples++;
		process = process_of(history, record);
		return process ? add_sample(process, record->time_ns, &AS(fl_sample)->counts) : 0;
	case FL_RECORD_TARGET:
	case FL_RECORD_FORK:
		return join(history, AS(fl_join));
	case FL_RECORD_EXEC:
		process = process_of(history, record);
		return process ? add_exec(history, process, AS(fl_exec)) : 0;
	case FL_RECORD_EXIT:
		process = process_of(history, record);
		return process ? add_exit(process, AS(fl_exit)) : 0;
	case FL_RECORD_LEFT:
		process = process_of(history, record);
		return process ? add_left(process, AS(fl_left)) : 0;
	case FL_RECORD_MISSED:
		return add_gap(history, (struct history_gap){ .time_ns = record->time_ns,
							      .missed = AS(fl_missed)->deadlines,
							      .shed = AS(fl_missed)->shed });
	case FL_RECORD_LOST:
		return add_gap(history,
			       (struct history_gap){ .time_ns = record->time_ns,
						     .lost = AS(fl_lost)->records,
						     .unfollowed = AS(fl_lost)->unfollowed });
	default:
		return 0; /* of a later version */
	}
}

void history_finish(struct history *history, const struct faultline_end *end)
{
	struct history_segment *segment;

	if (!history->segment_number)
		return;
	segment = &history->segments[history->segment_number - 1];
	segment->end = *end;
	segment->ended = true;
	note_time(segment, end->end_ns);
}

/* The first process that is of this segment or a later one. */
static size_t first_of(const struct history *history, uint64_t segment)
{
	size_t low = 0;
	size_t high = history->process_number;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (history->processes[middle].segment < segment)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void history_range(const struct history *history, uint32_t segment, size_t *first, size_t *behind)
{
	*first = first_of(history, segment);
	*behind = first_of(history, segment + 1ULL);
}

static void forget_execs(struct history *history, uint64_t before_ns)
{
	size_t old = 0;

	while (old < history->exec_number && history->execs[old].time_ns < before_ns)
		old++;
	if (!old)
		return;
	history->exec_number -= old;
	memmove(history->execs, history->execs + old,
		history->exec_number * sizeof(*history->execs));
}

void history_forget(struct history *history, uint64_t before_ns)
{
	forget_execs(history, before_ns);
	for (size_t i = 0; i < history->process_number; i++) {
		struct history_process *process = &history->processes[i];
		size_t old = 0;

		/* The newest of the old ones stays: rates are drawn from it. */
		while (old + 1 < process->number && process->points[old + 1].time_ns < before_ns)
			old++;
		if (!old)
			continue;
		process->number -= old;
		memmove(process->points, process->points + old,
			process->number * sizeof(*process->points));
	}
}

/* Move who stays to the front; each one's new place, or HISTORY_NONE. */
static void close_ranks(struct history *history, uint64_t before_ns, uint32_t *places)
{
	size_t kept = 0;

	for (size_t i = 0; i < history->process_number; i++) {
		struct history_process *process = &history->processes[i];

		places[i] = HISTORY_NONE;
		if (process->end != HISTORY_ALIVE && process->last_ns < before_ns) {
			free(process->points);
			continue;
		}
		/* Parents come before their children: they have their new place. */
		if (process->parent != HISTORY_NONE)
			process->parent = places[process->parent];
		places[i] = kept;
		history->processes[kept++] = *process;
	}
	history->process_number = kept;
}

/* Execs of those who stay are of their new places. */
static void move_execs(struct history *history, const uint32_t *places)
{
	size_t kept = 0;

	for (size_t i = 0; i < history->exec_number; i++) {
		struct history_exec exec = history->execs[i];

		exec.process = places[exec.process];
		if (exec.process != HISTORY_NONE)
			history->execs[kept++] = exec;
	}
	history->exec_number = kept;
}

void history_bury(struct history *history, uint64_t before_ns)
{
	struct history_private *private = history->private;
	uint32_t *places = calloc(history->process_number + 1, sizeof(*places));

	if (!places)
		return;
	close_ranks(history, before_ns, places);
	move_execs(history, places);
	free(places);
	places_clear(&private->places);
	for (size_t i = 0; i < history->process_number; i++) {
		const struct history_process *process = &history->processes[i];

		/* There is a slot for each: there were more of them. */
		if (process->segment + 1 == history->segment_number)
			places_put(&private->places, process->target, i);
	}
}
