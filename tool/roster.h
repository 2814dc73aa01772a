/* SPDX-License-Identifier: MIT */
/*
 * A ROSTER knows who is followed now, as records come by: what a record leaves out, being of a
 * target that an earlier one told of. It has room for who is alive, not for all that ever were.
 */
#ifndef ROSTER_H
#define ROSTER_H

#include <stdbool.h>

#include "libfaultline.h"
#include "utf8.h"

#define ROSTER_SHOWN 8 /* figures that a format may keep with each */

struct roster_entry {
	uint32_t target;
	uint32_t parent; /* its id; 0: none */
	int pid;	 /* 0: it has none, or its record was lost */
	int tid;	 /* of a thread that is followed alone; else 0 */
	uint64_t birth_ns;
	char name[UTF8_ROOM(FL_COMM_BYTES)]; /* now; UTF-8 */
	bool counted;			     /* the next two are filled */
	uint64_t time_ns;		     /* of its newest totals */
	struct fl_counts counts;
	/* The format's own, 0 at first. */
	bool told;
	double shown[ROSTER_SHOWN];
};

struct roster;

/** roster_new - an empty one: NULL if there is no memory */
struct roster *roster_new(void);

/** roster_free - NULL is fine */
void roster_free(struct roster *roster);

/** roster_target - the id of the target that a record is about; 0: it is about none */
uint32_t roster_target(const struct fl_record *record);

/** roster_counts - the totals that a record has; NULL: it has none */
const struct fl_counts *roster_counts(const struct fl_record *record);

/**
 * roster_before - find whom a record is about, and take in what it says of who that is
 *
 * Return: the entry; a blank one if the record that told of it was lost. NULL: no memory, or the
 * record is about no target.
 */
struct roster_entry *roster_before(struct roster *roster, const struct fl_record *record);

/** roster_after - take in the totals of the record, strike out who has ended; @entry may be NULL */
void roster_after(struct roster *roster, struct roster_entry *entry,
		  const struct fl_record *record);

/** roster_walk - call a function for each that is there */
void roster_walk(struct roster *roster, void (*visit)(struct roster_entry *entry, void *with),
		 void *with);

#endif
