// SPDX-License-Identifier: MIT
#include "utf8.h"

#include <string.h>
#include <wchar.h>

size_t utf8_length(const char *from)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code = (unsigned char)*from;
	size_t length;

	if (code < 0x80)
		return 1;
	length = code >= 0xf0 ? 4 : code >= 0xe0 ? 3 : 2;
	if (code < 0xc0 || code > 0xf7)
		return 0;
	code &= 0x7fU >> length;
	for (size_t i = 1; i < length; i++) {
		if ((from[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (from[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return length;
}

static size_t columns_of(const char *character, size_t length)
{
	mbstate_t state = { 0 };
	wchar_t wide;
	int columns = 1;

	if (mbrtowc(&wide, character, length, &state) == length)
		columns = wcwidth(wide);
	return columns >= 0 ? columns : 1;
}

size_t utf8_columns(const char *text, size_t bytes)
{
	size_t columns = 0, length;

	for (const char *end = text + bytes; text < end; text += length) {
		length = utf8_length(text);
		if (!length)
			length = 1;
		columns += columns_of(text, length);
	}
	return columns;
}

bool utf8_turns_round(uint32_t code)
{
	return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

char *utf8_clean(char *to, size_t room, const char *from)
{
	static const char stand_in[] = "\xef\xbf\xbd";
	size_t at = 0, length, bytes;

	for (; *from; from += length ? length : 1) {
		length = utf8_length(from);
		bytes = length ? length : sizeof(stand_in) - 1;
		if (at + bytes >= room)
			break;
		memcpy(to + at, length ? from : stand_in, bytes);
		at += bytes;
	}
	to[at] = '\0';
	return to;
}
