// SPDX-License-Identifier: MIT
#include "standin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"

#define NS_PER_S  1000000000ULL
#define WOKEN_MAX 64

int standin_watch(struct standin *standin, int file, uint32_t events)
{
	struct epoll_event event = { .events = events };

	return epoll_ctl(standin->source.fd, EPOLL_CTL_ADD, file, &event) ? -errno : 0;
}

/* Of others than ends this only makes those quiet that are waited for once. */
static void hear_ends(struct standin *standin)
{
	struct epoll_event woken[WOKEN_MAX];
	struct followed *one;
	int number;

	do {
		number = epoll_wait(standin->source.fd, woken, WOKEN_MAX, 0);
		for (int i = 0; i < number; i++) {
			one = followed_of_id(&standin->set, woken[i].data.u64);
			if (one)
				followed_end(&standin->set, one, clock_ns(CLOCK_MONOTONIC));
		}
	} while (number == WOKEN_MAX);
	followed_sweep(&standin->set);
}

static int open_descriptors(struct standin *standin)
{
	int error;

	standin->source.fd = epoll_create1(EPOLL_CLOEXEC);
	if (standin->source.fd < 0)
		return -errno;
	standin->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (standin->timer < 0)
		return -errno;
	standin->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (standin->event < 0)
		return -errno;
	error = standin_watch(standin, standin->timer, EPOLLIN);
	return error ? error : standin_watch(standin, standin->event, EPOLLIN);
}

static int take_period(struct standin *standin, const struct source_plan *plan)
{
	uint64_t period = plan->period_ns ? plan->period_ns : SOURCE_OTHER_PERIOD_NS;

	if (period < STANDIN_PERIOD_MIN_NS || period > FL_PERIOD_MAX_NS)
		return source_failed(-EINVAL, "without the module the interval is 1 ms to 10 s");
	standin->source.segment.period_ns = plan->only_when_asked ? 0 : period;
	standin->slow = (STANDIN_SLOW_NS + period - 1) / period;
	return 0;
}

int standin_open(struct standin *standin, const struct source_plan *plan)
{
	struct faultline_segment *segment = &standin->source.segment;
	int error;

	standin->source.fd = standin->timer = standin->event = -1;
	segment->size = sizeof(*segment);
	segment->source = standin->source.kind->kind;
	segment->clock = FL_CLOCK_MONOTONIC;
	segment->page_bytes = sysconf(_SC_PAGESIZE);
	error = take_period(standin, plan);
	if (error)
		return error;
	error = open_descriptors(standin);
	if (error)
		return source_failed(error, "no clock could be made: %s", strerror(-error));
	followed_init(&standin->set, standin->source.fd);
	return 0;
}

void standin_close(struct standin *standin)
{
	births_free(&standin->births);
	followed_free(&standin->set);
	if (standin->event >= 0)
		close(standin->event);
	if (standin->timer >= 0)
		close(standin->timer);
	if (standin->source.fd >= 0)
		close(standin->source.fd);
}

static void wake(struct standin *standin)
{
	if (!queue_empty(&standin->set.queue))
		eventfd_write(standin->event, 1);
}

static void tell_missed(struct standin *standin, uint64_t now_ns)
{
	struct fl_missed missed = { .deadlines = standin->owed };

	if (!missed.deadlines)
		return;
	standin->figures.missed += missed.deadlines;
	standin->owed = 0;
	queue_add(&standin->set.queue, FL_RECORD_MISSED, now_ns, &missed, sizeof(missed));
}

static void read_all(struct standin *standin, uint64_t now_ns, bool slowly)
{
	struct followed_set *set = &standin->set;

	for (size_t i = 0; i < set->number; i++) {
		struct followed *one = &set->all[i];
		/* Not all in the same pass. */
		bool turn = (one->id + standin->figures.passes) % standin->slow == 0;

		if (!one->gone)
			followed_read(set, one, now_ns, slowly || turn);
	}
	followed_sweep(set);
}

static void pass(struct standin *standin, bool slowly)
{
	uint64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);

	tell_missed(standin, now_ns);
	births_look(&standin->births, &standin->set, now_ns);
	read_all(standin, now_ns, slowly);
	standin->figures.passes++;
	cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
	standin->figures.pass_ns += cpu_ns;
	standin->rest_ns = now_ns + cpu_ns * 100 / STANDIN_PASS_PERCENT;
}

/* Deadlines come on a grid; those in the rest after a long pass are left out as well. */
static bool is_due(struct standin *standin)
{
	uint64_t deadlines;

	if (read(standin->timer, &deadlines, sizeof(deadlines)) != sizeof(deadlines))
		return false;
	standin->owed += deadlines;
	if (clock_ns(CLOCK_MONOTONIC) < standin->rest_ns)
		return false;
	standin->owed--;
	return true;
}

