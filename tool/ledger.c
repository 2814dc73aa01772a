// SPDX-License-Identifier: MIT
#include "ledger.h"

#include <math.h>

#define NS_PER_S 1e9

void ledger_begin(struct ledger *ledger, const struct history *history, uint64_t opened_ns,
		  uint64_t now_ns)
{
	*ledger = (struct ledger){
		.history = history,
		.from_ns = now_ns,
		.memory = { .start_ns = opened_ns },
	};
}

void ledger_peak(struct ledger *ledger)
{
	if (ledger->memory.resident > ledger->peak_resident)
		ledger->peak_resident = ledger->memory.resident;
	if (ledger->memory.swapped > ledger->peak_swapped)
		ledger->peak_swapped = ledger->memory.swapped;
}

int ledger_record(struct ledger *ledger, const struct fl_record *record)
{
	/* The pass before has been told of as a whole, and who has ended since is still in it. */
	if (record->type == FL_RECORD_EXIT || record->type == FL_RECORD_LEFT ||
	    (record->type == FL_RECORD_SAMPLE && record->time_ns != ledger->sampled_ns))
		ledger_peak(ledger);
	if (record->type == FL_RECORD_SAMPLE)
		ledger->sampled_ns = record->time_ns;
	return tally_add(&ledger->memory, record);
}

void ledger_clear(struct ledger *ledger)
{
	tally_clear(&ledger->memory);
}

struct fl_counts ledger_total(const struct ledger *ledger)
{
	const struct history *history = ledger->history;
	struct fl_counts total = { 0 };

	for (size_t i = 0; i < history->process_number; i++) {
		struct fl_counts counts = history_counts(&history->processes[i]);

		total.minor += counts.minor;
		total.major += counts.major;
		total.cpu_ns += counts.cpu_ns;
		total.system_ns += counts.system_ns;
		total.voluntary += counts.voluntary;
		total.involuntary += counts.involuntary;
	}
	if (ledger->all_told)
		total.system_ns = ledger->told[3];
	total.resident = ledger->memory.resident;
	total.swapped = ledger->memory.swapped;
	return total;
}

static void add_interval(struct ledger *ledger, uint64_t to_ns)
{
	const struct history *history = ledger->history;
	double seconds = (to_ns - ledger->from_ns) / NS_PER_S;
	struct history_rates *sum = &ledger->sum;

	for (size_t i = 0; i < history->process_number; i++) {
		struct history_rates rates =
			history_between(&history->processes[i], ledger->from_ns, to_ns);

		sum->minor += rates.minor * seconds;
		sum->major += rates.major * seconds;
		sum->cpu += rates.cpu * seconds;
		sum->system += rates.system * seconds;
		sum->voluntary += rates.voluntary * seconds;
		sum->involuntary += rates.involuntary * seconds;
	}
	ledger->from_ns = to_ns;
}

/* What was not told yet of a sum; what is more than @most is to be told later. */
static uint64_t untold(uint64_t *told, uint64_t sum, uint64_t most)
{
	uint64_t more = sum > *told ? sum - *told : 0;

	if (more > most)
		more = most;
	*told += more;
	return more;
}

struct fl_counts ledger_interval(struct ledger *ledger, uint64_t to_ns, bool last)
{
	struct fl_counts counts = { 0 };
	struct fl_counts sum;

	if (last) {
		sum = ledger_total(ledger);
	} else {
		if (to_ns > ledger->from_ns)
			add_interval(ledger, to_ns);
		sum = (struct fl_counts){
			.minor = llround(ledger->sum.minor),
			.major = llround(ledger->sum.major),
			.cpu_ns = llround(ledger->sum.cpu * NS_PER_S),
			.system_ns = llround(ledger->sum.system * NS_PER_S),
			.voluntary = llround(ledger->sum.voluntary),
			.involuntary = llround(ledger->sum.involuntary),
		};
	}
	counts.minor = untold(&ledger->told[0], sum.minor, UINT64_MAX);
	counts.major = untold(&ledger->told[1], sum.major, UINT64_MAX);
	counts.cpu_ns = untold(&ledger->told[2], sum.cpu_ns, UINT64_MAX);
	counts.system_ns = untold(&ledger->told[3], sum.system_ns, counts.cpu_ns);
	counts.voluntary = untold(&ledger->told[4], sum.voluntary, UINT64_MAX);
	counts.involuntary = untold(&ledger->told[5], sum.involuntary, UINT64_MAX);
	ledger->all_told = last;
	counts.resident = ledger->memory.resident;
	counts.swapped = ledger->memory.swapped;
	return counts;
}
