/* SPDX-License-Identifier: MIT */
/*
 * The TABLE of `faultline top`: a row for each process that lives or has just ended, with what it
 * did in the newest interval, in the order that was asked for.
 */
#ifndef TABLE_H
#define TABLE_H

#include "history.h"

/* So many of the newest intervals are in a sparkline at the most. */
#define TABLE_SPARK 30

/* A process that has ended stays so long. */
#define TABLE_ENDED_NS 5000000000ULL

enum table_key {
	TABLE_MINOR,
	TABLE_MAJOR,
	TABLE_CPU,
	TABLE_RESIDENT,
	TABLE_SWAPPED,
	TABLE_PID,
	TABLE_NAME,
	TABLE_KEYS,
};

struct table_order {
	enum table_key key; /* the most first; PIDs, names: the lowest first */
	bool reverse;
	bool tree; /* children below their parents, siblings in the order */
	/* The PID of a process's parent, or 0; for those whose birth nobody saw. May be NULL. */
	int (*parent_of)(int pid);
};

/* It is of a moment and needs the history no more. */
struct table_row {
	int pid;
	int tid;    /* of a thread that is followed alone; else 0 */
	int parent; /* PID; 0: nobody saw the birth */
	uint64_t birth_ns;
	char name[FL_COMM_BYTES];
	struct history_rates rates; /* of the newest interval */
	float spark[TABLE_SPARK];   /* faults a second, an interval each, the newest last */
	unsigned int depth;	    /* in the tree */
	bool ended;
};

struct table {
	struct table_row *rows;
	size_t number;
	size_t ended; /* of them */
	struct history_rates total;
	float minor[TABLE_SPARK]; /* of all, as those of the rows */
	float major[TABLE_SPARK];
};

/**
 * table_fill - make the rows anew
 * @table: zeroed at first
 * @length_ns, @to_ns: the newest interval and where it ends
 *
 * Return: 0, or -ENOMEM: there are no rows.
 */
int table_fill(struct table *table, const struct history *history, const struct table_order *order,
	       uint64_t length_ns, uint64_t to_ns);

/** table_sort - bring the rows into another order: 0 or -ENOMEM: they stay as they are */
int table_sort(struct table *table, const struct table_order *order);

/** table_note - an interval is over: its totals go to the sparklines */
void table_note(struct table *table);

/** table_clear - free it; it is zeroed */
void table_clear(struct table *table);

#endif
