// SPDX-License-Identifier: MIT
#include "plot.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chart.h"
#include "clean.h"
#include "draft.h"
#include "report_head.h"
#include "say.h"
#include "series.h"

#define GNUPLOT "gnuplot"

#define PLOT_SLICES 400 /* as many as a page of a paper can show */
/* In pixels. A column of a paper is 85 mm: in it, FONT is 6 points high. */
#define PLOT_WIDTH   560
#define FONT	     14
#define FONT_SMALL   13
#define PANEL_HEIGHT 186
#define PANEL_APART  38 /* marks of the time stand there */
#define PANEL_MARKS  4	/* at most, and one more for 0 */
#define TITLE_HEIGHT 28
#define KEY_COLUMNS  2
#define KEY_HEIGHT   20 /* of a row of the legend */
#define KEY_APART    8
#define FOOT_HEIGHT  14 /* below the last panel's marks */
#define PNG_SCALE    2
#define POINTS	     0.75 /* of a pixel */
#define NOT_RUN	     127  /* what a shell says, and we: there is no such program */

/* What a panel draws: a column of the data. */
struct panel {
	const char *label;
	double (*value)(const struct history_rates *rates, double page_bytes);
	bool if_any;
};

static double minor(const struct history_rates *rates, double page_bytes)
{
	(void)page_bytes;
	return rates->minor;
}

static double major(const struct history_rates *rates, double page_bytes)
{
	(void)page_bytes;
	return rates->major;
}

static double cpu(const struct history_rates *rates, double page_bytes)
{
	(void)page_bytes;
	return 100 * rates->cpu;
}

static double resident(const struct history_rates *rates, double page_bytes)
{
	return rates->resident * page_bytes / 0x1p20;
}

static double swapped(const struct history_rates *rates, double page_bytes)
{
	return rates->swapped * page_bytes / 0x1p20;
}

static const struct panel panels[] = {
	{ "minor faults (1/s)", minor, false },	 { "major faults (1/s)", major, true },
	{ "CPU time (% of a CPU)", cpu, false }, { "resident (MiB)", resident, false },
	{ "swapped (MiB)", swapped, true },
};

#define PANELS (sizeof(panels) / sizeof(panels[0]))

/* The curves of a picture: all processes together, then some apart. */
struct curves {
	size_t number;
	struct series series[1 + PLOT_CURVES];
	char titles[1 + PLOT_CURVES][64];
	double page_bytes;
};

/* Told apart by dash, width and lightness as well as by hue. */
static const char *const styles[1 + PLOT_CURVES] = {
	"rgb \"#999999\" linewidth 3.0 dashtype 1",
	"rgb \"#0b3c6f\" linewidth 1.6 dashtype 1",
	"rgb \"#d1661a\" linewidth 1.6 dashtype (8,4)",
	"rgb \"#4f7a1f\" linewidth 1.6 dashtype (2,3)",
	"rgb \"#8a2f8a\" linewidth 1.6 dashtype (14,4,2,4)",
	"rgb \"#007a87\" linewidth 1.6 dashtype (5,2)",
	"rgb \"#000000\" linewidth 1.0 dashtype (1,2)",
};

const char *plot_kind(const char *path)
{
	const char *ending = strrchr(path, '.');

	if (ending && !strcmp(ending, ".svg"))
		return "svg";
	if (ending && !strcmp(ending, ".png"))
		return "png";
	return NULL;
}

/*
 * A string of gnuplot's in which nothing has a meaning. Between single quotes, '' is one of them,
 * but not where the string begins; so what is no letter has its number, digits as well, as a number
 * goes on as long as there are some.
 */
static void quote(FILE *to, const char *text)
{
	fputc('"', to);
	for (; *text; text++) {
		if (*text & 0x80 || *text == ' ' || isalpha(*text))
			fputc(*text, to);
		else
			fprintf(to, "\\%03o", *text);
	}
	fputc('"', to);
}

