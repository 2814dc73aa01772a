// SPDX-License-Identifier: MIT
/* Not for main: what is not written yet. */
#include "child.h"
#include "command.h"
#include "follow.h"
#include "history.h"
#include "page.h"
#include "say.h"
#include "source.h"
#include "units.h"

__attribute__((weak)) int page_write(const struct history *history, const char *recording_path,
				     const char *out_path)
{
	(void)history, (void)recording_path, (void)out_path;
	say("not there yet");
	return -1;
}

#define PENDING(verb)                                                   \
	__attribute__((weak)) int command_##verb(int argc, char **argv) \
	{                                                               \
		(void)argc, (void)argv;                                 \
		say("not there yet");                                   \
		return EXIT_TROUBLE;                                    \
	}
PENDING(stat) PENDING(top) PENDING(report) PENDING(diff) PENDING(export) PENDING(list)
	PENDING(doctor)
