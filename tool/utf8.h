/* SPDX-License-Identifier: MIT */
/* Names of processes and command lines are any bytes; who reads text wants UTF-8. */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** utf8_length - how many bytes the character has that begins there; 0: none does */
size_t utf8_length(const char *from);

/**
 * utf8_columns - how many columns of a terminal the first so many bytes of a string take
 * @text: NUL-terminated
 *
 * By the locale; a character that it does not know takes one.
 */
size_t utf8_columns(const char *text, size_t bytes);

/** utf8_turns_round - does that character have the rest of a line written the other way? */
bool utf8_turns_round(uint32_t code);

/* Room for what becomes of so many bytes, the NUL included. */
#define UTF8_ROOM(bytes) ((bytes)*3 + 1)

/**
 * utf8_clean - a string with U+FFFD for every byte that is not part of UTF-8
 * @to: where to
 * @room: bytes there; what does not fit whole is left out. UTF8_ROOM(strlen(from)) is enough.
 *
 * Return: @to.
 */
char *utf8_clean(char *to, size_t room, const char *from);

#endif
