// SPDX-License-Identifier: MIT
/*
 * A fork storm: children that are registered, fault and die, as many as the machine can bear. Adds
 * up what wait4 tells of those that were registered.
 *
 * Some of them are bystanders, whom nobody registers: whatever number they were given, and
 * whoever had it before, "U" must not find them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "faultline_classic.h"

#define MEMBERS	  2
#define SEATS	  8
#define PAGE	  4096UL
#define MAX_PAGES 512
#define STACK	  (64 << 10)
#define MAX_PID	  (1 << 22)
#define PERIOD_US (FL_CLASSIC_PERIOD_MS * 1000UL)

enum count {
	BORN,
	REGISTERED,
	LEFT,
	TOO_LATE,
	BYSTANDERS,
	REUSED,
	LISTED_STILL,
	MINOR,
	MAJOR,
	UNSURE,
};

static const char *const names[] = { "born",   "registered",   "left",	"too_late", "bystanders",
				     "reused", "listed_still", "minor", "major",    "unsure",
				     NULL };

enum kind {
	EMPTY,
	ITSELF,	   /* registers itself */
	LEAVER,	   /* registers itself and leaves before its end */
	BY_PARENT, /* is registered from outside, perhaps when it is dead already */
	BYSTANDER, /* is not registered */
};

/* What a child and its parent tell each other. */
struct seat {
	enum kind kind;
	pid_t pid;
	unsigned int pages;
	bool brief;	 /* shares its parent's memory, who waits for its end, as by vfork() */
	bool by_signal;	 /* ends by SIGKILL */
	bool registered; /* wait4's figures count, unless it left */
	bool left;
	long minor, major; /* when it left: at least */
	long unsure;	   /* and so many minor faults more, perhaps */
};

static char arena[MAX_PAGES * PAGE];
static uint64_t *died; /* when the registered process that last had a number was reaped */
static int status;

static void touch(volatile char *at, unsigned int pages)
{
	for (unsigned int page = 0; page < pages; page++)
		at[page * PAGE] = 1;
}

/* Memory that nobody who shares ours has touched before. */
static void touch_fresh(unsigned int pages)
{
	size_t length = (size_t)(pages + 1) * PAGE;
	void *at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		crew_fail("no memory: %s", strerror(errno));
	touch(at, pages);
	munmap(at, length);
}

static void must(int err, const char *what)
{
	if (err)
		crew_fail("%s was refused: %s", what, strerror(err));
}

/* Everything that this runs through was run through before, so that it takes no fault itself. */
static void leave(struct seat *seat)
{
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	if (crew_send(status, UNREGISTER, 0) != ESRCH)
		crew_fail("U 0 was not refused");
	getrusage(RUSAGE_SELF, &before);
	must(crew_send(status, UNREGISTER, seat->pid), "U of a registered process");
	getrusage(RUSAGE_SELF, &after);
	seat->minor = before.ru_minflt;
	seat->major = before.ru_majflt;
	seat->unsure = after.ru_minflt - before.ru_minflt;
	seat->left = true;
}

static int live(void *arg)
{
	struct seat *seat = arg;

	seat->pid = getpid();
	if (seat->kind == BYSTANDER) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
	}
	if (seat->kind == ITSELF || seat->kind == LEAVER) {
		must(crew_send(status, REGISTER, seat->pid), "R of itself");
		seat->registered = true;
	}
	if (seat->brief)
		touch_fresh(seat->pages);
	else
		touch(arena, seat->pages);
	if (seat->kind == LEAVER)
		leave(seat);
	if (seat->by_signal)
		kill(seat->pid, SIGKILL);
	_exit(0);
}

static void note_birth(struct crew_member *member, const struct seat *seat)
{
	uint64_t when = died[seat->pid % MAX_PID];

	crew_count(member, BORN, 1);
	if (when)
		crew_count(member, REUSED, 1);
	if (when && crew_now() - when < PERIOD_US)
		crew_count(member, LISTED_STILL, 1);
}