static double largest(const struct curves *curves, const struct panel *panel)
{
	const struct series *all = &curves->series[0];
	double most = 0;

	for (size_t i = 0; i < all->number; i++)
		most = fmax(most, panel->value(&all->slices[i], curves->page_bytes));
	return most;
}

static bool is_shown(const struct curves *curves, const struct panel *panel)
{
	return !panel->if_any || largest(curves, panel) > 0;
}

/* A process that is not there has no curve, but for where that begins and ends. */
static bool is_nothing(const struct series *series, size_t slice)
{
	size_t last = slice + 1 < series->number ? slice + 1 : slice;

	for (size_t i = slice ? slice - 1 : 0; i <= last; i++) {
		const struct history_rates *rates = &series->slices[i];

		if (rates->resident + rates->swapped + rates->minor + rates->cpu > 0)
			return false;
	}
	return true;
}

static void write_data(FILE *to, const struct curves *curves, size_t curve)
{
	const struct series *series = &curves->series[curve];

	fprintf(to, "$curve%zu << END\n", curve);
	for (size_t i = 0; i < series->number; i++) {
		/* In the middle of its slice. */
		fprintf(to, "%.6g", ((double)i + 0.5) * series->step_ns / 1e9);
		if (curve && is_nothing(series, i)) {
			for (size_t j = 0; j < PANELS; j++)
				fputs(" NaN", to);
			fputc('\n', to);
			continue;
		}
		for (size_t j = 0; j < PANELS; j++)
			fprintf(to, " %.6g",
				panels[j].value(&series->slices[i], curves->page_bytes));
		fputc('\n', to);
	}
	fputs("END\n", to);
}

/* A round number, which as few digits as elsewhere would make wrong: "0.005". */
static void write_mark(FILE *to, double mark)
{
	const char *prefix = "\0kMGTPE";

	for (; mark >= 1000 * (1 - 1e-9) && prefix[1]; prefix++)
		mark /= 1000;
	fprintf(to, "'%.6g%.1s'", mark, prefix);
}

/* Marks of the axis up to the first one that is not below the largest value. */
static void write_marks(FILE *to, double most)
{
	double step = chart_step(most / PANEL_MARKS);
	unsigned int marks = ceil(most / step * (1 - 1e-9));

	fputs("set ytics (", to);
	for (unsigned int i = 0; i <= marks; i++) {
		fputs(i ? ", " : "", to);
		write_mark(to, i * step);
		fprintf(to, " %.9g", i * step);
	}
	fprintf(to, ")\nset yrange [0:%.9g]\n", marks * step);
}

static void write_panel(FILE *to, const struct curves *curves, size_t panel)
{
	double most = largest(curves, &panels[panel]);

	write_marks(to, most > 0 ? most : 1);
	fprintf(to, "set ylabel '%s'\nplot ", panels[panel].label);
	for (size_t i = 0; i < curves->number; i++) {
		fprintf(to, "%s$curve%zu using 1:%zu with lines linecolor %s title ",
			i ? ", \\\n     " : "", i, panel + 2, styles[i]);
		quote(to, curves->titles[i]);
	}
	fputc('\n', to);
}

/* A picture of pixels has so many more of them, for print; in it, fonts are in points. */
static double write_terminal(FILE *to, const char *kind, unsigned int height)
{
	if (!strcmp(kind, "png")) {
		fprintf(to,
			"set terminal pngcairo noenhanced size %d,%u font 'sans,%g' fontscale %d "
			"linewidth %d background '#ffffff'\n",
			PLOT_WIDTH * PNG_SCALE, height * PNG_SCALE, FONT * POINTS, PNG_SCALE,
			PNG_SCALE);
		return POINTS;
	}
	fprintf(to,
		"set terminal svg noenhanced size %d,%u dynamic font 'sans-serif,%d' "
		"background '#ffffff'\n",
		PLOT_WIDTH, height, FONT);
	return 1;
}

