/* SPDX-License-Identifier: MIT */
/* Command lines as people would type them. */
#ifndef QUOTE_H
#define QUOTE_H

/**
 * quote_words - the words of a command as a shell takes them, the first one as it is
 *
 * Return: a line, to be freed by the caller; NULL if there is no memory.
 */
char *quote_words(int argc, char *const *argv);

#endif
