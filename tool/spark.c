// SPDX-License-Identifier: MIT
#include "spark.h"

#include <math.h>
#include <string.h>

#define LEVELS 8

const char *spark_draw(char *text, const float *numbers, size_t number, bool unicode)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const marks[] = { " ", "_", ".", "-", "=", "+", "*", "%", "#" };
	float highest = 0;
	char *to = text;

	for (size_t i = 0; i < number; i++)
		highest = fmaxf(highest, numbers[i]);
	for (size_t i = 0; i < number; i++) {
		int level = numbers[i] > 0 ? (int)ceilf(numbers[i] / highest * LEVELS) : 0;

		to = stpcpy(to, unicode ? blocks[level] : marks[level]);
	}
	*to = '\0';
	return text;
}