static void write_axes(FILE *to, const struct plot *plot, double key_top, double unit)
{
	uint64_t from;
	uint64_t to_ns;

	history_span(plot->history, plot->segment, &from, &to_ns);
	fprintf(to, "set tics nomirror out scale 0.6\nset xtics offset 0,0.3\nset border 3\n");
	fprintf(to, "set xrange [0:%.6g]\n", to_ns > from ? (to_ns - from) / 1e9 : 1);
	fprintf(to, "set grid ytics linecolor rgb '#d0d0d0' linewidth 1 dashtype 1\n");
	fprintf(to,
		"set key at screen 0.5, screen %.4f center top horizontal maxcols %d Left reverse "
		"samplen 2.5 font ',%g'\n",
		key_top, KEY_COLUMNS, FONT_SMALL * unit);
	fprintf(to, "set ylabel font ',%g' offset 0.5,0\n", FONT_SMALL * unit);
}

static void write_head(FILE *to, const struct plot *plot, const char *kind, size_t shown,
		       size_t curves)
{
	const struct history_segment *segment = &plot->history->segments[plot->segment];
	unsigned int rows = (curves + KEY_COLUMNS - 1) / KEY_COLUMNS;
	unsigned int head = TITLE_HEIGHT + rows * KEY_HEIGHT + KEY_APART;
	unsigned int height = head + PANEL_HEIGHT * shown + FOOT_HEIGHT;
	double unit = write_terminal(to, kind, height);
	const char *words = *segment->head.command ? segment->head.command : "?";
	char command[48]; /* more would not fit beside the time */
	char when[REPORT_TIME_BYTES];
	char title[200];

	clean(command, sizeof(command), words);
	snprintf(title, sizeof(title), "%s%s   (%s)", command,
		 strlen(words) < sizeof(command) ? "" : "...",
		 report_when(when, segment, segment->first_ns));
	fprintf(to, "set multiplot layout %zu,1 margins screen 0.14,0.97,%.4f,%.4f ", shown,
		(double)(FOOT_HEIGHT + PANEL_APART) / height, 1 - (double)head / height);
	fprintf(to, "spacing screen 0,%.4f title ", (double)PANEL_APART / height);
	quote(to, title);
	fprintf(to, " font ',%g'\n", FONT_SMALL * unit);
	write_axes(to, plot, 1 - (double)TITLE_HEIGHT / height, unit);
}

static void write_script(FILE *to, const struct plot *plot, const struct curves *curves,
			 const char *kind)
{
	size_t shown = 0;
	size_t last = 0;

	for (size_t i = 0; i < PANELS; i++) {
		if (!is_shown(curves, &panels[i]))
			continue;
		shown++;
		last = i;
	}
	for (size_t i = 0; i < curves->number; i++)
		write_data(to, curves, i);
	write_head(to, plot, kind, shown, curves->number);
	for (size_t i = 0; i <= last; i++) {
		if (!is_shown(curves, &panels[i]))
			continue;
		if (i == last)
			fputs("set xlabel 'time (s)' offset 0,0.7\n", to);
		write_panel(to, curves, i);
		fputs("unset key\n", to);
	}
	fputs("unset multiplot\n", to);
}

static int add_curve(const struct plot *plot, struct curves *curves, uint32_t process)
{
	const struct history_process *of = &plot->history->processes[process];
	char name[FL_COMM_BYTES];

	snprintf(curves->titles[curves->number], sizeof(curves->titles[0]), "%s %d",
		 clean(name, sizeof(name), of->name), of->tid ? of->tid : of->pid);
	return series_make(plot->history, plot->segment, process, curves->series[0].number,
			   &curves->series[curves->number++]);
}

