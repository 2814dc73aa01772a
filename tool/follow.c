// SPDX-License-Identifier: MIT
#include "follow.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "say.h"
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
	{ "interval", 'I', "TIME", 0,
	  "sample so often, as 10ms, 500us, 1s; a bare number is milliseconds (10ms with the "
	  "module, else 50ms)",
	  2 },
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

	if (!strcmp(text, "module"))
		options->plan.kind = FAULTLINE_SOURCE_MODULE;
	else if (!strcmp(text, "perf"))
		options->plan.kind = FAULTLINE_SOURCE_PERF;
	else if (!strcmp(text, "proc"))
		options->plan.kind = FAULTLINE_SOURCE_PROC;
	else
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
		if (add_target(options, (struct follow_target){ FL_TARGET_CGROUP, 0, text }))
			argp_failure(state, EXIT_TROUBLE, ENOMEM, "cannot keep the targets");
		return 0;
	case 'I':
		parse_interval(state, text);
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

const struct argp follow_argp = { .options = option_table, .parser = parse };

/* The folder that has all cgroups of version 2. */
static int find_mount(char *path, size_t bytes)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	int error = -ENOENT;
	char place[PATH_MAX];

	if (!mounts)
		return -errno;
	while (error && getline(&line, &room, mounts) > 0) {
		const char *kind = strstr(line, " - ");

		if (!kind || strncmp(kind, " - cgroup2 ", 11) != 0)
			continue;
		if (sscanf(line, "%*s %*s %*s %*s %4095s", place) != 1)
			continue;
		error = (size_t)snprintf(path, bytes, "%s", place) < bytes ? 0 : -ENAMETOOLONG;
	}
	free(line);
	fclose(mounts);
	return error;
}

/* A descriptor of its folder, or -errno. */
static int open_cgroup(const char *name)
{
	char mount[PATH_MAX];
	char path[2 * PATH_MAX];
	int error;
	int fd;

	if (*name == '/') {
		fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 || errno != ENOENT)
			return fd < 0 ? -errno : fd;
	}
	error = find_mount(mount, sizeof(mount));
	if (error)
		return error;
	snprintf(path, sizeof(path), "%s/%s", mount, name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int add_cgroup(struct follow *follow, const char *name)
{
	int error;
	int fd;

	fd = open_cgroup(name);
	if (fd < 0) {
		say("cannot open the cgroup %s: %s; give a folder below the mount of cgroup2", name,
		    strerror(-fd));
		return EXIT_TROUBLE;
	}
	error = source_add(follow->source, FL_TARGET_CGROUP, fd);
	close(fd);
	if (error) {
		say("cannot follow the cgroup %s: %s", name, source_message());
		return EXIT_TROUBLE;
	}
	follow->groups = true;
	return 0;
}

static int add_one(struct follow *follow, const struct follow_target *target)
{
	enum fl_target_kind kind = target->kind;
	int error;

	if (kind == FL_TARGET_CGROUP)
		return add_cgroup(follow, target->cgroup);
	if (kind == FL_TARGET_TREE && follow->options.alone)
		kind = FL_TARGET_PROCESS;
	error = source_add(follow->source, kind, target->number);
	if (!error || error == -EEXIST)
		return 0;
	say("cannot follow %d: %s", target->number, source_message());
	return EXIT_TROUBLE;
}

/*
 * After the command was forked, which has the mask of before. Those that end a program are left
 * as they are if they were ignored.
 */
static int take_signals(struct follow *follow)
{
	static const int wanted[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGWINCH };
	struct sigaction now;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (sigaction(wanted[i], NULL, &now))
			return -errno;
		if (now.sa_handler == SIG_IGN && (wanted[i] == SIGHUP || wanted[i] == SIGTERM))
			continue;
		sigaddset(&set, wanted[i]);
	}
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	follow->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return follow->signals < 0 ? -errno : 0;
}

static int prepare(struct follow *follow)
{
	struct follow_options *options = &follow->options;
	struct follow_target command = { .kind = FL_TARGET_TREE };
	int error;

	if (options->command) {
		error = child_prepare(&follow->child, options->command);
		if (error) {
			say("cannot fork: %s", strerror(-error));
			return EXIT_TROUBLE;
		}
	}
	error = take_signals(follow);
	if (error) {
		say("cannot wait for signals: %s", strerror(-error));
		return EXIT_TROUBLE;
	}
	command.number = follow->child.pid;
	return options->command ? add_one(follow, &command) : 0;
}

static void say_source(const struct source *source)
{
	static const char *const names[] = {
		[FAULTLINE_SOURCE_PERF] = "perf_event_open(2)",
		[FAULTLINE_SOURCE_PROC] = "/proc",
	};
	const struct faultline_segment *segment = source_segment(source);
	const char *why = source_why(source);

	if (segment->source == FAULTLINE_SOURCE_MODULE)
		return;
	say("counting with %s%s%s", names[segment->source], *why ? ", as " : "", why);
	if (segment->blind && *segment->blind)
		say("that cannot see %s", segment->blind);
}

