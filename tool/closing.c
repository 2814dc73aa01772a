// SPDX-License-Identifier: MIT
#include "closing.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "say.h"
#include "units.h"

struct loss {
	uint64_t number;
	const char *one;
	const char *many;
};

/* ", lost 12 records and ..."; what the figures hold is always said. */
static void put_losses(FILE *to, const struct faultline_figures *figures)
{
	const struct loss losses[] = {
		{ figures->lost, "record lost", "records lost" },
		{ figures->overwritten + figures->skipped, "record overwritten",
		  "records overwritten" },
		{ figures->missed, "deadline missed", "deadlines missed" },
		{ figures->shed, "visit shed", "visits shed" },
		{ figures->unfollowed, "process not followed", "processes not followed" },
	};
	char count[UNITS_BYTES];
	bool any = false;

	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		if (!losses[i].number)
			continue;
		fprintf(to, ", %s %s", units_count(count, losses[i].number),
			losses[i].number == 1 ? losses[i].one : losses[i].many);
		any = true;
	}
	if (!any)
		fputs(", nothing lost", to);
}

static void put_counts(FILE *to, const struct tally *tally)
{
	char processes[UNITS_BYTES], samples[UNITS_BYTES], minor[UNITS_BYTES], major[UNITS_BYTES];

	fprintf(to, "%s process%s, %s sample%s, %s minor and %s major faults",
		units_count(processes, tally->processes), tally->processes == 1 ? "" : "es",
		units_count(samples, tally->samples), tally->samples == 1 ? "" : "s",
		units_count(minor, tally->minor), units_count(major, tally->major));
}

static void put_time(FILE *to, const struct closing *closing)
{
	char time[UNITS_BYTES], last[UNITS_BYTES];

	if (closing->flight_ns && closing->flight_ns < closing->took_ns)
		fprintf(to, "the last %s of %s, ", units_time(last, (double)closing->flight_ns),
			units_time(time, (double)closing->took_ns));
	else
		fprintf(to, "%s, ", units_time(time, (double)closing->took_ns));
}

/* The passes of the module are not in our own CPU time, those of other sources are. */
static double cost_percent(const struct closing *closing)
{
	uint64_t cost_ns = closing->own_cpu_ns;

	if (closing->source == FAULTLINE_SOURCE_MODULE)
		cost_ns += closing->figures.pass_ns;
	return closing->took_ns ? 100.0 * cost_ns / closing->took_ns : 0;
}

static void put_file(FILE *to, const struct closing *closing)
{
	bool usual = !strcmp(closing->path, RECORDING_NAME);
	char bytes[UNITS_BYTES];

	fprintf(to, "%s (%s): faultline report%s%s", closing->path,
		units_bytes(bytes, (double)closing->bytes), usual ? "" : " ",
		usual ? "" : closing->path);
}

void closing_say(const struct closing *closing)
{
	static const char *const sources[] = {
		[FAULTLINE_SOURCE_MODULE] = "",
		[FAULTLINE_SOURCE_PERF] = " with perf_event_open(2)",
		[FAULTLINE_SOURCE_PROC] = " from /proc",
	};
	char number[UNITS_BYTES];
	char *line = NULL;
	size_t length;
	FILE *to;

	to = open_memstream(&line, &length);
	if (!to)
		return;
	put_time(to, closing);
	put_counts(to, closing->tally);
	fputs(sources[closing->source], to);
	put_losses(to, &closing->figures);
	if (closing->running)
		fprintf(to, ", %s process%s still running", units_count(number, closing->running),
			closing->running == 1 ? "" : "es");
	fprintf(to, "; cost %s of a CPU; ", units_percent(number, cost_percent(closing)));
	put_file(to, closing);
	if (!fclose(to))
		say("%s", line);
	free(line);
}