static int make_curves(const struct plot *plot, struct curves *curves)
{
	size_t slices = series_slices(plot->history, plot->segment, PLOT_SLICES);
	struct ranking ranking;
	int error;

	*curves = (struct curves){ .number = 1 };
	curves->page_bytes = plot->history->segments[plot->segment].head.page_bytes;
	error = series_make(plot->history, plot->segment, HISTORY_NONE, slices, &curves->series[0]);
	if (error)
		return error;
	error = ranking_make(plot->history, plot->segment, plot->sort, &ranking);
	snprintf(curves->titles[0], sizeof(curves->titles[0]), "all %zu processes", ranking.number);
	/* The only one is all of them. */
	if (ranking.number == 1) {
		ranking.number = 0;
		curves->number = 0;
		series_free(&curves->series[0]);
		curves->series[0].number = slices;
		error = error ? error : add_curve(plot, curves, ranking.processes[0]);
	}
	for (size_t i = 0; !error && i < ranking.number && i < plot->number; i++)
		error = add_curve(plot, curves, ranking.processes[i]);
	ranking_free(&ranking);
	return error;
}

int plot_script(FILE *to, const struct plot *plot, const char *kind)
{
	struct curves curves;
	int error = make_curves(plot, &curves);

	if (!error)
		write_script(to, plot, &curves, kind);
	for (size_t i = 0; i < curves.number; i++)
		series_free(&curves.series[i]);
	return error;
}

/* The program in a file of its own that has no name; NULL: see errno. */
static FILE *make_script(const struct plot *plot, const char *kind)
{
	int fd = memfd_create("plot", MFD_CLOEXEC);
	FILE *script = fd < 0 ? NULL : fdopen(fd, "w+");
	int error;

	if (!script) {
		error = errno;
		if (fd >= 0)
			close(fd);
		errno = error;
		return NULL;
	}
	error = plot_script(script, plot, kind);
	if (!error && (fflush(script) || ferror(script)))
		error = errno ? -errno : -EIO;
	rewind(script);
	if (!error)
		return script;
	fclose(script);
	errno = -error;
	return NULL;
}

/* To the end also if it cannot be written: else gnuplot would say so in its own words. */
static void copy(int from, FILE *to)
{
	char piece[16384];
	ssize_t got;

	while ((got = read(from, piece, sizeof(piece))) > 0 || (got < 0 && errno == EINTR))
		if (got > 0)
			fwrite(piece, 1, got, to);
}

/*
 * Runs gnuplot; its own words go to our standard error. What it draws comes to us by a pipe, as it
 * does not notice that a disk is full.
 */
static int run(FILE *script, FILE *to, int *status)
{
	int ends[2];
	pid_t pid;
	int error;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = fork();
	error = pid < 0 ? -errno : 0;
	if (!pid) {
		dup2(fileno(script), STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		execlp(GNUPLOT, GNUPLOT, "-", (char *)NULL);
		_exit(NOT_RUN);
	}
	close(ends[1]);
	if (pid > 0)
		copy(ends[0], to);
	close(ends[0]);
	while (pid > 0 && waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	return error;
}

/* Why it failed, as a line and an error. */
static int judge(int status, const char *path)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_RUN) {
		say("gnuplot, which draws plots, is not there: sudo apt install gnuplot-nox");
		return -ENOENT;
	}
	say("gnuplot could not draw %s: it says why above", path);
	return -EIO;
}

static int draw(FILE *script, const char *path)
{
	struct draft draft;
	int status = 0;
	int error;

	error = draft_begin(&draft, path);
	if (!error) {
		error = run(script, draft.to, &status);
		if (!error && status)
			return draft_end(&draft, judge(status, path));
		error = draft_end(&draft, error);
	}
	if (error)
		say("cannot write %s: %s", path, strerror(-error));
	return error;
}

int plot_draw(const struct plot *plot, const char *recording_path, const char *out_path)
{
	FILE *script;
	int error;

	error = draft_check(out_path, recording_path, "plot");
	if (error)
		return error;
	script = make_script(plot, plot_kind(out_path));
	if (!script) {
		error = -errno;
		say("cannot draw %s: %s", out_path, strerror(-error));
		return error;
	}
	error = draw(script, out_path);
	fclose(script);
	return error;
}