int follow_open(struct follow *follow)
{
	struct follow_options *options = &follow->options;
	int status;

	follow->signals = -1;
	if (source_open(&options->plan, &follow->source)) {
		say("%s", source_message());
		return EXIT_TROUBLE;
	}
	status = prepare(follow);
	for (size_t i = 0; !status && i < options->number; i++)
		status = add_one(follow, &options->targets[i]);
	if (!status && !options->quiet)
		say_source(follow->source);
	return status;
}

static int cannot_run(const char *name, int error)
{
	if (error == -ENOENT) {
		say("cannot run %s: there is no such program; is it in PATH?", name);
		return EXIT_NOT_FOUND;
	}
	say("cannot run %s: %s", name, strerror(-error));
	return EXIT_CANNOT_RUN;
}

int follow_start(struct follow *follow)
{
	const struct source_plan *plan = &follow->options.plan;
	int error;

	/* What was there before is told by a sample, to count from. */
	error = source_sample(follow->source);
	if (!error && !plan->only_when_asked)
		error = source_start(follow->source);
	if (error) {
		say("cannot begin: %s", source_message());
		return EXIT_TROUBLE;
	}
	if (!follow->child.pid)
		return 0;
	error = child_go(&follow->child);
	return error ? cannot_run(follow->options.command[0], error) : 0;
}

static void heed(struct follow *follow, const struct signalfd_siginfo *signal)
{
	bool alive = follow->child.pid && !follow->child.ended;

	switch (signal->ssi_signo) {
	case SIGWINCH:
		follow->resized = true;
		return;
	case SIGCHLD:
		return;
	case SIGINT:
		/* A terminal has sent it to the command as well. */
		if (alive && signal->ssi_code == SI_KERNEL)
			return;
		break;
	default:
		break;
	}
	if (alive)
		child_kill(&follow->child, signal->ssi_signo);
	else
		follow->caught = signal->ssi_signo;
}

static void heed_all(struct follow *follow)
{
	struct signalfd_siginfo signal;

	while (read(follow->signals, &signal, sizeof(signal)) == sizeof(signal))
		heed(follow, &signal);
}

static bool over(struct follow *follow)
{
	if (follow->caught)
		return true;
	if (follow->child.pid)
		return child_peek(&follow->child);
	return follow->source && !follow->groups && !source_targets(follow->source);
}

enum place {
	PLACE_SOURCE,
	PLACE_SIGNALS,
	PLACE_CHILD,
	PLACE_OTHER,
	PLACES,
};

/* What poll(2) found, as FOLLOW_..., or -errno. */
static int judge(struct follow *follow, const struct pollfd *polled)
{
	int found = 0;

	if (polled[PLACE_SIGNALS].revents)
		heed_all(follow);
	if (polled[PLACE_SOURCE].revents & POLLIN)
		found |= FOLLOW_RECORDS;
	else if (polled[PLACE_SOURCE].revents)
		return -EIO;
	if (polled[PLACE_OTHER].revents)
		found |= FOLLOW_OTHER;
	if (follow->resized)
		found |= FOLLOW_RESIZED;
	if (over(follow))
		found |= FOLLOW_ENDED;
	return found;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int wait_for(struct follow *follow, int source, int other, int timeout_ms)
{
	struct pollfd polled[PLACES] = {
		[PLACE_SOURCE] = { .fd = source, .events = POLLIN },
		[PLACE_SIGNALS] = { .fd = follow->signals, .events = POLLIN },
		[PLACE_CHILD] = { .fd = -1, .events = POLLIN },
		[PLACE_OTHER] = { .fd = other, .events = POLLIN },
	};

	if (follow->child.pid && !follow->child.ended)
		polled[PLACE_CHILD].fd = follow->child.fd;
	if (poll(polled, PLACES, timeout_ms) < 0 && errno != EINTR)
		return -errno;
	return judge(follow, polled);
}

int follow_wait(struct follow *follow, int other, int timeout_ms)
{
	uint64_t began = now_ms();
	int source = follow->source ? source_fd(follow->source) : -1;
	int gather = follow->gather_ms;
	int found;

	if (over(follow))
		timeout_ms = gather = 0;
	if (timeout_ms >= 0 && gather > timeout_ms)
		gather = timeout_ms;
	if (gather > 0) {
		found = wait_for(follow, -1, other, gather);
		if (found)
			return found;
		if (timeout_ms >= 0) {
			uint64_t took = now_ms() - began;

			timeout_ms = took < (uint64_t)timeout_ms ? timeout_ms - (int)took : 0;
		}
	}
	return wait_for(follow, source, other, timeout_ms);
}

int follow_end(struct follow *follow)
{
	struct source *source = follow->source;
	int error = 0;

	if (source) {
		error = source_sample(source);
		if (!error && !follow->options.plan.only_when_asked)
			error = source_stop(source);
	}
	if (!follow->child.pid)
		return error;
	while (!child_peek(&follow->child))
		if (wait_for(follow, -1, -1, -1) < 0)
			break;
	child_reap(&follow->child);
	return error;
}

void follow_close(struct follow *follow)
{
	source_close(follow->source);
	follow->source = NULL;
	child_close(&follow->child);
	if (follow->signals > 0)
		close(follow->signals);
	follow->signals = -1;
	free(follow->options.targets);
	follow->options.targets = NULL;
	follow->options.number = 0;
}
