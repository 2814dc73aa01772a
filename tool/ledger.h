/* SPDX-License-Identifier: MIT */
/*
 * A LEDGER is what all processes of a history counted together, up to now, while its points are
 * forgotten: what was counted, and the most memory that they had at one moment.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "history.h"
#include "tally.h"

struct ledger {
	const struct history *history;
	uint64_t from_ns; /* up to where intervals were taken */
	struct history_rates
		sum;		/* what intervals counted: not rates but numbers, cpu in seconds */
	uint64_t told[6];	/* what of it was told: minor, major, CPU, system, the switches */
	bool all_told;		/* the last interval was */
	uint64_t sampled_ns;	/* of the newest sample */
	struct tally memory;	/* of all processes now */
	uint64_t peak_resident; /* pages, all processes together */
	uint64_t peak_swapped;
};

/**
 * ledger_begin - count from now on
 * @history: outlives it and has its segment
 * @opened_ns: that segment's beginning
 */
void ledger_begin(struct ledger *ledger, const struct history *history, uint64_t opened_ns,
		  uint64_t now_ns);

/** ledger_record - to be told of each record: 0 or -ENOMEM */
int ledger_record(struct ledger *ledger, const struct fl_record *record);

/** ledger_peak - look at the memory of all now; for when there is no further record */
void ledger_peak(struct ledger *ledger);

/**
 * ledger_interval - what was counted since the interval before, up to a time
 * @last: all that was counted, whatever its time
 *
 * The intervals add up to the total. System time that a source saw late, in ticks, is never more
 * than CPU time: the rest is in intervals to come; behind the last one it is user time, which
 * ledger_total() then agrees to. Memory is that of the end, in pages.
 */
struct fl_counts ledger_interval(struct ledger *ledger, uint64_t to_ns, bool last);

/** ledger_clear - free what it has */
void ledger_clear(struct ledger *ledger);

/** ledger_total - all that was counted; memory: that of now, 0 if all have ended */
struct fl_counts ledger_total(const struct ledger *ledger);

#endif
