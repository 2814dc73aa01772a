// SPDX-License-Identifier: MIT
#include "clean.h"

#include <stdint.h>
#include <string.h>

/* How many bytes the character at the beginning has; 0: it is none. */
static size_t character(const unsigned char *from)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = *from < 0x80 ? 1 : *from < 0xe0 ? 2 : *from < 0xf0 ? 3 : 4;
	uint32_t code = *from;

	if (length == 1)
		return *from >= ' ' && *from != 0x7f;
	if (*from < 0xc0 || *from >= 0xf8)
		return 0;
	code &= 0x7fU >> length;
	for (size_t i = 1; i < length; i++) {
		if ((from[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (from[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return code < 0xa0 ? 0 : length; /* the terminals' further controls */
}

const char *clean(char *text, size_t size, const char *from)
{
	const unsigned char *next = (const unsigned char *)from;
	size_t at = 0;

	while (*next) {
		size_t length = character(next);

		if (at + (length ? length : 1) >= size)
			break;
		if (length)
			memcpy(text + at, next, length);
		else
			text[at] = '?';
		at += length ? length : 1;
		next += length ? length : 1;
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
