/* SPDX-License-Identifier: MIT */
/* Numbers as people type them on a command line. Pure: no I/O, no locale, errno is left alone. */
#ifndef FL_NUMBER_H
#define FL_NUMBER_H

#include <stdint.h>

/**
 * number_parse - read a whole decimal number
 * @text: digits and nothing else: no sign, no blanks, no unit
 * @min: the smallest number that will do
 * @max: the largest number that will do
 * @value: where to put it; left alone on error
 *
 * Return: 0, or -EINVAL if @text is not such a number or the number is not in @min..@max.
 */
int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/**
 * number_parse_seconds - read a time in seconds, with at most three decimals
 * @text: like "2", "0.25" or ".5"
 * @max_ms: the longest time that will do, in milliseconds, up to 10^15
 * @ms: where to put the time, in milliseconds; left alone on error
 *
 * Return: 0, or -EINVAL if @text is not such a time or it is longer than @max_ms.
 */
int number_parse_seconds(const char *text, uint64_t max_ms, uint64_t *ms);

#endif
