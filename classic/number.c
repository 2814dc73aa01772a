// SPDX-License-Identifier: MIT
#include <errno.h>

#include "number.h"

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The digits at *text, of which there may be none, stepping over them. */
static int parse_digits(const char **text, uint64_t max, uint64_t *value)
{
	uint64_t sum = 0;

	for (; is_digit(**text); (*text)++) {
		uint64_t digit = **text - '0';

		if (sum > max / 10 || digit > max - sum * 10)
			return -EINVAL;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return 0;
}

int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t number;

	if (!is_digit(*text) || parse_digits(&text, max, &number) || *text || number < min)
		return -EINVAL;
	*value = number;
	return 0;
}

int number_parse_seconds(const char *text, uint64_t max_ms, uint64_t *ms)
{
	uint64_t total, unit = 1000;

	if (!is_digit(text[0]) && !(text[0] == '.' && is_digit(text[1])))
		return -EINVAL;
	if (parse_digits(&text, max_ms / 1000, &total))
		return -EINVAL;
	total *= 1000;
	if (*text == '.') {
		for (text++; is_digit(*text); text++) {
			unit /= 10;
			if (!unit)
				return -EINVAL;
			total += unit * (*text - '0');
		}
	}
	if (*text || total > max_ms)
		return -EINVAL;
	*ms = total;
	return 0;
}
