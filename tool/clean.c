// SPDX-License-Identifier: MIT
#include "clean.h"

#include <stdbool.h>
#include <string.h>

#include "utf8.h"

/*
 * What a terminal does not show but obeys: U+0000 to U+001F, U+007F to U+009F; what ends a line,
 * U+2028 and U+2029, or turns the rest of it round, U+202A to U+202E and U+2066 to U+2069.
 */
static bool is_control(const char *from, size_t length)
{
	unsigned char first = *from;
	unsigned char second;
	unsigned char third;

	if (length == 1)
		return first < ' ' || first == 0x7f;
	second = from[1];
	if (length == 2)
		return first == 0xc2 && second < 0xa0;
	third = from[2];
	return length == 3 && first == 0xe2 &&
	       ((second == 0x80 && third >= 0xa8 && third <= 0xae) ||
		(second == 0x81 && third >= 0xa6 && third <= 0xa9));
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
