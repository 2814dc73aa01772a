/* SPDX-License-Identifier: MIT */
/*
 * Numbers for people, and back. What is written goes into a buffer of the caller's, which is
 * returned, so that calls fit into printf(); UNITS_BYTES is enough for any.
 */
#ifndef UNITS_H
#define UNITS_H

#include <stdbool.h>
#include <stdint.h>

#define UNITS_BYTES 40

/** units_count - "55,583" */
const char *units_count(char *text, uint64_t count);

/** units_short - three digits: "987", "55.6k", "1.21M"; for columns and rates */
const char *units_short(char *text, double number);

/** units_bytes - "512 B", "3.2 MiB" */
const char *units_bytes(char *text, double bytes);

/** units_bytes_if - the same, or "-" if it is not known */
const char *units_bytes_if(char *text, bool known, double bytes);

/** units_time - a length of time: "870 ns", "12.3 us", "1.50 ms", "2.31 s", "3 min 20 s" */
const char *units_time(char *text, double ns);

/** units_percent - "37 %", "4.2 %", "0.03 %"; of 100 for one CPU */
const char *units_percent(char *text, double percent);

/**
 * units_read_time - read "10ms", "100us", "1.5s", "2min"; a bare number is milliseconds
 * @ns: nanoseconds, more than 0
 *
 * Return: 0, or -EINVAL if it is not wholly that, or -ERANGE.
 */
int units_read_time(const char *text, uint64_t *ns);

/** units_read_bytes - read "64k", "16M", "1G" (powers of 1024), bytes without; as above */
int units_read_bytes(const char *text, uint64_t *bytes);

#endif
