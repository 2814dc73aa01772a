// SPDX-License-Identifier: MIT
#include "history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NS_PER_S 1e9

/* Where a target's process is: an open hash of the ids of the newest segment. */
struct slot {
	uint32_t target; /* 0: empty, as no target has that id */
	uint32_t process;
};

struct history_private {
	struct slot *slots;
	size_t slot_number; /* a power of two, at most half of it used */
	size_t used;
	size_t process_room;
	size_t segment_room;
	size_t gap_room;
	size_t exec_room;
};

/* Make room for one more. */
static int grow(void *array, size_t number, size_t *room, size_t size)
{
	void **memory = array;
	void *larger;

	if (number < *room)
		return 0;
	larger = reallocarray(*memory, *room ? *room * 2 : 16, size);
	if (!larger)
		return -ENOMEM;
	*memory = larger;
	*room = *room ? *room * 2 : 16;
	return 0;
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
	free(history->private->slots);
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
	int error;

	error = grow(&history->segments, history->segment_number, &private->segment_room,
		     sizeof(fresh));
	if (!error)
		error = copy_strings(&fresh.head, segment);
	if (error)
		return error;
	fresh.first_ns = fresh.last_ns = segment->start_ns;
	history->segments[history->segment_number++] = fresh;
	if (private->slots)
		memset(private->slots, 0, private->slot_number * sizeof(*private->slots));
	private->used = 0;
	return 0;
}

/* The slot that has this target, or the empty one that it would get. */
static struct slot *slot_of(const struct history_private *private, uint32_t target)
{
	size_t mask = private->slot_number - 1;
	size_t i = target * 2654435761U & mask;

	while (private->slots[i].target && private->slots[i].target != target)
		i = (i + 1) & mask;
	return &private->slots[i];
}

static int more_slots(struct history_private *private)
{
	struct history_private larger = *private;

	if (private->used * 2 < private->slot_number)
		return 0;
	larger.slot_number = private->slot_number ? private->slot_number * 2 : 64;
	larger.slots = calloc(larger.slot_number, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < private->slot_number; i++)
		if (private->slots[i].target)
			*slot_of(&larger, private->slots[i].target) = private->slots[i];
	free(private->slots);
	*private = larger;
	return 0;
}

static struct history_process *find(const struct history *history, uint32_t target)
{
	struct slot *slot;

	if (!history->private->used || !target)
		return NULL;
	slot = slot_of(history->private, target);
	return slot->target ? &history->processes[slot->process] : NULL;
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
	struct slot *slot;
	int error;

	if (!join->target)
		return 0;
	error = more_slots(private);
	if (!error)
		error = grow(&history->processes, history->process_number, &private->process_room,
			     sizeof(fresh));
	if (error)
		return error;
	if (join->record.type == FL_RECORD_FORK) {
		parent = find(history, join->parent);
		fresh.parent = parent ? parent - history->processes : HISTORY_NONE;
	}
	/* Born while it was recorded: nothing of it was missed. A thread's numbers begin at 0, too. */
	fresh.forked = join->birth_ns >= history->segments[fresh.segment].head.start_ns;
	copy_name(fresh.first, join->comm);
	copy_name(fresh.name, join->comm);
	slot = slot_of(private, join->target);
	private->used += !slot->target;
	*slot = (struct slot){ join->target, history->process_number };
	history->processes[history->process_number++] = fresh;
	return 0;
}

static int add_point(struct history_process *process, uint64_t time_ns,
		     const struct fl_counts *counts)
{
	int error;

	error = grow(&process->points, process->number, &process->room, sizeof(*process->points));
	if (error)
		return error;
	if (!process->number && !process->forked)
		process->begin = *counts;
	process->points[process->number++] = (struct history_point){ time_ns, *counts };
	process->last = *counts;
	if (counts->resident > process->peak_resident)
		process->peak_resident = counts->resident;
	if (counts->swapped > process->peak_swapped)
		process->peak_swapped = counts->swapped;
	return 0;
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
	int error;

	error = grow(&history->gaps, history->gap_number, &history->private->gap_room, sizeof(gap));
	if (error)
		return error;
	gap.segment = history->segment_number - 1;
	history->gaps[history->gap_number++] = gap;
	return 0;
}

static int add_exec(struct history *history, struct history_process *process,
		    const struct fl_exec *exec)
{
	struct history_exec fresh = { .process = process - history->processes,
				      .time_ns = exec->record.time_ns };
	int error;

	copy_name(process->name, exec->comm);
	copy_name(fresh.name, exec->comm);
	error = grow(&history->execs, history->exec_number, &history->private->exec_room,
		     sizeof(fresh));
	if (!error)
		history->execs[history->exec_number++] = fresh;
	return error;
}

