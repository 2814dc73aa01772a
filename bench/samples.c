// SPDX-License-Identifier: MIT
/*
 * What one sample costs, of so many processes and of one process with so many threads: by faultline
 * and by its peers, of the same processes in the same boot. A reading is "METHOD-processes-N" or
 * "METHOD-threads-N": instructions for all of them.
 */
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>

#include "meter.h"
#include "method.h"
#include "report.h"

#define FILES	     16384
#define ROUNDS	     21
#define LONG_ROUNDS  5	  /* of what takes millions of instructions */
#define PEERS_MOST   1000 /* processes: of peers */
#define LONG_CROWD   100
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Who must all tell the same faults. */
static const struct method *const complete[] = {
	&method_read, &method_proc_open, &method_proc_kept, &method_taskstats, &method_iterator,
};
/* Who tell something else. */
static const struct method *const others[] = {
	&method_full,
	&method_ran,
	&method_taskstats_process,
	&method_perf,
};

static const struct method *method; /* that is being measured */
static struct totals totals;

static void pass(void)
{
	totals = (struct totals){ 0 };
	method->pass(&totals);
}

static bool is_ours(const struct method *one)
{
	return one == &method_full || one == &method_read || one == &method_ran;
}

/* Returns false if that would only take time. */
static bool measure(const struct method *one, const struct crowd *crowd)
{
	bool quick = is_ours(one) || crowd->processes < LONG_CROWD;
	uint64_t cost;

	if (!is_ours(one) && crowd->processes > PEERS_MOST)
		return false;
	method = one;
	method->open(crowd);
	cost = meter_median(quick ? ROUNDS : LONG_ROUNDS, method->prepare, pass);
	method->close();
	if (crowd->threads > 1 || crowd->processes == 1)
		report_reading(cost, "%s-threads-%u", one->name, crowd->threads);
	if (crowd->threads == 1)
		report_reading(cost, "%s-processes-%u", one->name, crowd->processes);
	return true;
}

static void measure_all(unsigned int processes, unsigned int threads)
{
	struct crowd crowd;
	uint64_t minor = 0;

	crowd_gather(&crowd, processes, threads);
	for (size_t i = 0; i < COUNT(complete); i++) {
		if (!measure(complete[i], &crowd))
			continue;
		if (!i)
			minor = totals.minor;
		if (!totals.minor || totals.minor != minor)
			report_fail("%s tells %llu faults and %s %llu", complete[0]->name,
				    (unsigned long long)minor, complete[i]->name,
				    (unsigned long long)totals.minor);
	}
	for (size_t i = 0; i < COUNT(others); i++)
		measure(others[i], &crowd);
	crowd_dismiss(&crowd);
}

int main(void)
{
	static const unsigned int processes[] = { 1, 10, 100, 1000, 5000 };
	static const unsigned int threads[] = { 2, 4, 8, 16, 32, 64 };
	struct rlimit files = { FILES, FILES };

	meter_begin();
	if (setrlimit(RLIMIT_NOFILE, &files))
		report_fail("cannot open %d files: run it as root", FILES);
	for (size_t i = 0; i < COUNT(processes); i++)
		measure_all(processes[i], 1);
	for (size_t i = 0; i < COUNT(threads); i++)
		measure_all(1, threads[i]);
	return 0;
}
