// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "follow.h"
#include "origin.h"
#include "units.h"

enum key {
	KEY_CGROUP = 0x100,
	KEY_SOURCE,
	KEY_ALONE,
};

static const struct argp_option option_table[] = {
	{ NULL, 0, NULL, 0, "Whom to follow:", 1 },
	{ "pid", 'p', "PID[,PID...]", 0, "processes, and all that they fork from now on", 1 },
	{ "tid", 't', "TID[,TID...]", 0, "threads, each by itself", 1 },
	{ "cgroup", KEY_CGROUP, "PATH", 0,
	  "who is in a cgroup v2 and below it, and who joins later; absolute, or below the mount",
	  1 },
	{ "no-children", KEY_ALONE, NULL, 0, "not what the command or a PID forks", 1 },
	{ NULL, 0, NULL, 0, "How:", 2 },
	{ "source", KEY_SOURCE, "module|perf|proc", 0,
	  "count with the kernel module, perf_event_open(2), or /proc alone (the first of them "
	  "that works)",
	  2 },
	{ 0 },
};

static int add_target(struct follow_options *options, struct follow_target target)
{
	struct follow_target *more;

	more = reallocarray(options->targets, options->number + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	options->targets = more;
	more[options->number++] = target;
	return 0;
}

/* "12,34" as targets. */
static void parse_numbers(struct argp_state *state, const char *text, enum fl_target_kind kind)
{
	const char *what = kind == FL_TARGET_THREAD ? "--tid" : "--pid";
	struct follow_options *options = state->input;
	const char *at = text;
	char *end;
	long number;

	for (;; at = end + 1) {
		errno = 0;
		number = strtol(at, &end, 10);
		if (!isdigit((unsigned char)*at) || errno || number < 1 || number > INT_MAX ||
		    (*end && *end != ',')) {
			argp_error(state,
				   "%s must be whole numbers from 1 on, as 12 or 12,34, not '%s'",
				   what, text);
			return;
		}
		if (options->number >= FOLLOW_TARGETS_MAX) {
			argp_error(state,
				   "more than %d targets: follow a cgroup, or those that fork them",
				   FOLLOW_TARGETS_MAX);
			return;
		}
		if (add_target(options, (struct follow_target){ kind, (int)number, NULL }))
			argp_failure(state, EXIT_TROUBLE, ENOMEM, "cannot keep the targets");
		if (!*end)
			return;
	}
}

static void parse_interval(struct argp_state *state, const char *text)
{
	struct follow_options *options = state->input;

	if (units_read_time(text, &options->plan.period_ns) ||
	    options->plan.period_ns < FL_PERIOD_MIN_NS ||
	    options->plan.period_ns > FL_PERIOD_MAX_NS)
		argp_error(state, "--interval must be from 100us to 10s, as 10ms, not '%s'", text);
}

static void parse_source(struct argp_state *state, const char *text)
{
	struct follow_options *options = state->input;

	options->plan.kind = origin_of(text);
	if (!options->plan.kind)
		argp_error(state, "--source must be module, perf or proc, not '%s'", text);
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct follow_options *options = state->input;

	switch (key) {
	case 'p':
		parse_numbers(state, text, FL_TARGET_TREE);
		return 0;
	case 't':
		parse_numbers(state, text, FL_TARGET_THREAD);
		return 0;
	case KEY_CGROUP:
		/* Below the mount that would be everybody: who meant that says /sys/fs/cgroup. */
		if (!*text)
			argp_error(state, "--cgroup must name a cgroup, as system.slice, not ''");
		if (add_target(options, (struct follow_target){ FL_TARGET_CGROUP, 0, text }))
			argp_failure(state, EXIT_TROUBLE, ENOMEM, "cannot keep the targets");
		return 0;
	case KEY_SOURCE:
		parse_source(state, text);
		return 0;
	case KEY_ALONE:
		options->alone = true;
		return 0;
	case ARGP_KEY_ARGS:
		options->command = state->argv + state->next;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp follow_whom_argp = { .options = option_table, .parser = parse };

static const struct argp_option interval_table[] = {
	{ "interval", 'I', "TIME", 0,
	  "sample so often, as 10ms, 500us, 1s; a bare number is milliseconds", 2 },
	{ 0 },
};

static error_t parse_more(int key, char *text, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = state->input;
		return 0;
	case 'I':
		parse_interval(state, text);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &follow_whom_argp, 0, NULL, 0 }, { 0 } };

const struct argp follow_argp = {
	.options = interval_table,
	.parser = parse_more,
	.children = children,
};
