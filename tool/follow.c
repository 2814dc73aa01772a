// SPDX-License-Identifier: MIT
#include "follow.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cgroup.h"
#include "clock.h"
#include "command.h"
#include "origin.h"
#include "say.h"

#define NS_PER_MS 1000000

/* How long ends may still come: the command's, others', and how often that is looked for. */
#define REST_MOST_MS 2000
#define REST_MS	     100
#define REST_STEP_MS 10

static int add_cgroup(struct follow *follow, const char *name)
{
	int error;
	int fd;

	fd = cgroup_open(name);
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
	follow->more_join = true;
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
	/* What is counted is not lost for messages that nobody reads. */
	signal(SIGPIPE, SIG_IGN);
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
	const struct faultline_segment *segment = source_segment(source);
	const char *why = source_why(source);

	if (segment->source == FAULTLINE_SOURCE_MODULE)
		return;
	say("counting with %s%s%s", origin_words(segment->source), *why ? ", as " : "", why);
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
	int error;

	/* What was there before is told by a sample, to count from. */
	error = source_sample(follow->source);
	if (!error)
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
	return follow->source && !follow->more_join && !source_targets(follow->source);
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
	uint64_t began = clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
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
			uint64_t took = clock_ns(CLOCK_MONOTONIC) / NS_PER_MS - began;

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
		if (!error)
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

/* The command's id is told with its PID, before its end is. */
static void heed_end(struct follow *follow, const struct fl_record *record)
{
	const struct fl_join *join = (const void *)record;
	const struct fl_exit *last = (const void *)record;

	if (record->type == FL_RECORD_TARGET && join->pid == follow->child.pid)
		follow->command = join->target;
	else if ((record->type == FL_RECORD_EXIT || record->type == FL_RECORD_LEFT) &&
		 last->target == follow->command)
		follow->told_end = true;
}

int follow_next(struct follow *follow, const struct fl_record **record)
{
	int got = source_next(follow->source, record);

	if (got > 0 && follow->child.pid && !follow->told_end)
		heed_end(follow, *record);
	return got;
}

bool follow_rest(struct follow *follow)
{
	struct pollfd more = { .fd = source_fd(follow->source), .events = POLLIN };
	uint64_t most = REST_MS;

	if ((follow->child.pid && !follow->child.ended) || !source_targets(follow->source))
		return false;
	if (!follow->rest_ms)
		follow->rest_ms = clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
	if (follow->child.pid && !follow->told_end)
		most = REST_MOST_MS;
	if (clock_ns(CLOCK_MONOTONIC) / NS_PER_MS - follow->rest_ms >= most)
		return false;
	return poll(&more, 1, REST_STEP_MS) >= 0;
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
