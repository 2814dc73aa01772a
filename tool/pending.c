// SPDX-License-Identifier: MIT
/* Not for main: what is not written yet. */
#include "child.h"
#include "command.h"
#include "follow.h"
#include "history.h"
#include "say.h"
#include "source.h"
#include "units.h"

#define PENDING(verb)                                                   \
	__attribute__((weak)) int command_##verb(int argc, char **argv) \
	{                                                               \
		(void)argc, (void)argv;                                 \
		say("not there yet");                                   \
		return EXIT_TROUBLE;                                    \
	}
PENDING(record)
PENDING(stat) PENDING(top) PENDING(report) PENDING(diff) PENDING(export) PENDING(list)
	PENDING(doctor)
