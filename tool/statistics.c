// SPDX-License-Identifier: MIT
#include "statistics.h"

#include <math.h>
#include <stdlib.h>

struct statistics statistics_of(const double *values, size_t number)
{
	struct statistics of = { .number = number };
	double squares = 0;

	for (size_t i = 0; i < number; i++)
		of.mean += values[i] / number;
	for (size_t i = 0; i < number; i++)
		squares += (values[i] - of.mean) * (values[i] - of.mean);
	if (number > 1)
		of.deviation = sqrt(squares / (number - 1));
	return of;
}

static int compare(const void *one, const void *other)
{
	double a = *(const double *)one;
	double b = *(const double *)other;

	return (a > b) - (a < b);
}

double statistics_median(double *values, size_t number)
{
	if (!number)
		return 0;
	qsort(values, number, sizeof(*values), compare);
	return (values[(number - 1) / 2] + values[number / 2]) / 2;
}

struct statistics_line statistics_line(const double *x, const double *y, size_t number)
{
	double mean_x = statistics_of(x, number).mean;
	double mean_y = statistics_of(y, number).mean;
	double xx = 0;
	double xy = 0;
	double yy = 0;

	for (size_t i = 0; i < number; i++) {
		xx += (x[i] - mean_x) * (x[i] - mean_x);
		xy += (x[i] - mean_x) * (y[i] - mean_y);
		yy += (y[i] - mean_y) * (y[i] - mean_y);
	}
	if (xx <= 0 || yy <= 0)
		return (struct statistics_line){ 0 };
	return (struct statistics_line){ .slope = xy / xx, .fit = xy * xy / (xx * yy) };
}

/* Its continued fraction, Lentz's way: quick to converge for x < (a + 1) / (a + b + 2). */
static double fraction(double x, double a, double b)
{
	const double tiny = 1e-300;
	double c = 1;
	double d = 1 - (a + b) * x / (a + 1);
	double value;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	value = d;
	for (int m = 1; m <= 500; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double change = 1;

		for (int half = 0; half < 2; half++) {
			double part = half ? odd : even;

			d = 1 + part * d;
			d = 1 / (fabs(d) < tiny ? tiny : d);
			c = 1 + part / c;
			c = fabs(c) < tiny ? tiny : c;
			change = c * d;
			value *= change;
		}
		if (fabs(change - 1) < 1e-14)
			break;
	}
	return value;
}

double statistics_beta(double x, double a, double b)
{
	double front;

	if (x <= 0)
		return 0;
	if (x >= 1)
		return 1;
	/* exp(log(B(a, b))): tgamma() of what is not small is too large for a double. */
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * fraction(x, a, b) / a;
	return 1 - front * fraction(1 - x, b, a) / b;
}

double statistics_chance(const struct statistics *one, const struct statistics *other)
{
	double difference = one->mean - other->mean;
	double a;
	double b;
	double freedom;
	double t;

	if (one->number < 2 || other->number < 2)
		return -1;
	a = one->deviation * one->deviation / one->number;
	b = other->deviation * other->deviation / other->number;
	if (a + b <= 0)
		return difference == 0;
	t = difference / sqrt(a + b);
	freedom = (a + b) * (a + b) / (a * a / (one->number - 1) + b * b / (other->number - 1));
	return statistics_beta(freedom / (freedom + t * t), freedom / 2, 0.5);
}
