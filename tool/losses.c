// SPDX-License-Identifier: MIT
#include "losses.h"

#include <stddef.h>
#include <stdio.h>

#include "units.h"

struct losses losses_of(const struct faultline_figures *figures)
{
	return (struct losses){
		.records = figures->lost + figures->overwritten + figures->skipped,
		.deadlines = figures->missed,
		.visits = figures->shed,
		.processes = figures->unfollowed,
	};
}

const char *losses_words(char *text, const struct losses *losses)
{
	const struct {
		uint64_t number;
		const char *one;
		const char *many;
	} all[] = {
		{ losses->records, "record lost", "records lost" },
		{ losses->deadlines, "deadline missed", "deadlines missed" },
		{ losses->visits, "visit shed", "visits shed" },
		{ losses->processes, "process not followed", "processes not followed" },
	};
	char count[UNITS_BYTES];
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!all[i].number)
			continue;
		used += snprintf(text + used, LOSSES_BYTES - used, "%s%s %s", used ? ", " : "",
				 units_count(count, all[i].number),
				 all[i].number == 1 ? all[i].one : all[i].many);
	}
	return text;
}
