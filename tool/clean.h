/* SPDX-License-Identifier: MIT */
/* Names and command lines are others': whatever is in them, it does nothing to a terminal. */
#ifndef CLEAN_H
#define CLEAN_H

#include <stddef.h>

/**
 * clean - copy text; what is no UTF-8 or a control character becomes '?'
 * @text: of @size bytes, at least 1; no character is cut in two at its end. It may be @from.
 *
 * Return: @text.
 */
const char *clean(char *text, size_t size, const char *from);

/** clean_ascii - in clean text, for terminals that have no more: beyond ASCII all becomes '?' */
void clean_ascii(char *text);

#endif
