// SPDX-License-Identifier: MIT
#include "closing.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "losses.h"
#include "origin.h"
#include "quote.h"
#include "say.h"
#include "units.h"

static void put_losses(FILE *to, const struct faultline_figures *figures)
{
	const struct losses losses = losses_of(figures);
	char words[LOSSES_BYTES];

	fprintf(to, ", %s", *losses_words(words, &losses) ? words : "nothing lost");
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

static double cost_percent(const struct closing *closing)
{
	uint64_t cost_ns =
		origin_cost_ns(closing->source, closing->own_cpu_ns, closing->figures.pass_ns);

	return closing->took_ns ? 100.0 * cost_ns / closing->took_ns : 0;
}

static void put_file(FILE *to, const struct closing *closing)
{
	char *const words[] = { "faultline", "report", (char *)closing->path };
	char *command = quote_words(strcmp(closing->path, RECORDING_NAME) ? 3 : 2, words);
	char bytes[UNITS_BYTES];

	fprintf(to, "%s (%s)%s%s", closing->path, units_bytes(bytes, (double)closing->bytes),
		command ? ": " : "", command ? command : "");
	free(command);
}

void closing_say(const struct closing *closing)
{
	char number[UNITS_BYTES];
	char *line = NULL;
	size_t length;
	FILE *to;

	to = open_memstream(&line, &length);
	if (!to)
		return;
	put_time(to, closing);
	put_counts(to, closing->tally);
	if (closing->source != FAULTLINE_SOURCE_MODULE)
		fprintf(to, " with %s", origin_words(closing->source));
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
