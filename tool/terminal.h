/* SPDX-License-Identifier: MIT */
/*
 * The TERMINAL that a screen is shown on, and its keyboard. While it is open nothing else reaches
 * it: what say() says is kept until it is closed, and a command that is begun meanwhile has
 * /dev/null for what would be the terminal.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "screen.h"

/** terminal_usable - are standard input and output one? */
bool terminal_usable(void);

/** terminal_divert - keep it for ourselves from now on: 0 or -errno */
int terminal_divert(void);

/**
 * terminal_open - begin to show; after terminal_divert()
 *
 * Return: 0, or -ENOTTY: TERM is not known, or has no cursor that can be moved.
 */
int terminal_open(void);

/** terminal_size - as it is now; at least 1 each. Asks the terminal anew if @changed. */
void terminal_size(bool changed, size_t *rows, int *columns);

/** terminal_show - show these lines */
void terminal_show(const struct screen *screen);

/* Keys that are no character. */
enum terminal_key {
	TERMINAL_NONE = -1, /* no key waits */
	TERMINAL_UP = 0x1000,
	TERMINAL_DOWN,
	TERMINAL_PAGE_UP,
	TERMINAL_PAGE_DOWN,
	TERMINAL_HOME,
	TERMINAL_END,
	TERMINAL_OTHER,
};

/** terminal_fd - readable when a key was pressed */
int terminal_fd(void);

/** terminal_key - the next key: a character or enum terminal_key; does not wait */
int terminal_key(void);

/** terminal_close - give it back as it was and say what was kept; fine if it was never open */
void terminal_close(void);

#endif
