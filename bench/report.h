/* SPDX-License-Identifier: MIT */
/* What the programs of the bench say. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

/* One reading, "bench NAME VALUE", for bench/run; name as printf makes it. */
void report_reading(double value, const char *name, ...) __attribute__((format(printf, 2, 3)));

/* Says why on standard error, as printf does, and ends the process with status 1. */
void report_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
