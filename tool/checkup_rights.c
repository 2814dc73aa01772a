// SPDX-License-Identifier: MIT
/* Whom may this user follow, with the module and with what stands in for it? */
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkup.h"
#include "libfaultline.h"
#include "source.h"
#include "units.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif

/* The ring and its header's page, which are locked. */
#define USUAL_BYTES  (FL_RING_BYTES + (64U << 10))
#define NEEDED_BYTES (SOURCE_RING_LEAST_BYTES + (8U << 10))

static bool may_look_at_any(const struct machine *machine)
{
	return machine_can(machine, CAP_PERFMON) || machine_can(machine, CAP_SYS_PTRACE);
}

static void check_whom(struct checkup *checkup)
{
	if (may_look_at_any(&checkup->machine))
		checkup_add(checkup, "rights", CHECKUP_OK, NULL, "any process may be followed");
	else
		checkup_add(checkup, "rights", CHECKUP_NOTE, "sudo faultline top",
			    "only this user's processes may be followed, others' as root");
}

/* The limit in bytes; UINT64_MAX: none. */
static uint64_t locked_limit(const struct machine *machine)
{
	static const char label[] = "Max locked memory";
	char limits[4096];
	const char *line;

	machine_read(machine, limits, sizeof(limits), "/proc/self/limits");
	line = strstr(limits, label);
	if (!line)
		return UINT64_MAX;
	line += sizeof(label) - 1;
	line += strspn(line, " ");
	return strncmp(line, "unlimited", 9) != 0 ? strtoull(line, NULL, 10) : UINT64_MAX;
}

static void check_locked(struct checkup *checkup)
{
	uint64_t limit = locked_limit(&checkup->machine);
	static const char mend[] = "sudo prlimit --pid $$ --memlock=8388608";
	char has[UNITS_BYTES], needed[UNITS_BYTES];

	if (machine_can(&checkup->machine, CAP_IPC_LOCK) || limit == UINT64_MAX) {
		checkup_add(checkup, "locked memory", CHECKUP_OK, NULL, "no limit");
		return;
	}
	units_bytes(has, (double)limit);
	if (limit >= USUAL_BYTES)
		checkup_add(checkup, "locked memory", CHECKUP_OK, NULL, "up to %s", has);
	else if (limit >= NEEDED_BYTES)
		checkup_add(
			checkup, "locked memory", CHECKUP_NOTE, mend,
			"at most %s: the module's ring is a small one, which loses records sooner",
			has);
	else
		checkup_add(checkup, "locked memory", CHECKUP_WRONG, mend,
			    "at most %s, but a session needs %s", has,
			    units_bytes(needed, NEEDED_BYTES));
}

static void check_perf(struct checkup *checkup)
{
	static const char sysctl[] = "sudo sysctl kernel.perf_event_paranoid=1";
	const struct machine *machine = &checkup->machine;
	long level = machine_number(machine, LONG_MAX, "/proc/sys/kernel/perf_event_paranoid");

	if (level == LONG_MAX)
		checkup_add(checkup, "perf", CHECKUP_NOTE, NULL,
			    "this kernel has no perf events: without the module there is only "
			    "/proc");
	else if (machine_can(machine, CAP_PERFMON) || machine_can(machine, CAP_SYS_ADMIN))
		checkup_add(checkup, "perf", CHECKUP_OK, NULL,
			    "may stand in for the module (perf_event_paranoid %ld, with rights)",
			    level);
	else if (level <= 1)
		checkup_add(checkup, "perf", CHECKUP_OK, NULL,
			    "may stand in for the module (perf_event_paranoid %ld)", level);
	else if (level == 2)
		checkup_add(checkup, "perf", CHECKUP_NOTE, sysctl,
			    "this user may not count what happens in the kernel "
			    "(perf_event_paranoid 2)");
	else
		checkup_add(checkup, "perf", CHECKUP_NOTE, sysctl,
			    "this user may not use it (perf_event_paranoid %ld)", level);
}

/* Is /proc mounted so that it hides others' processes? */
static bool is_hidden(const struct machine *machine)
{
	static const char *const ways[] = { "hidepid=2",	"hidepid=1", "hidepid=invisible",
					    "hidepid=noaccess", "hidepid=4", "hidepid=ptraceable" };
	char mounts[16384];
	const char *line, *end;

	machine_read(machine, mounts, sizeof(mounts), "/proc/self/mounts");
	line = strstr(mounts, " /proc proc ");
	if (!line)
		return false;
	end = strchrnul(line, '\n');
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const char *found = strstr(line, ways[i]);

		if (found && found < end)
			return true;
	}
	return false;
}

static void check_proc(struct checkup *checkup)
{
	const struct machine *machine = &checkup->machine;
	long scope = machine_number(machine, 0, "/proc/sys/kernel/yama/ptrace_scope");

	if (is_hidden(machine) && !machine_can(machine, CAP_SYS_PTRACE))
		checkup_add(checkup, "/proc", CHECKUP_NOTE, "sudo mount -o remount,hidepid=0 /proc",
			    "it hides others' processes (hidepid)");
	else
		checkup_add(checkup, "/proc", CHECKUP_OK, NULL,
			    "shows all processes; ptrace_scope is %ld, which limits debuggers, not "
			    "counting",
			    scope);
}

void checkup_rights(struct checkup *checkup)
{
	check_whom(checkup);
	check_locked(checkup);
	check_perf(checkup);
	check_proc(checkup);
}
