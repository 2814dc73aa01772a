/* SPDX-License-Identifier: MIT */
/*
 * Lines of text that are made of CELLS: pieces with a width in columns of the terminal. What is
 * too long is cut, what no terminal should get to see (control characters, bytes that are no
 * character of the locale's) is a question mark.
 */
#ifndef CELL_H
#define CELL_H

#include <stddef.h>

/* A line; zeroed it is empty. */
#define CELL_LINE_BYTES 2048

struct cell_line {
	char text[CELL_LINE_BYTES]; /* always ended */
	size_t bytes;
	int columns; /* that are used */
	int room;    /* columns that it may have at the most */
};

/** cell_left - append @text, filled up with blanks to @columns; the line's end cuts it */
void cell_left(struct cell_line *line, const char *text, int columns);

/** cell_right - as cell_left(), with the blanks before it */
void cell_right(struct cell_line *line, const char *text, int columns);

/** cell_text - append @text, as long as it is; the line's end cuts it */
void cell_text(struct cell_line *line, const char *text);

/** cell_columns - how many columns it takes */
int cell_columns(const char *text);

#endif
