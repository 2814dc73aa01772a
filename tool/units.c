// SPDX-License-Identifier: MIT
#include "units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NS_PER_S 1e9

struct unit {
	const char *name;
	double value;
};

const char *units_count(char *text, uint64_t count)
{
	char digits[UNITS_BYTES];
	char *to = text;
	int length;

	length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return text;
}

/* How many decimals leave about three digits. What is rounded up to 10 or 100 has one less. */
static int decimals(double number)
{
	if (number >= 99.95)
		return 0;
	return number >= 9.995 ? 1 : 2;
}

const char *units_short(char *text, double number)
{
	static const char prefixes[] = "kMGTPE";
	const char *prefix = prefixes;
	double size = fabs(number);

	if (size < 999.5) {
		bool whole = size == floor(size) || size >= 99.95;

		snprintf(text, UNITS_BYTES, "%.*f", whole ? 0 : decimals(size), number);
		return text;
	}
	for (size /= 1000; size >= 999.5 && prefix[1]; prefix++)
		size /= 1000;
	snprintf(text, UNITS_BYTES, "%s%.*f%c", number < 0 ? "-" : "", decimals(size), size,
		 *prefix);
	return text;
}

const char *units_bytes(char *text, double bytes)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	const char *sign = bytes < 0 ? "-" : "";
	double size = fabs(bytes);
	size_t i = 0;

	for (; size >= 1023.5 && i < 6; i++)
		size /= 1024;
	snprintf(text, UNITS_BYTES, "%s%.*f %s", sign, i && size < 9.95 ? 1 : 0, size, names[i]);
	return text;
}

const char *units_bytes_if(char *text, bool known, double bytes)
{
	return known ? units_bytes(text, bytes) : "-";
}

const char *units_time(char *text, double ns)
{
	static const struct unit units[] = {
		{ "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }
	};
	const char *sign = ns < 0 ? "-" : "";
	double size = fabs(ns);
	size_t i = 0;

	if (size >= 119.5 * NS_PER_S) {
		unsigned long long seconds = llround(size / NS_PER_S);

		if (seconds < 7200)
			snprintf(text, UNITS_BYTES, "%s%llu min %llu s", sign, seconds / 60,
				 seconds % 60);
		else
			snprintf(text, UNITS_BYTES, "%s%llu h %llu min", sign, seconds / 3600,
				 seconds / 60 % 60);
		return text;
	}
	while (i < 3 && size >= 999.5 * units[i].value)
		i++;
	size /= units[i].value;
	snprintf(text, UNITS_BYTES, "%s%.*f %s", sign, i ? decimals(size) : 0, size, units[i].name);
	return text;
}

const char *units_percent(char *text, double percent)
{
	double size = fabs(percent);
	int places = 2;

	if (size == 0 || size >= 9.95)
		places = 0;
	else if (size >= 0.995)
		places = 1;
	snprintf(text, UNITS_BYTES, "%.*f %%", places, percent);
	return text;
}

/* A number and one of the units; the first unit has no name and is the one of a bare number. */
static int read_number(const char *text, const struct unit *units, double *number)
{
	char *end;

	if (!isdigit((unsigned char)*text) && *text != '.')
		return -EINVAL;
	errno = 0;
	*number = strtod(text, &end);
	if (end == text || memchr(text, 'x', end - text) || memchr(text, 'X', end - text))
		return -EINVAL;
	while (*end == ' ')
		end++;
	for (; units->name; units++) {
		if (strcasecmp(end, units->name) != 0)
			continue;
		*number *= units->value;
		return 0;
	}
	return -EINVAL;
}

static int read_whole(const char *text, const struct unit *units, uint64_t *whole)
{
	double number;
	int error;

	error = read_number(text, units, &number);
	if (error)
		return error;
	if (number < 1 || number >= 0x1p63)
		return -ERANGE;
	*whole = llround(number);
	return 0;
}

int units_read_time(const char *text, uint64_t *ns)
{
	static const struct unit units[] = { { "", 1e6 },     { "ns", 1 },  { "us", 1e3 },
					     { "ms", 1e6 },   { "s", 1e9 }, { "min", 60e9 },
					     { "h", 3600e9 }, { NULL, 0 } };

	return read_whole(text, units, ns);
}

int units_read_bytes(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {
		{ "", 1 },	 { "B", 1 },	    { "k", 0x1p10 }, { "KiB", 0x1p10 },
		{ "M", 0x1p20 }, { "MiB", 0x1p20 }, { "G", 0x1p30 }, { "GiB", 0x1p30 },
		{ "T", 0x1p40 }, { "TiB", 0x1p40 }, { NULL, 0 }
	};

	return read_whole(text, units, bytes);
}
