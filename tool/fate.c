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

const char *fate_of_status(char *text, int status)
{
	const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;

	if (!WIFSIGNALED(status))
		snprintf(text, FATE_BYTES, "exit %d", WEXITSTATUS(status));
	else if (name)
		snprintf(text, FATE_BYTES, "SIG%s", name);
	else
		snprintf(text, FATE_BYTES, "signal %d", WTERMSIG(status));
	return text;
}

const char *fate(char *text, const struct history_process *process)
{
	if (process->end == HISTORY_EXITED)
		return fate_of_status(text, process->status);
	snprintf(text, FATE_BYTES, "%s",
		 process->end == HISTORY_LEFT ? left(process->reason) : "alive");
	return text;
}
