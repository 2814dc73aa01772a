// SPDX-License-Identifier: MIT
/* faultline stat: run a command, or watch processes, and say what they counted. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "account_json.h"
#include "account_text.h"
#include "clock.h"
#include "command.h"
#include "follow.h"
#include "footing.h"
#include "history.h"
#include "say.h"
#include "ledger.h"
#include "units.h"

/* Samples are as dense as this at the least, for the peaks of memory. */
#define PERIOD_MOST_NS 50000000ULL

/* The names of the columns stand above each so many lines. */
#define HEAD_EACH 24

#define GATHER_MS 25 /* one wakeup for so much of the module's ring, which holds more */

#define INTERVAL_MIN_NS 1000000ULL

enum {
	KEY_JSON = 0x200,
};

struct stat_run {
	struct follow_options options; /* handed over to follow */
	uint64_t interval_ns;	       /* 0: only the total */
	const char *path;	       /* NULL: standard error */
	bool json;

	FILE *to;
	struct follow follow;
	struct history *history;
	struct ledger ledger;
	struct footing footing;
	struct account account;
	uint64_t begin_ns;
	uint64_t told_ns; /* the end of the newest interval */
	size_t lines;	  /* of intervals */
};

static const struct argp_option option_table[] = {
	{ NULL, 0, NULL, 0, "What to tell:", 3 },
	{ "interval", 'I', "TIME", 0,
	  "a line each TIME, from 1ms on, as 100ms, 1s; a bare number is milliseconds", 3 },
	{ "json", KEY_JSON, NULL, 0, "one object of JSON; with -I one a line", 3 },
	{ "output", 'o', "FILE", 0, "write to FILE, not to standard error", 3 },
	{ 0 },
};

static void parse_interval(struct argp_state *state, const char *text)
{
	struct stat_run *stat = state->input;

	if (units_read_time(text, &stat->interval_ns) || stat->interval_ns < INTERVAL_MIN_NS)
		argp_error(state, "--interval must be from 1ms on, as 100ms or 1s, not '%s'", text);
	if (stat->interval_ns < PERIOD_MOST_NS)
		stat->options.plan.period_ns = stat->interval_ns;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct stat_run *stat = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &stat->options;
		return 0;
	case 'I':
		parse_interval(state, text);
		return 0;
	case 'o':
		stat->path = text;
		return 0;
	case KEY_JSON:
		stat->json = true;
		return 0;
	case ARGP_KEY_END:
		if (!stat->options.command && !stat->options.number)
			argp_error(state,
				   "name a COMMAND, or who is to be followed: -p, -t, --cgroup");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &follow_whom_argp, 0, NULL, 0 }, { 0 } };

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
	.children = children,
	.args_doc = "[--] COMMAND [ARGUMENT]...\n-p PID[,PID...]\n--cgroup PATH",
	.doc = "Says what a command, or processes, faulted and took: faults, CPU time, memory, "
	       "context switches; of each process by itself, too, if there are several."
	       "\v"
	       "It ends as the command ended. Without a command it counts until ^C, or until "
	       "nobody is left.\n\n"
	       "  faultline stat -- make\n"
	       "  faultline stat -I 1s -p $(pidof firefox)\n\n"
	       "More: man faultline-stat",
};

/* Whether the account's file could be written; said if not. */
static int written(const struct stat_run *stat, int error)
{
	if (!error && !fflush(stat->to) && !ferror(stat->to))
		return 0;
	say("cannot write %s: %s", stat->path ? stat->path : "standard error",
	    strerror(error ? -error : errno));
	return EXIT_TROUBLE;
}

static int take_records(struct stat_run *stat)
{
	const struct fl_record *record;
	int found;
	int error;

	while ((found = follow_next(&stat->follow, &record)) > 0) {
		error = ledger_record(&stat->ledger, record);
		if (!error)
			error = history_add(stat->history, record);
		if (error) {
			say("no memory for what was counted: follow fewer processes");
			return EXIT_TROUBLE;
		}
	}
	ledger_peak(&stat->ledger);
	if (found < 0) {
		say("%s", source_message());
		return EXIT_TROUBLE;
	}
	return 0;
}

static int tell_interval(struct stat_run *stat, uint64_t end_ns, bool last)
{
	const struct account_interval interval = {
		.time_ns = end_ns - stat->begin_ns,
		.length_ns = end_ns - stat->told_ns,
		.counts = ledger_interval(&stat->ledger, end_ns, last),
		.processes = source_targets(stat->follow.source),
	};

	stat->told_ns = end_ns;
	if (stat->json)
		return written(stat, account_json_interval(stat->to, &stat->account, &interval));
	if (stat->lines++ % HEAD_EACH == 0)
		account_text_head(stat->to);
	account_text_interval(stat->to, &stat->account, &interval);
	return written(stat, 0);
}

/*
 * When an interval's samples are there: those of its end, or, if nobody ran and so none come, when
 * they are overdue.
 */
static uint64_t due_ns(const struct stat_run *stat)
{
	return stat->told_ns + stat->interval_ns +
	       2 * source_segment(stat->follow.source)->period_ns;
}

static int tell_intervals(struct stat_run *stat)
{
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	int status = 0;

	while (!status && (stat->ledger.sampled_ns >= stat->told_ns + stat->interval_ns ||
			   now_ns >= due_ns(stat)))
		status = tell_interval(stat, stat->told_ns + stat->interval_ns, false);
	return status;
}

