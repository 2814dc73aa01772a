/* SPDX-License-Identifier: MIT */
/* Lines for people on standard error, "faultline VERB: ..." in front of each. */
#ifndef SAY_H
#define SAY_H

#include <stdbool.h>

/** say_name - what lines begin with from now on; not copied; "faultline" until then */
void say_name(const char *name);

/** say - a line; the full stop and the end of line are not the caller's */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * say_progress - show a line in the place of the one before, on a terminal; elsewhere nothing
 *
 * It is cut to the terminal's width. The next say() first wipes it off.
 */
void say_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * say_written - write out what is left for standard output; a line if not all of it went there
 * @what: "the report"
 * @error: -errno of whoever made it, or 0
 *
 * Return: whether it is all there.
 */
bool say_written(const char *what, int error);

/** say_unread - that a recording cannot be read, after the library failed with @error (-errno) */
void say_unread(int error);

#endif
