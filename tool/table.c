// SPDX-License-Identifier: MIT
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

static double value_of(const struct table_row *row, enum table_key key)
{
	switch (key) {
	case TABLE_MINOR:
		return row->rates.minor;
	case TABLE_MAJOR:
		return row->rates.major;
	case TABLE_CPU:
		return row->rates.cpu;
	case TABLE_RESIDENT:
		return row->rates.resident;
	case TABLE_SWAPPED:
		return row->rates.swapped;
	case TABLE_PID:
		return -row->pid;
	default:
		return 0;
	}
}

/* Of equals the lower PID is first, whatever the order, so that rows do not jump. */
static int compare(const void *left, const void *right, void *context)
{
	const struct table_order *order = context;
	const struct table_row *a = left;
	const struct table_row *b = right;
	double of_a = value_of(a, order->key);
	double of_b = value_of(b, order->key);

	if (order->key == TABLE_NAME)
		of_b = (double)strcmp(a->name, b->name);
	if (of_a != of_b)
		return (of_a < of_b) == order->reverse ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return a->tid < b->tid ? -1 : a->tid > b->tid;
}

static void add_rates(struct history_rates *sum, const struct history_rates *rates)
{
	sum->minor += rates->minor;
	sum->major += rates->major;
	sum->cpu += rates->cpu;
	sum->system += rates->system;
	sum->voluntary += rates->voluntary;
	sum->involuntary += rates->involuntary;
	sum->resident += rates->resident;
	sum->swapped += rates->swapped;
}

static bool shown(const struct history_process *process, uint64_t to_ns)
{
	return process->end == HISTORY_ALIVE || process->last_ns + TABLE_ENDED_NS > to_ns;
}

static void fill_spark(struct table_row *row, const struct history_process *process,
		       uint64_t length_ns, uint64_t to_ns)
{
	const struct fl_counts *last = &process->last;
	const struct fl_counts *first = &process->begin;

	if (process->number && process->first_ns + TABLE_SPARK * length_ns < to_ns)
		first = &process->points[0].counts;
	/* Most processes sleep. */
	if (first->minor == last->minor && first->major == last->major)
		return;
	for (size_t i = TABLE_SPARK; i-- > 0 && to_ns > length_ns && to_ns > process->first_ns;
	     to_ns -= length_ns) {
		struct history_rates rates = history_between(process, to_ns - length_ns, to_ns);

		row->spark[i] = rates.minor + rates.major;
	}
}

static struct table_row row_of(const struct history *history, const struct history_process *process,
			       uint64_t length_ns, uint64_t to_ns)
{
	struct table_row row = {
		.pid = process->pid,
		.tid = process->tid,
		.birth_ns = process->birth_ns,
		.rates = history_between(process, to_ns - length_ns, to_ns),
		.ended = process->end != HISTORY_ALIVE,
	};

	if (process->parent != HISTORY_NONE)
		row.parent = history->processes[process->parent].pid;
	memcpy(row.name, process->name, sizeof(row.name));
	if (row.ended)
		row.rates.resident = row.rates.swapped = 0;
	fill_spark(&row, process, length_ns, to_ns);
	return row;
}

int table_fill(struct table *table, const struct history *history, const struct table_order *order,
	       uint64_t length_ns, uint64_t to_ns)
{
	struct table_row *rows = calloc(history->process_number + 1, sizeof(*rows));

	free(table->rows);
	table->rows = rows;
	table->number = table->ended = 0;
	table->total = (struct history_rates){ 0 };
	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < history->process_number; i++) {
		struct table_row *row = &rows[table->number];

		if (!shown(&history->processes[i], to_ns))
			continue;
		*row = row_of(history, &history->processes[i], length_ns, to_ns);
		add_rates(&table->total, &row->rates);
		table->ended += row->ended;
		table->number++;
	}
	return table_sort(table, order);
}

/* PIDs of rows, to find them by. */
struct place {
	int pid;
	size_t row;
};

static int by_pid(const void *left, const void *right)
{
	const struct place *a = left;
	const struct place *b = right;

	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static struct place *places_of(const struct table *table)
{
	struct place *places = calloc(table->number + 1, sizeof(*places));

	for (size_t i = 0; places && i < table->number; i++)
		places[i] = (struct place){ table->rows[i].pid, i };
	if (places)
		qsort(places, table->number, sizeof(*places), by_pid);
	return places;
}

/*
 * Parents are older than their children, or were born in the same tick of the clock and have the
 * lower PID: one that is used again makes no circle.
 */
static bool older(const struct table_row *parent, const struct table_row *child)
{
	if (parent->birth_ns != child->birth_ns)
		return parent->birth_ns < child->birth_ns;
	return parent->pid < child->pid;
}

static size_t parent_row(const struct table *table, const struct place *places,
			 const struct table_order *order, const struct table_row *row)
{
	struct place wanted = { .pid = row->parent };
	const struct place *found;

	if (!wanted.pid && order->parent_of && !row->ended)
		wanted.pid = order->parent_of(row->pid);
	found = bsearch(&wanted, places, table->number, sizeof(*places), by_pid);
	if (wanted.pid <= 0 || !found || !older(&table->rows[found->row], row))
		return TREE_ROOT;
	return found->row;
}

/* Rows in the order of the tree; siblings stay in the order they are in. */
static void plant(struct table *table, const size_t *order, const unsigned int *depths,
		  struct table_row *fresh)
{
	for (size_t i = 0; i < table->number; i++) {
		fresh[i] = table->rows[order[i]];
		fresh[i].depth = depths[i];
	}
	free(table->rows);
	table->rows = fresh;
}

static int sort_tree(struct table *table, const struct table_order *order)
{
	size_t number = table->number;
	struct place *places = places_of(table);
	size_t *parents = calloc(number + 1, sizeof(*parents));
	size_t *places_in_order = calloc(number + 1, sizeof(*places_in_order));
	unsigned int *depths = calloc(number + 1, sizeof(*depths));
	struct table_row *fresh = calloc(number + 1, sizeof(*fresh));
	int error = -ENOMEM;

	if (!places || !parents || !places_in_order || !depths || !fresh)
		goto out;
	for (size_t i = 0; i < number; i++)
		parents[i] = parent_row(table, places, order, &table->rows[i]);
	error = tree_order(parents, number, places_in_order, depths);
	if (error)
		goto out;
	plant(table, places_in_order, depths, fresh);
	fresh = NULL;
out:
	free(fresh);
	free(depths);
	free(places_in_order);
	free(parents);
	free(places);
	return error;
}

int table_sort(struct table *table, const struct table_order *order)
{
	qsort_r(table->rows, table->number, sizeof(*table->rows), compare, (void *)order);
	for (size_t i = 0; i < table->number; i++)
		table->rows[i].depth = 0;
	return order->tree ? sort_tree(table, order) : 0;
}

static void push(float *cells, double newest)
{
	memmove(cells, cells + 1, (TABLE_SPARK - 1) * sizeof(*cells));
	cells[TABLE_SPARK - 1] = newest;
}

void table_note(struct table *table)
{
	push(table->minor, table->total.minor);
	push(table->major, table->total.major);
}

void table_clear(struct table *table)
{
	free(table->rows);
	*table = (struct table){ 0 };
}
