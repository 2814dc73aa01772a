// SPDX-License-Identifier: MIT
#include "compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "summary.h"

const char *const compare_names[] = { "elapsed",  "minor",   "major",	 "cpu",	      "system",
				      "resident", "swapped", "switches", "processes", NULL };

/* A process, or with an empty name all processes, of a run. */
struct entry {
	char name[FL_COMM_BYTES];
	uint32_t nth; /* 0 unless each is compared */
	uint32_t side;
	uint32_t run;
	uint32_t order; /* in which they were told of */
	double values[COMPARE_FIGURES];
};

struct compare_private {
	struct entry *entries;
	size_t number;
	size_t room;
	double *known; /* room for a figure of all runs of a side */
};

static struct entry *new_entry(struct compare *compare, enum compare_side side)
{
	struct compare_private *private = compare->private;
	struct entry *larger;

	if (private->number == private->room) {
		size_t room = private->room ? 2 * private->room : 64;

		larger = reallocarray(private->entries, room, sizeof(*larger));
		if (!larger)
			return NULL;
		private->entries = larger;
		private->room = room;
	}
	larger = &private->entries[private->number++];
	*larger = (struct entry){ .side = side,
				  .run = compare->runs[side],
				  .order = private->number };
	return larger;
}

static void fill(double values[COMPARE_FIGURES], const struct fl_counts *counts)
{
	values[COMPARE_MINOR] = counts->minor;
	values[COMPARE_MAJOR] = counts->major;
	values[COMPARE_CPU] = counts->cpu_ns;
	values[COMPARE_SYSTEM] = counts->system_ns;
	values[COMPARE_SWITCHES] = (double)counts->voluntary + counts->involuntary;
}

static double bytes_if(bool known, uint64_t pages, double page_bytes)
{
	return known ? pages * page_bytes : NAN;
}

static int add_all(struct compare *compare, enum compare_side side, const struct history *history,
		   uint32_t segment)
{
	double page = history->segments[segment].head.page_bytes;
	struct summary summary;
	struct entry *entry = new_entry(compare, side);

	if (!entry || summary_make(history, segment, &summary))
		return -ENOMEM;
	fill(entry->values, &summary.total);
	entry->values[COMPARE_ELAPSED] = summary.life_ns;
	entry->values[COMPARE_RESIDENT] =
		bytes_if(summary.knows_resident, summary.peak_resident, page);
	entry->values[COMPARE_SWAPPED] = bytes_if(summary.sampled, summary.peak_swapped, page);
	entry->values[COMPARE_PROCESSES] = summary.processes;
	return 0;
}

static int add_process(struct compare *compare, enum compare_side side,
		       const struct history *history, const struct history_process *process)
{
	double page = history->segments[process->segment].head.page_bytes;
	struct fl_counts counts = history_counts(process);
	struct entry *entry = new_entry(compare, side);

	if (!entry)
		return -ENOMEM;
	memcpy(entry->name, process->name, sizeof(entry->name));
	if (!*entry->name)
		entry->name[0] = '?'; /* it has none; that of all is empty */
	fill(entry->values, &counts);
	entry->values[COMPARE_ELAPSED] = process->last_ns - process->first_ns;
	entry->values[COMPARE_RESIDENT] =
		bytes_if(history_knows_resident(process), process->peak_resident, page);
	entry->values[COMPARE_SWAPPED] = bytes_if(process->sampled, process->peak_swapped, page);
	entry->values[COMPARE_PROCESSES] = 1;
	return 0;
}

int compare_add(struct compare *compare, enum compare_side side, const struct history *history)
{
	int error = 0;

	if (!compare->private)
		compare->private = calloc(1, sizeof(*compare->private));
	if (!compare->private)
		return -ENOMEM;
	for (uint32_t segment = 0; !error && segment < history->segment_number; segment++) {
		size_t i;
		size_t behind;

		history_range(history, segment, &i, &behind);
		error = add_all(compare, side, history, segment);
		for (; !error && i < behind; i++)
			error = add_process(compare, side, history, &history->processes[i]);
		compare->runs[side]++;
	}
	return error;
}

