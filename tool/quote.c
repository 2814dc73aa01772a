// SPDX-License-Identifier: MIT
#include "quote.h"

#include <stdio.h>
#include <string.h>

char *quote_words(int argc, char *const *argv)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+=:,./@%";
	char *line = NULL;
	size_t bytes;
	FILE *to;

	to = open_memstream(&line, &bytes);
	if (!to)
		return NULL;
	fputs(argv[0], to);
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] && !argv[i][strspn(argv[i], plain)]) {
			fprintf(to, " %s", argv[i]);
			continue;
		}
		fputs(" '", to);
		for (const char *at = argv[i]; *at; at++)
			fprintf(to, *at == '\'' ? "'\\''" : "%c", *at);
		fputc('\'', to);
	}
	return fclose(to) ? NULL : line;
}
