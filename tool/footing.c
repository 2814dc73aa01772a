// SPDX-License-Identifier: MIT
#include "footing.h"

#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "losses.h"
#include "origin.h"
#include "source.h"
#include "units.h"

void footing_begin(struct footing *footing, const struct source *source)
{
	*footing = (struct footing){
		.segment = source_segment(source),
		.why = source_why(source),
		.begin_ns = clock_ns(CLOCK_MONOTONIC),
		.begin_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID),
	};
	footing_update(footing, source);
}

void footing_update(struct footing *footing, const struct source *source)
{
	footing->figures.size = sizeof(footing->figures);
	source_figures(source, &footing->figures);
	footing->wall_ns = clock_ns(CLOCK_MONOTONIC) - footing->begin_ns;
	footing->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - footing->begin_cpu_ns;
}

uint64_t footing_pass_ns(const struct footing *footing)
{
	return origin_cost_ns(footing->segment->source, 0, footing->figures.pass_ns);
}

const char *footing_source(const struct footing *footing, char *text)
{
	const char *version = footing->segment->source_version;
	char period[UNITS_BYTES];

	if (!version)
		version = "";
	snprintf(text, FOOTING_BYTES, "%s%s%s, a sample every %s",
		 origin_name(footing->segment->source), *version ? " " : "", version,
		 units_time(period, footing->segment->period_ns));
	return text;
}

const char *footing_lost(const struct footing *footing, char *text)
{
	const struct losses losses = losses_of(&footing->figures);

	_Static_assert(FOOTING_BYTES >= LOSSES_BYTES, "room for all losses");
	return *losses_words(text, &losses) ? text : "nothing";
}

const char *footing_cost(const struct footing *footing, char *text)
{
	uint64_t pass_ns = footing_pass_ns(footing);
	char percent[UNITS_BYTES];
	char here[UNITS_BYTES];
	char there[UNITS_BYTES];
	int used;

	units_percent(percent, footing->wall_ns
				       ? 100.0 * (footing->cpu_ns + pass_ns) / footing->wall_ns
				       : 0);
	used = snprintf(text, FOOTING_BYTES, "%s of one CPU: %s here", percent,
			units_time(here, footing->cpu_ns));
	if (footing->segment->source == FAULTLINE_SOURCE_MODULE)
		snprintf(text + used, FOOTING_BYTES - used, ", %s in the module",
			 units_time(there, pass_ns));
	return text;
}
