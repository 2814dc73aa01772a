// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "report.h"

void report_reading(double value, const char *name, ...)
{
	va_list args;

	fputs("bench ", stdout);
	va_start(args, name);
	vprintf(name, args);
	va_end(args);
	printf(" %.10g\n", value);
	fflush(stdout);
}

void report_fail(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "bench: %s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}