/* How long to wait for what comes next. */
static int timeout_ms(const struct stat_run *stat)
{
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	uint64_t wanted_ns = due_ns(stat);

	if (!stat->interval_ns || wanted_ns > now_ns + 1000000000)
		return 1000;
	return wanted_ns > now_ns ? (wanted_ns - now_ns) / 1000000 + 1 : 0;
}

/* Until the command has ended, or a signal came. */
static int watch(struct stat_run *stat)
{
	int found = 0;
	int status = 0;

	while (!status && !(found & FOLLOW_ENDED)) {
		found = follow_wait(&stat->follow, -1, timeout_ms(stat));
		if (found < 0) {
			say("cannot wait for records: %s", strerror(-found));
			return EXIT_TROUBLE;
		}
		status = take_records(stat);
		if (!status && stat->interval_ns)
			status = tell_intervals(stat);
		/* Intervals are drawn from the points behind the newest one told. */
		history_forget(stat->history, stat->interval_ns ? stat->told_ns : UINT64_MAX);
	}
	return status;
}

/* The time of the command's end as the source saw it; now, if there was none. */
static uint64_t end_ns(const struct stat_run *stat)
{
	const struct history *history = stat->history;

	for (size_t i = 0; stat->follow.child.pid && i < history->process_number; i++)
		if (history->processes[i].pid == stat->follow.child.pid &&
		    history->processes[i].end == HISTORY_EXITED)
			return history->processes[i].last_ns;
	return clock_ns(CLOCK_MONOTONIC);
}

/* The kernel's own mark of a single process may be above what samples saw of all. */
static void note_kernel_peak(struct stat_run *stat)
{
	const struct history *history = stat->history;
	uint64_t page_bytes = source_segment(stat->follow.source)->page_bytes;
	uint64_t peak = (uint64_t)stat->follow.child.usage.ru_maxrss * 1024 / page_bytes;

	for (size_t i = 0; i < history->process_number; i++)
		if (history->processes[i].peak_resident > peak)
			peak = history->processes[i].peak_resident;
	if (peak > stat->ledger.peak_resident)
		stat->ledger.peak_resident = peak;
}

static int tell_total(struct stat_run *stat)
{
	if (stat->json)
		return written(stat, account_json_write(stat->to, &stat->account));
	if (stat->interval_ns)
		account_text_total(stat->to, &stat->account);
	else
		account_text_write(stat->to, &stat->account);
	return written(stat, 0);
}

static int finish(struct stat_run *stat)
{
	uint64_t ended_ns;
	int status;
	int error;

	error = follow_end(&stat->follow);
	do {
		status = take_records(stat);
	} while (!status && follow_rest(&stat->follow));
	if (error && !status) {
		say("%s", source_message());
		status = EXIT_TROUBLE;
	}
	if (status)
		return status;
	ended_ns = end_ns(stat);
	footing_update(&stat->footing, stat->follow.source);
	note_kernel_peak(stat);
	stat->account.elapsed_ns = ended_ns - stat->begin_ns;
	if (stat->interval_ns && ended_ns > stat->told_ns)
		status = tell_interval(stat, ended_ns, true);
	return status ? status : tell_total(stat);
}

static int begin(struct stat_run *stat)
{
	const struct faultline_segment *segment = source_segment(stat->follow.source);

	stat->history = history_new();
	if (!stat->history || history_begin(stat->history, segment)) {
		say("no memory to count");
		return EXIT_TROUBLE;
	}
	footing_begin(&stat->footing, stat->follow.source);
	stat->begin_ns = stat->told_ns = stat->footing.begin_ns;
	ledger_begin(&stat->ledger, stat->history, segment->start_ns, stat->begin_ns);
	stat->account = (struct account){
		.history = stat->history,
		.ledger = &stat->ledger,
		.footing = &stat->footing,
		.command = stat->follow.options.command,
		.child = &stat->follow.child,
	};
	return 0;
}

/* What failed here is not the command's fault: it is not left behind. */
static int count(struct stat_run *stat)
{
	struct follow *follow = &stat->follow;
	int status;

	signal(SIGXFSZ, SIG_IGN); /* a limit on files is an error as a full disk is one */
	status = watch(stat);
	if (!status)
		status = finish(stat);
	if (follow->child.pid && !follow->child.ended)
		follow_end(follow);
	return status;
}

static int run(struct stat_run *stat)
{
	int status;

	stat->options.quiet = true; /* the account says it */
	stat->follow.options = stat->options;
	stat->follow.gather_ms = GATHER_MS;
	status = follow_open(&stat->follow);
	if (!status)
		status = begin(stat);
	if (!status)
		status = follow_start(&stat->follow);
	return status ? status : count(stat);
}

int command_stat(int argc, char **argv)
{
	struct stat_run stat = { .to = stderr };
	struct child child;
	int status;

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &stat);
	if (stat.path) {
		stat.to = fopen(stat.path, "we");
		if (!stat.to) {
			say("cannot write %s: %s", stat.path, strerror(errno));
			return EXIT_TROUBLE;
		}
	}
	status = run(&stat);
	child = stat.follow.child;
	ledger_clear(&stat.ledger);
	history_free(stat.history);
	follow_close(&stat.follow);
	if (stat.path && fclose(stat.to) && !status) {
		say("cannot write %s: %s", stat.path, strerror(errno));
		status = EXIT_TROUBLE;
	}
	return !status && child.ended ? child_end_as(&child) : status;
}
