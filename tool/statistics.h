/* SPDX-License-Identifier: MIT */
/* What a handful of numbers says: its middle, its spread, its slope, and whether two differ. */
#ifndef STATISTICS_H
#define STATISTICS_H

#include <stddef.h>

/* So many numbers, their mean and their standard deviation (of a sample: n - 1). */
struct statistics {
	size_t number;
	double mean;
	double deviation; /* 0 if there are fewer than two */
};

struct statistics statistics_of(const double *values, size_t number);

/** statistics_median - of @number values, which are put in order; 0 if there is none */
double statistics_median(double *values, size_t number);

/* The straight line through points that is nearest to them (least squares). */
struct statistics_line {
	double slope;
	double fit; /* R squared: the share of the spread that the line explains, 0 to 1 */
};

struct statistics_line statistics_line(const double *x, const double *y, size_t number);

/**
 * statistics_chance - how likely means differ as much as these by chance alone
 *
 * Welch's t-test, of both sides: it asks neither for equal spreads nor for as many values.
 *
 * Return: p, 0 to 1; -1 if one of them has fewer than two values, which tells nothing of spread.
 * Of values without any spread: 1 if the means are the same, else 0.
 */
double statistics_chance(const struct statistics *one, const struct statistics *other);

/** statistics_beta - the regularized incomplete beta function I_x(a, b); a and b above 0 */
double statistics_beta(double x, double a, double b);

#endif
