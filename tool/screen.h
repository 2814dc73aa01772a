/* SPDX-License-Identifier: MIT */
/*
 * The SCREEN of `faultline top` as lines of text: what stands where, at any size. Whoever shows it
 * knows how each style looks; nothing is told by the style alone.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>

#include "cell.h"
#include "footing.h"
#include "table.h"

enum screen_style {
	SCREEN_PLAIN,
	SCREEN_TITLE,  /* what all did */
	SCREEN_HEAD,   /* the names of the columns */
	SCREEN_MAJOR,  /* a row with major faults in the newest interval */
	SCREEN_ENDED,  /* a row of who has ended */
	SCREEN_CURSOR, /* the row of the cursor */
	SCREEN_KEYS,   /* what can be pressed */
	SCREEN_STYLES,
};

struct screen_line {
	enum screen_style style;
	struct cell_line line;
};

struct screen_view {
	const struct table *table;
	const struct footing *footing;
	struct table_order order;
	uint64_t length_ns; /* of an interval */
	size_t left_out;    /* processes that could not be followed */
	bool unicode;	    /* blocks and arrows; else ASCII */
	bool paused;
	bool help;
	bool plain;    /* no cursor and no keys, as many rows as there are: for paper */
	size_t cursor; /* a row of the table; brought into it */
	size_t first;  /* the first row shown; brought to where the cursor is */
};

struct screen {
	struct screen_line *lines;
	size_t number; /* of lines: as many as there is room for, or fewer */
	size_t room;
	size_t rows; /* of the table that can be seen at once; at least 1 */
};

/**
 * screen_compose - write all lines anew
 * @rows, @columns: of the terminal, both at least 1; @rows counts for nothing in a plain view
 *
 * Return: 0, or -ENOMEM.
 */
int screen_compose(struct screen *screen, struct screen_view *view, size_t rows, int columns);

/** screen_clear - free it; it is zeroed */
void screen_clear(struct screen *screen);

#endif
