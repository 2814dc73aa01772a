// SPDX-License-Identifier: MIT
#include "fate.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const char *left(enum fl_left_reason reason)
{
	switch (reason) {
	case FL_LEFT_REMOVED:
		return "removed";
	case FL_LEFT_DENIED:
		return "denied";
	case FL_LEFT_CGROUP:
		return "left cgroup";
	}
	return "left";
}

const char *fate(char *text, const struct history_process *process)
{
	const char *name = NULL;

	if (process->end == HISTORY_ALIVE)
		snprintf(text, FATE_BYTES, "alive");
	else if (process->end == HISTORY_LEFT)
		snprintf(text, FATE_BYTES, "%s", left(process->reason));
	else if (!WIFSIGNALED(process->status))
		snprintf(text, FATE_BYTES, "exit %d", WEXITSTATUS(process->status));
	else if ((name = sigabbrev_np(WTERMSIG(process->status))))
		snprintf(text, FATE_BYTES, "SIG%s", name);
	else
		snprintf(text, FATE_BYTES, "signal %d", WTERMSIG(process->status));
	return text;
}