/* What the parent does with a child that it has just got. */
static void meddle(struct crew_member *member, struct seat *seat)
{
	int err;

	if (seat->kind == BY_PARENT) {
		err = crew_send(status, REGISTER, seat->pid);
		if (err && err != ESRCH)
			must(err, "R of a child");
		seat->registered = !err;
		crew_count(member, TOO_LATE, err == ESRCH);
	} else if (seat->kind == BYSTANDER) {
		err = crew_send(status, UNREGISTER, seat->pid);
		if (err != ENOENT)
			crew_fail("U of one who was never registered: %s", strerror(err));
		crew_count(member, BYSTANDERS, 1);
		kill(seat->pid, SIGKILL);
	}
}

static pid_t start(struct seat *seat)
{
	static char stack[STACK] __attribute__((aligned(16)));
	pid_t pid;

	if (seat->brief)
		return clone(live, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, seat);
	pid = fork();
	if (!pid)
		live(seat);
	return pid;
}

/* Returns false if there are too many processes. */
static bool bear(struct crew_member *member, struct seat *seat)
{
	static const enum kind kinds[] = { ITSELF, ITSELF, LEAVER, LEAVER, BY_PARENT, BYSTANDER };
	struct dice *dice = &member->dice;
	pid_t pid;

	*seat = (struct seat){
		.kind = kinds[dice_below(dice, sizeof(kinds) / sizeof(*kinds))],
		.pages = dice_up_to(dice, dice_one_in(dice, 50) ? MAX_PAGES : 48),
		.by_signal = dice_one_in(dice, 4),
	};
	seat->brief = (seat->kind == ITSELF || seat->kind == LEAVER) && !dice_one_in(dice, 4);
	pid = start(seat);
	if (pid < 0) {
		if (errno != EAGAIN)
			crew_fail("fork: %s", strerror(errno));
		seat->kind = EMPTY;
		return false;
	}
	seat->pid = pid;
	note_birth(member, seat);
	meddle(member, seat);
	return true;
}

static void account(struct crew_member *member, const struct seat *seat, const struct rusage *usage)
{
	if (!seat->registered)
		return;
	crew_count(member, REGISTERED, 1);
	crew_count(member, LEFT, seat->left);
	crew_count(member, MINOR, seat->left ? seat->minor : usage->ru_minflt);
	crew_count(member, MAJOR, seat->left ? seat->major : usage->ru_majflt);
	crew_count(member, UNSURE, seat->unsure);
}

/* Returns false if there was nobody to wait for. */
static bool reap(struct crew_member *member, struct seat *seats, int options)
{
	struct rusage usage;
	int how;
	pid_t pid = wait4(-1, &how, options, &usage);

	if (pid <= 0)
		return false;
	if (WIFEXITED(how) && WEXITSTATUS(how))
		crew_fail("a child failed");
	for (struct seat *seat = seats; seat < seats + SEATS; seat++) {
		if (seat->kind == EMPTY || seat->pid != pid)
			continue;
		account(member, seat, &usage);
		died[pid % MAX_PID] = seat->registered && !seat->left ? crew_now() : 0;
		seat->kind = EMPTY;
	}
	return true;
}

static void storm(struct crew_member *member)
{
	struct seat *seats = crew_memory(SEATS * sizeof(*seats));

	while (crew_goes_on(member)) {
		struct seat *seat = seats;

		while (seat < seats + SEATS && seat->kind != EMPTY)
			seat++;
		if (seat == seats + SEATS || !bear(member, seat))
			if (!reap(member, seats, 0))
				usleep(1000);
		if (dice_one_in(&member->dice, 3))
			reap(member, seats, WNOHANG);
	}
	while (reap(member, seats, 0))
		;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: storm SEED MILLISECONDS\n");
		return 2;
	}
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	died = crew_memory(MAX_PID * sizeof(*died));
	status = crew_open_status();
	return crew_run(MEMBERS, crew_number(argv[1]), crew_number(argv[2]), names, storm);
}
