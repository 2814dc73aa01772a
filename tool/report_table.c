// SPDX-License-Identifier: MIT
#include "report_table.h"

#include <stdlib.h>
#include <string.h>

#include "clean.h"
#include "fate.h"
#include "units.h"
#include "utf8.h"

#define LIST_NAME  15 /* columns of a name: FL_COMM_BYTES */
#define TREE_NAME  28
#define NAME_BYTES (8 * RANKING_LEVELS + FL_COMM_BYTES * 4 + 16)

/* A branch of the tree for each level, and the name. */
static void tree_name(const struct report_table *table, bool open[RANKING_LEVELS + 1], size_t line,
		      char *text)
{
	const struct ranking *tree = table->ranking;
	size_t level = tree->levels[line];

	open[level] = tree->more[line];
	*text = '\0';
	for (size_t i = 1; i < level; i++)
		text = stpcpy(text, open[i] ? table->wide ? "│ " : "| " : "  ");
	if (level && table->wide)
		stpcpy(text, open[level] ? "├ " : "└ ");
	else if (level)
		stpcpy(text, open[level] ? "|-" : "`-");
}

static void row(FILE *to, const struct report_table *table, const struct history_process *process,
		const char *name, int width)
{
	struct fl_counts counts = history_counts(process);
	double percent = table->elapsed_ns ? 100.0 * counts.cpu_ns / table->elapsed_ns : 0;
	char text[7][UNITS_BYTES];
	char end[FATE_BYTES];
	int pad = width - (int)utf8_columns(name, strlen(name));

	fprintf(to, "%7d  %s%*s %11s %9s %8s %6s %8s %8s %10s  %s\n",
		process->tid ? process->tid : process->pid, name, pad > 0 ? pad : 0, "",
		units_count(text[0], counts.minor), units_count(text[1], counts.major),
		units_time(text[2], counts.cpu_ns), units_percent(text[3], percent),
		units_bytes_if(text[4], history_knows_resident(process),
			       (double)process->peak_resident * table->page_bytes),
		units_bytes_if(text[5], process->sampled,
			       (double)process->peak_swapped * table->page_bytes),
		units_time(text[6], ranking_life(process)), fate(end, process));
}

void report_table(FILE *to, const struct report_table *table)
{
	const struct ranking *ranking = table->ranking;
	bool open[RANKING_LEVELS + 1] = { false };
	int width = ranking->levels ? TREE_NAME : LIST_NAME;

	fprintf(to, "%7s  %-*s %11s %9s %8s %6s %8s %8s %10s  %s\n", "PID", width, "NAME", "MINOR",
		"MAJOR", "CPU", "CPU", "RESIDENT", "SWAPPED", "LIFE", "ENDED");
	fprintf(to, "%7s  %-*s %11s %9s %8s %6s %8s %8s\n", "", width, "", "faults", "faults",
		"time", "share", "peak", "peak");
	for (size_t i = 0; i < ranking->number && i < table->number; i++) {
		const struct history_process *process =
			&table->history->processes[ranking->processes[i]];
		char name[NAME_BYTES] = "";
		size_t used;

		if (ranking->levels)
			tree_name(table, open, i, name);
		used = strlen(name);
		clean(name + used, FL_COMM_BYTES, process->name);
		if (!table->wide)
			clean_ascii(name);
		row(to, table, process, name, width);
	}
}
