// SPDX-License-Identifier: MIT
#include "origin.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	const char *words;
} origins[] = {
	{ "unknown", "a source of a later version" },
	[FAULTLINE_SOURCE_MODULE] = { "module", "the module" },
	[FAULTLINE_SOURCE_PERF] = { "perf", "perf_event_open(2)" },
	[FAULTLINE_SOURCE_PROC] = { "proc", "/proc" },
};

#define ORIGINS (sizeof(origins) / sizeof(origins[0]))

const char *origin_name(uint32_t source)
{
	return origins[source < ORIGINS ? source : 0].name;
}

const char *origin_words(uint32_t source)
{
	return origins[source < ORIGINS ? source : 0].words;
}

enum faultline_source origin_of(const char *name)
{
	for (size_t i = ORIGINS - 1; i; i--)
		if (!strcmp(origins[i].name, name))
			return i;
	return 0;
}

uint64_t origin_cost_ns(uint32_t source, uint64_t own_ns, uint64_t pass_ns)
{
	return source == FAULTLINE_SOURCE_MODULE ? own_ns + pass_ns : own_ns;
}
