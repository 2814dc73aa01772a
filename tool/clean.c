// SPDX-License-Identifier: MIT
#include "clean.h"

#include <stdbool.h>
#include <string.h>

#include "utf8.h"

/*
 * What a terminal does not show but obeys: U+0000 to U+001F, U+007F to U+009F; what ends a line,
 * U+2028 and U+2029; what turns the rest of it round.
 */
static bool is_control(const char *from, size_t length)
{
	unsigned char first = *from;
	uint32_t code;

	if (length == 1)
		return first < ' ' || first == 0x7f;
	if (length == 2)
		return first == 0xc2 && (unsigned char)from[1] < 0xa0;
	if (length != 3)
		return false;
	code = (first & 0xfU) << 12 | (from[1] & 0x3fU) << 6 | (from[2] & 0x3fU);
	return code == 0x2028 || code == 0x2029 || utf8_turns_round(code);
}

const char *clean(char *text, size_t size, const char *from)
{
	size_t at = 0;

	while (*from) {
		size_t length = utf8_length(from);
		size_t bytes = length ? length : 1;

		if (at + bytes >= size)
			break;
		if (length && !is_control(from, length)) {
			memmove(text + at, from, length);
			at += length;
		} else {
			text[at++] = '?';
		}
		from += bytes;
	}
	text[at] = '\0';
	return text;
}

void clean_ascii(char *text)
{
	char *to = text;

	for (; *text; text++)
		if ((*text & 0xc0) != 0x80)
			*to++ = *text & 0x80 ? '?' : *text;
	*to = '\0';
}