static int by_run(const void *one, const void *other)
{
	const struct entry *a = one;
	const struct entry *b = other;
	int names = strncmp(a->name, b->name, sizeof(a->name));

	if (names)
		return names;
	if (a->side != b->side)
		return a->side < b->side ? -1 : 1;
	if (a->run != b->run)
		return a->run < b->run ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static int by_subject(const void *one, const void *other)
{
	const struct entry *a = one;
	const struct entry *b = other;
	int names = strncmp(a->name, b->name, sizeof(a->name));

	if (names)
		return names;
	return (a->nth > b->nth) - (a->nth < b->nth);
}

/* Numbers the processes of each name in each run. */
static void number_each(struct compare_private *private)
{
	struct entry *entries = private->entries;

	qsort(entries, private->number, sizeof(*entries), by_run);
	for (size_t i = 0; i < private->number; i++) {
		bool same = i && !strncmp(entries[i].name, entries[i - 1].name, FL_COMM_BYTES) &&
			    entries[i].side == entries[i - 1].side &&
			    entries[i].run == entries[i - 1].run;

		if (*entries[i].name)
			entries[i].nth = same ? entries[i - 1].nth + 1 : 1;
	}
}

static void take(struct compare_subject *subject, const struct entry *entry)
{
	double *values = subject->values[entry->side] + (size_t)entry->run * COMPARE_FIGURES;
	bool first = values[COMPARE_PROCESSES] == 0;

	for (size_t i = 0; i < COMPARE_FIGURES; i++) {
		if (i != COMPARE_RESIDENT && i != COMPARE_SWAPPED)
			values[i] += entry->values[i];
		else if (first)
			values[i] = entry->values[i];
		else /* passes over what is not known */
			values[i] = fmax(values[i], entry->values[i]);
	}
}

static int begin(const struct compare *compare, struct compare_subject *subject,
		 const struct entry *entry)
{
	memcpy(subject->name, entry->name, sizeof(subject->name));
	subject->nth = entry->nth;
	for (size_t side = 0; side < COMPARE_SIDES; side++) {
		subject->values[side] =
			calloc(compare->runs[side] + 1, COMPARE_FIGURES * sizeof(double));
		if (!subject->values[side])
			return -ENOMEM;
	}
	return 0;
}

static double faults(const struct compare_subject *subject, const size_t runs[COMPARE_SIDES])
{
	double sum = 0;

	for (size_t side = 0; side < COMPARE_SIDES; side++)
		for (size_t run = 0; run < runs[side]; run++)
			sum += (subject->values[side][run * COMPARE_FIGURES + COMPARE_MINOR] +
				subject->values[side][run * COMPARE_FIGURES + COMPARE_MAJOR]) /
			       (double)runs[side];
	return sum;
}

static int by_faults(const void *one, const void *other, void *runs)
{
	const struct compare_subject *a = one;
	const struct compare_subject *b = other;
	double more = faults(b, runs) - faults(a, runs);

	if (!*a->name || !*b->name)
		return !*b->name - !*a->name;
	if (more != 0)
		return more > 0 ? 1 : -1;
	return strncmp(a->name, b->name, sizeof(a->name));
}

int compare_finish(struct compare *compare)
{
	struct compare_private *private = compare->private;
	struct entry *entries;

	if (!private || !private->number)
		return 0;
	if (compare->each)
		number_each(private);
	entries = private->entries;
	qsort(entries, private->number, sizeof(*entries), by_subject);
	compare->subjects = calloc(private->number, sizeof(*compare->subjects));
	private->known = calloc(compare->runs[COMPARE_BEFORE] + compare->runs[COMPARE_AFTER],
				sizeof(*private->known));
	if (!compare->subjects || !private->known)
		return -ENOMEM;
	for (size_t i = 0; i < private->number; i++) {
		if ((!i || by_subject(&entries[i], &entries[i - 1])) &&
		    begin(compare, &compare->subjects[compare->number++], &entries[i]))
			return -ENOMEM;
		take(&compare->subjects[compare->number - 1], &entries[i]);
	}
	qsort_r(compare->subjects, compare->number, sizeof(*compare->subjects), by_faults,
		compare->runs);
	return 0;
}

static struct statistics side_of(const struct compare *compare,
				 const struct compare_subject *subject, enum compare_side side,
				 enum compare_figure figure)
{
	double *known = compare->private->known;
	size_t number = 0;

	for (size_t run = 0; run < compare->runs[side]; run++) {
		double value = subject->values[side][run * COMPARE_FIGURES + figure];

		if (!isnan(value))
			known[number++] = value;
	}
	return statistics_of(known, number);
}

struct compare_change compare_change(const struct compare *compare,
				     const struct compare_subject *subject,
				     enum compare_figure figure)
{
	struct compare_change change = {
		.before = side_of(compare, subject, COMPARE_BEFORE, figure),
		.after = side_of(compare, subject, COMPARE_AFTER, figure),
	};

	change.difference = change.after.mean - change.before.mean;
	if (!change.before.number || !change.after.number)
		change.difference = change.percent = NAN;
	else if (change.before.mean != 0)
		change.percent = 100 * change.difference / change.before.mean;
	else
		change.percent = change.difference != 0 ? INFINITY : 0;
	change.chance = statistics_chance(&change.before, &change.after);
	return change;
}

bool compare_is_beyond(const struct compare_change *change)
{
	return change->chance >= 0 && change->chance < COMPARE_CHANCE;
}

void compare_free(struct compare *compare)
{
	for (size_t i = 0; i < compare->number; i++)
		for (size_t side = 0; side < COMPARE_SIDES; side++)
			free(compare->subjects[i].values[side]);
	free(compare->subjects);
	if (compare->private) {
		free(compare->private->entries);
		free(compare->private->known);
	}
	free(compare->private);
	*compare = (struct compare){ 0 };
}
