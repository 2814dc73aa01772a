// SPDX-License-Identifier: MIT
#include "source.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

#define MESSAGE_BYTES 256

static _Thread_local char message[MESSAGE_BYTES];

int source_failed(int error, const char *format, ...)
{
	va_list words;

	va_start(words, format);
	vsnprintf(message, sizeof(message), format, words);
	va_end(words);
	return error;
}

const char *source_message(void)
{
	return message;
}

/* What a better kind failed at, kept for source_why(); what is too long ends in dots. */
static void add_why(char *why, size_t size)
{
	size_t length = strlen(why);
	size_t room = size - length;

	if ((size_t)snprintf(why + length, room, "%s%s", length ? "; " : "", message) >= room)
		memcpy(why + size - 4, "...", 4);
}

static int open_best(const struct source_plan *plan, struct source **source)
{
	static const struct source_kind *const kinds[] = { &source_module, &source_perf,
							   &source_proc };
	char why[sizeof((*source)->why)] = "";
	int error = -EINVAL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		error = kinds[i]->open(plan, source);
		if (!error) {
			memcpy((*source)->why, why, sizeof(why));
			return 0;
		}
		/* These are not for want of the kind, and the next one would hide them. */
		if (error == -EPROTONOSUPPORT || error == -EINVAL)
			return error;
		add_why(why, sizeof(why));
	}
	return error;
}

static int open_kind(const struct source_plan *plan, struct source **source)
{
	switch ((int)plan->kind) {
	case 0:
		return open_best(plan, source);
	case FAULTLINE_SOURCE_MODULE:
		return source_module.open(plan, source);
	case FAULTLINE_SOURCE_PERF:
		return source_perf.open(plan, source);
	case FAULTLINE_SOURCE_PROC:
		return source_proc.open(plan, source);
	default:
		return source_failed(-EINVAL, "there is no source of kind %d", plan->kind);
	}
}

int source_open(const struct source_plan *plan, struct source **source)
{
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	int error;

	*source = NULL;
	error = open_kind(plan, source);
	if (*source)
		(*source)->segment.start_ns = now_ns;
	return error;
}

void source_close(struct source *source)
{
	if (source)
		source->kind->close(source);
}

const struct faultline_segment *source_segment(const struct source *source)
{
	return &source->segment;
}

const char *source_why(const struct source *source)
{
	return source->why;
}

int source_add(struct source *source, enum fl_target_kind kind, int number)
{
	return source->kind->add(source, kind, number);
}

int source_start(struct source *source)
{
	return source->kind->start(source);
}

int source_stop(struct source *source)
{
	return source->kind->stop(source);
}

int source_sample(struct source *source)
{
	return source->kind->sample(source);
}

int source_fd(const struct source *source)
{
	return source->fd;
}

int source_next(struct source *source, const struct fl_record **record)
{
	return source->kind->next(source, record);
}

size_t source_targets(const struct source *source)
{
	struct faultline_figures figures = { .size = sizeof(figures) };

	source->kind->figures(source, &figures);
	return figures.targets;
}

void source_figures(const struct source *source, struct faultline_figures *figures)
{
	source->kind->figures(source, figures);
}
