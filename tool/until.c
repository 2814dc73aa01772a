// SPDX-License-Identifier: MIT
#include "until.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

#define SECOND_NS 1000000000ULL

static const char *const names[] = {
	[UNTIL_MINOR_RATE] = "minor-rate",
	[UNTIL_MAJOR_RATE] = "major-rate",
	[UNTIL_CPU] = "cpu",
	[UNTIL_RESIDENT] = "resident",
	[UNTIL_SWAPPED] = "swapped",
	[UNTIL_PROCESSES] = "processes",
};

#define NAMES (sizeof(names) / sizeof(names[0]))

/* A number with nothing behind it but @unit, if there is one. */
static int read_plain(const char *text, const char *unit, double *number)
{
	char *end;

	if (!*text || strspn(text, "0123456789.") == 0)
		return -EINVAL;
	*number = strtod(text, &end);
	if (end == text || !isfinite(*number) || memchr(text, 'x', end - text) ||
	    memchr(text, 'X', end - text))
		return -EINVAL;
	end += strspn(end, " ");
	return *end && !(unit && !strcmp(end, unit)) ? -EINVAL : 0;
}

static int read_number(struct until *until, const char *text, char *problem, size_t bytes)
{
	const char *like = "500";
	uint64_t whole;
	int error;

	switch (until->name) {
	case UNTIL_RESIDENT:
	case UNTIL_SWAPPED:
		error = units_read_bytes(text, &whole);
		if (error && !strcmp(text, "0"))
			whole = error = 0;
		until->number = error ? 0 : (double)whole;
		like = "16M, 1G";
		break;
	case UNTIL_CPU:
		error = read_plain(text, "%", &until->number);
		like = "150 (percent of a CPU)";
		break;
	default:
		error = read_plain(text, NULL, &until->number);
		break;
	}
	if (error)
		snprintf(problem, bytes, "%s needs a number as %s, not '%s'", names[until->name],
			 like, text);
	return error ? -EINVAL : 0;
}

int until_parse(struct until *until, const char *text, char *problem, size_t bytes)
{
	size_t length = strcspn(text, "<>");
	const char *number = text + length;

	memset(until, 0, sizeof(*until));
	if (!*number) {
		snprintf(problem, bytes, "a condition is NAME>NUMBER or NAME<NUMBER, not '%s'",
			 text);
		return -EINVAL;
	}
	until->less = *number++ == '<';
	number += strspn(number, " ");
	while (length && text[length - 1] == ' ')
		length--;
	for (size_t i = 0; i < NAMES; i++) {
		if (strlen(names[i]) != length || strncmp(names[i], text, length) != 0)
			continue;
		until->name = i;
		return read_number(until, number, problem, bytes);
	}
	snprintf(problem, bytes,
		 "'%.*s' is none of minor-rate, major-rate, cpu, resident, swapped, processes",
		 (int)length, text);
	return -EINVAL;
}

static struct until_mark *mark_at(struct until *until, unsigned int i)
{
	return &until->marks[(until->first + i) % UNTIL_MARKS];
}

/* The newest totals that are a second old, or the oldest there are. */
static const struct until_mark *mark_before(struct until *until, uint64_t now_ns)
{
	while (until->marked > 1 && mark_at(until, 1)->time_ns + SECOND_NS <= now_ns) {
		until->first = (until->first + 1) % UNTIL_MARKS;
		until->marked--;
	}
	return mark_at(until, 0);
}

static void mark(struct until *until, const struct tally *tally)
{
	if (until->marked &&
	    tally->time_ns < mark_at(until, until->marked - 1)->time_ns + UNTIL_MARK_NS)
		return;
	if (until->marked == UNTIL_MARKS) {
		until->first = (until->first + 1) % UNTIL_MARKS;
		until->marked--;
	}
	*mark_at(until, until->marked++) =
		(struct until_mark){ tally->time_ns, tally->minor, tally->major, tally->cpu_ns };
}

static double rate(const struct until *until, const struct until_mark *from,
		   const struct tally *tally)
{
	uint64_t took_ns = tally->time_ns - from->time_ns;
	double seconds = (double)(took_ns > SECOND_NS ? took_ns : SECOND_NS) / SECOND_NS;

	switch (until->name) {
	case UNTIL_MINOR_RATE:
		return (double)(tally->minor - from->minor) / seconds;
	case UNTIL_MAJOR_RATE:
		return (double)(tally->major - from->major) / seconds;
	default:
		return (double)(tally->cpu_ns - from->cpu_ns) / 1e7 / seconds;
	}
}

bool until_holds(struct until *until, const struct tally *tally, uint32_t page_bytes)
{
	bool young = false;
	double now;

	if (!until->marked)
		until->begin_ns = tally->time_ns;
	if (!until->marked)
		mark(until, &(struct tally){ .time_ns = tally->time_ns });
	switch (until->name) {
	case UNTIL_RESIDENT:
		now = (double)tally->resident * page_bytes;
		break;
	case UNTIL_SWAPPED:
		now = (double)tally->swapped * page_bytes;
		break;
	case UNTIL_PROCESSES:
		now = (double)tally->alive;
		break;
	default:
		now = rate(until, mark_before(until, tally->time_ns), tally);
		young = tally->time_ns - until->begin_ns < SECOND_NS;
		mark(until, tally);
		break;
	}
	if (!tally->samples)
		return false;
	return until->less ? !young && now < until->number : now > until->number;
}
