// SPDX-License-Identifier: MIT
#include "cell.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "utf8.h"

/* The next character of a text, made fit to be shown. */
struct character {
	const char *text;
	size_t bytes; /* that are to be written */
	size_t taken; /* of what was read */
	int columns;
};

static struct character next(const char *from)
{
	mbstate_t state = { 0 };
	wchar_t wide;
	size_t bytes = mbrtowc(&wide, from, strlen(from), &state);
	int columns;

	if (bytes == (size_t)-1 || bytes == (size_t)-2)
		return (struct character){ "?", 1, 1, 1 };
	columns = wcwidth(wide);
	if (columns < 0 || utf8_turns_round(wide))
		return (struct character){ "?", 1, bytes, 1 };
	return (struct character){ from, bytes, bytes, columns };
}

/* At most so many columns of it; returns how many there were. */
static int put(struct cell_line *line, const char *text, int columns)
{
	int used = 0;

	while (*text) {
		struct character character = next(text);

		if (used + character.columns > columns ||
		    line->columns + character.columns > line->room ||
		    line->bytes + character.bytes >= sizeof(line->text))
			break;
		memcpy(line->text + line->bytes, character.text, character.bytes);
		line->bytes += character.bytes;
		line->columns += character.columns;
		used += character.columns;
		text += character.taken;
	}
	line->text[line->bytes] = '\0';
	return used;
}

static void blanks(struct cell_line *line, int columns)
{
	while (columns-- > 0)
		put(line, " ", 1);
}

void cell_left(struct cell_line *line, const char *text, int columns)
{
	blanks(line, columns - put(line, text, columns));
}

void cell_right(struct cell_line *line, const char *text, int columns)
{
	blanks(line, columns - cell_columns(text));
	put(line, text, columns);
}

void cell_text(struct cell_line *line, const char *text)
{
	put(line, text, INT_MAX);
}

int cell_columns(const char *text)
{
	int columns = 0;

	while (*text) {
		struct character character = next(text);

		columns += character.columns;
		text += character.taken;
	}
	return columns;
}