static int add_exit(struct history_process *process, const struct fl_exit *last)
{
	process->end = HISTORY_EXITED;
	process->status = last->status;
	return add_last(process, last->record.time_ns, &last->counts);
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

	if (process)
		process->last_ns = record->time_ns;
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
		process = process_of(history, record);
		return process ? add_point(process, record->time_ns, &AS(fl_sample)->counts) : 0;
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

/* A part that was read. Returns 0 or -ENOMEM. */
static int take(struct history *history, struct faultline_recording *recording,
		enum faultline_part part, struct faultline_batch *batch)
{
	const struct fl_record *record;
	int error = 0;

	if (part == FAULTLINE_PART_SEGMENT)
		return history_begin(history, faultline_recording_segment(recording));
	if (part == FAULTLINE_PART_END)
		history_finish(history, faultline_recording_end(recording));
	if (part != FAULTLINE_PART_RECORDS)
		return 0;
	while (!error && (record = faultline_next(batch)))
		error = history_add(history, record);
	return error;
}

int history_read(const char *path, void (*progress)(double share), struct history **history)
{
	struct faultline_recording *recording;
	struct faultline_batch *batch;
	struct history *fresh;
	struct stat file = { 0 };
	uint64_t bytes = 0;
	int part;
	int error;

	*history = NULL;
	error = faultline_recording_open(path, &recording);
	if (error)
		return error;
	if (progress && stat(path, &file))
		progress = NULL;
	fresh = history_new();
	error = fresh ? 0 : -ENOMEM;
	while (!error && (part = faultline_recording_read(recording, &batch)) != 0) {
		if (part == -EBADMSG) /* left out; its state counts it */
			continue;
		error = part < 0 ? part : take(fresh, recording, part, batch);
		if (progress && fresh->records * sizeof(struct fl_sample) > bytes + (4U << 20)) {
			bytes = fresh->records * sizeof(struct fl_sample);
			progress(file.st_size ? (double)bytes / file.st_size : 1);
		}
	}
	if (!error) {
		fresh->state.size = sizeof(fresh->state);
		error = faultline_recording_state(recording, &fresh->state);
	}
	faultline_recording_close(recording);
	if (error)
		history_free(fresh);
	else
		*history = fresh;
	return error;
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

void history_bury(struct history *history, uint64_t before_ns)
{
	struct history_private *private = history->private;
	uint32_t *places = calloc(history->process_number + 1, sizeof(*places));

	if (!places)
		return;
	close_ranks(history, before_ns, places);
	free(places);
	if (private->slots)
		memset(private->slots, 0, private->slot_number * sizeof(*private->slots));
	private->used = 0;
	for (size_t i = 0; i < history->process_number; i++) {
		const struct history_process *process = &history->processes[i];

		if (process->segment + 1 != history->segment_number)
			continue;
		*slot_of(private, process->target) = (struct slot){ process->target, i };
		private->used++;
	}
}

struct fl_counts history_counts(const struct history_process *process)
{
	struct fl_counts counts = process->last;

	counts.minor -= process->begin.minor;
	counts.major -= process->begin.major;
	counts.cpu_ns -= process->begin.cpu_ns;
	counts.system_ns -= process->begin.system_ns;
	counts.voluntary -= process->begin.voluntary;
	counts.involuntary -= process->begin.involuntary;
	return counts;
}

/* The last point that is not after a time; -1 if all are. */
static ptrdiff_t point_at(const struct history_process *process, uint64_t time_ns)
{
	size_t low = 0;
	size_t high = process->number;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (process->points[middle].time_ns <= time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return (ptrdiff_t)low - 1;
}

/* What the totals were at a moment, in fractions. */
static void totals_at(const struct history_process *process, uint64_t time_ns, double totals[6])
{
	struct history_point before = { process->first_ns, process->begin };
	struct history_point after;
	ptrdiff_t at = point_at(process, time_ns);
	double part = 0;

	if (at >= 0)
		before = process->points[at];
	after = at + 1 < (ptrdiff_t)process->number ? process->points[at + 1] : before;
	if (time_ns > before.time_ns && after.time_ns > before.time_ns)
		part = (double)(time_ns - before.time_ns) / (after.time_ns - before.time_ns);
#define BETWEEN(field)                 \
	((double)before.counts.field + \
	 part * ((double)after.counts.field - (double)before.counts.field))
	totals[0] = BETWEEN(minor);
	totals[1] = BETWEEN(major);
	totals[2] = BETWEEN(cpu_ns);
	totals[3] = BETWEEN(system_ns);
	totals[4] = BETWEEN(voluntary);
	totals[5] = BETWEEN(involuntary);
#undef BETWEEN
}

/* Memory is what the newest sample said, and nothing before the first and after the end. */
static void memory_at(const struct history_process *process, uint64_t time_ns,
		      struct history_rates *rates)
{
	ptrdiff_t at = point_at(process, time_ns);

	if (at < 0 || (process->end != HISTORY_ALIVE && time_ns > process->last_ns))
		return;
	rates->resident = process->points[at].counts.resident;
	rates->swapped = process->points[at].counts.swapped;
}

struct history_rates history_between(const struct history_process *process, uint64_t from_ns,
				     uint64_t to_ns)
{
	struct history_rates rates = { 0 };
	double seconds = ((double)to_ns - (double)from_ns) / NS_PER_S;
	double from[6];
	double to[6];

	memory_at(process, to_ns, &rates);
	if (to_ns <= from_ns)
		return rates;
	totals_at(process, from_ns, from);
	totals_at(process, to_ns, to);
	rates.minor = (to[0] - from[0]) / seconds;
	rates.major = (to[1] - from[1]) / seconds;
	rates.cpu = (to[2] - from[2]) / seconds / NS_PER_S;
	rates.system = (to[3] - from[3]) / seconds / NS_PER_S;
	rates.voluntary = (to[4] - from[4]) / seconds;
	rates.involuntary = (to[5] - from[5]) / seconds;
	return rates;
}

void history_span(const struct history *history, uint32_t segment, uint64_t *from_ns,
		  uint64_t *to_ns)
{
	*from_ns = history->segments[segment].first_ns;
	*to_ns = history->segments[segment].last_ns;
}