static int add_failed(int error, int number)
{
	switch (error) {
	case -ESRCH:
		return source_failed(error, "there is no process or thread %d", number);
	case -EEXIST:
		return source_failed(error, "%d is followed already", number);
	case -EBADF:
		return source_failed(error, "that is no folder of a cgroup v2");
	case -ENOSPC:
		return source_failed(error, "no more than %d cgroups can be followed",
				     FL_GROUPS_MAX);
	case -EINVAL:
		return source_failed(error, "%d is no number of a process or thread", number);
	default:
		return source_failed(error, "%d cannot be followed: %s", number, strerror(-error));
	}
}

/* Is that who is meant? Fills in what is not said by its number. */
static int identify(int number, struct followed_new *new, struct proc_stat *stat)
{
	struct proc_status status;
	int error = proc_read_status(number, new->tid, &status);

	if (error)
		return error;
	if (!new->tid && status.process != number)
		return -ESRCH;
	if (stat->state == 'X' || (stat->state == 'Z' && (new->tid || stat->threads <= 1)))
		return -ESRCH;
	stat->pid = status.process;
	new->birth_ns = proc_birth(stat);
	return 0;
}

static int add_number(struct standin *standin, int number, struct followed_new *new)
{
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	struct proc_stat stat;
	int file, error;

	file = proc_open_stat(number, new->tid);
	if (file < 0)
		return file;
	error = proc_read_stat(file, &stat);
	if (!error)
		error = identify(number, new, &stat);
	/* Our own child, the command, was born after we began, closer than a tick tells. */
	if (!error && stat.parent == getpid() && new->birth_ns < standin->source.segment.start_ns)
		new->birth_ns = standin->source.segment.start_ns;
	if (!error && followed_find(&standin->set, stat.pid, new->tid))
		error = -EEXIST;
	if (!error && new->tree)
		error = births_tree(&standin->births, &standin->set, now_ns,
				    stat.parent == getpid());
	if (error) {
		close(file);
		return error;
	}
	return followed_add(&standin->set, now_ns, file, &stat, new) ? 0 : -ENOMEM;
}

int standin_add(struct source *source, enum fl_target_kind kind, int number)
{
	struct standin *standin = (struct standin *)source;
	struct followed_new new = { .type = FL_RECORD_TARGET, .asked = true };
	int error = -EINVAL;

	if (kind == FL_TARGET_CGROUP) {
		error = births_group(&standin->births, &standin->set, clock_ns(CLOCK_MONOTONIC),
				     number);
	} else if (number > 0 && kind >= FL_TARGET_PROCESS && kind <= FL_TARGET_TREE) {
		new.tree = kind == FL_TARGET_TREE;
		new.tid = kind == FL_TARGET_THREAD ? number : 0;
		error = add_number(standin, number, &new);
	}
	wake(standin);
	return error ? add_failed(error, number) : 0;
}

static int set_timer(struct standin *standin, uint64_t first_ns, uint64_t period_ns)
{
	struct itimerspec when = {
		.it_value = { first_ns / NS_PER_S, first_ns % NS_PER_S },
		.it_interval = { period_ns / NS_PER_S, period_ns % NS_PER_S },
	};

	if (timerfd_settime(standin->timer, TFD_TIMER_ABSTIME, &when, NULL))
		return source_failed(-errno, "the clock does not run: %s", strerror(errno));
	return 0;
}

int standin_start(struct source *source)
{
	struct standin *standin = (struct standin *)source;
	uint64_t period_ns = source->segment.period_ns;
	int error;

	if (!period_ns)
		return source_failed(-EINVAL, "a source without a period samples when asked");
	if (standin->running)
		return 0;
	standin->figures.start_ns = clock_ns(CLOCK_MONOTONIC);
	error = set_timer(standin, standin->figures.start_ns + period_ns, period_ns);
	standin->running = !error;
	return error;
}

int standin_stop(struct source *source)
{
	struct standin *standin = (struct standin *)source;

	standin->running = false;
	return set_timer(standin, 0, 0);
}

int standin_sample(struct source *source)
{
	struct standin *standin = (struct standin *)source;

	pass(standin, true);
	wake(standin);
	return 0;
}

int standin_next(struct source *source, const struct fl_record **record)
{
	struct standin *standin = (struct standin *)source;
	eventfd_t ignored;

	*record = queue_next(&standin->set.queue);
	if (*record)
		return 1;
	eventfd_read(standin->event, &ignored);
	hear_ends(standin);
	if (is_due(standin))
		pass(standin, false);
	*record = queue_next(&standin->set.queue);
	return *record ? 1 : 0;
}

void standin_figures(const struct source *source, struct faultline_figures *figures)
{
	const struct standin *standin = (const struct standin *)source;
	struct faultline_figures found = standin->figures;

	found.size = figures->size;
	found.targets = standin->set.number;
	found.unfollowed = standin->set.queue.unfollowed;
	found.records = standin->set.queue.records;
	found.lost = standin->set.queue.lost;
	*figures = found;
}
