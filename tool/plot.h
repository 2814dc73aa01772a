/* SPDX-License-Identifier: MIT */
/* Plots for papers, drawn by the program gnuplot: a segment over time, its top processes apart. */
#ifndef PLOT_H
#define PLOT_H

#include <stdio.h>

#include "ranking.h"

#define PLOT_CURVES 6 /* processes that have curves of their own, at most */

struct plot {
	const struct history *history;
	uint32_t segment;
	enum ranking_key sort; /* whose curves are drawn */
	size_t number;	       /* so many at most; not above PLOT_CURVES */
};

/** plot_kind - can a file of this name be drawn? "svg" or "png", by its ending; else NULL */
const char *plot_kind(const char *path);

/**
 * plot_script - the program for gnuplot that draws it to standard output, its data in it
 * @kind: as plot_kind() says
 *
 * Return: 0 or -ENOMEM.
 */
int plot_script(FILE *to, const struct plot *plot, const char *kind);

/**
 * plot_draw - have gnuplot draw it
 * @recording_path: where it was read from
 * @out_path: ends in .svg or .png; replaced if it is there; not left half-written
 *
 * Return: 0, or -errno after a line was said.
 */
int plot_draw(const struct plot *plot, const char *recording_path, const char *out_path);

#endif
