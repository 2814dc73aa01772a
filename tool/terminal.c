// SPDX-License-Identifier: MIT
#include "terminal.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define STREAMS 3

static struct {
	int kept[STREAMS]; /* what the standard streams were; -1: as it is */
	bool diverted;
	FILE *in;
	FILE *out;
	FILE *errors; /* what stderr was */
	FILE *said;   /* what it is meanwhile */
	char *text;
	size_t bytes;
	SCREEN *screen;
	chtype looks[SCREEN_STYLES];
} terminal = { .kept = { -1, -1, -1 } };

bool terminal_usable(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static FILE *copy_of(int fd, const char *mode)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, STREAMS);
	FILE *file = copy < 0 ? NULL : fdopen(copy, mode);

	if (!file && copy >= 0)
		close(copy);
	return file;
}

/* The standard streams that are a terminal become /dev/null. */
static int silence(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	for (int fd = 0; fd < STREAMS; fd++) {
		if (!isatty(fd))
			continue;
		terminal.kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, STREAMS);
		if (terminal.kept[fd] < 0 || dup2(null, fd) < 0)
			break;
	}
	close(null);
	return 0;
}

int terminal_divert(void)
{
	terminal.in = copy_of(STDIN_FILENO, "r");
	terminal.out = copy_of(STDOUT_FILENO, "w");
	terminal.said = open_memstream(&terminal.text, &terminal.bytes);
	if (!terminal.in || !terminal.out || !terminal.said)
		return -ENOMEM;
	fflush(stdout);
	terminal.errors = stderr;
	stderr = terminal.said;
	terminal.diverted = true;
	return silence();
}

static void choose_looks(void)
{
	const char *refused = getenv("NO_COLOR");
	chtype *looks = terminal.looks;

	looks[SCREEN_TITLE] = A_BOLD;
	looks[SCREEN_HEAD] = A_REVERSE;
	looks[SCREEN_MAJOR] = A_BOLD;
	looks[SCREEN_ENDED] = A_DIM;
	looks[SCREEN_CURSOR] = A_REVERSE;
	looks[SCREEN_KEYS] = A_DIM;
	if ((refused && *refused) || !has_colors() || start_color() == ERR ||
	    use_default_colors() == ERR)
		return;
	init_pair(1, COLOR_BLACK, COLOR_GREEN);
	init_pair(2, COLOR_RED, -1);
	init_pair(3, COLOR_BLACK, COLOR_CYAN);
	looks[SCREEN_HEAD] = COLOR_PAIR(1);
	looks[SCREEN_MAJOR] = COLOR_PAIR(2) | A_BOLD;
	looks[SCREEN_CURSOR] = COLOR_PAIR(3);
}

int terminal_open(void)
{
	terminal.screen = newterm(NULL, terminal.out, terminal.in);
	if (!terminal.screen)
		return -ENOTTY;
	set_term(terminal.screen);
	if (!tigetstr("cup")) {
		endwin();
		delscreen(terminal.screen);
		terminal.screen = NULL;
		return -ENOTTY;
	}
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	choose_looks();
	return 0;
}

void terminal_size(bool changed, size_t *rows, int *columns)
{
	struct winsize size = { 0 };
	int high;
	int wide;

	if (changed && !ioctl(fileno(terminal.out), TIOCGWINSZ, &size) && size.ws_row &&
	    size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
	getmaxyx(stdscr, high, wide);
	*rows = high > 0 ? high : 1;
	*columns = wide > 0 ? wide : 1;
}

void terminal_show(const struct screen *screen)
{
	erase();
	for (size_t i = 0; i < screen->number; i++) {
		attrset((attr_t)terminal.looks[screen->lines[i].style]);
		mvaddstr((int)i, 0, screen->lines[i].line.text);
	}
	attrset(A_NORMAL);
	refresh();
}

int terminal_fd(void)
{
	return fileno(terminal.in);
}

int terminal_key(void)
{
	int key = getch();

	switch (key) {
	case ERR:
		return TERMINAL_NONE;
	case KEY_UP:
		return TERMINAL_UP;
	case KEY_DOWN:
		return TERMINAL_DOWN;
	case KEY_PPAGE:
		return TERMINAL_PAGE_UP;
	case KEY_NPAGE:
		return TERMINAL_PAGE_DOWN;
	case KEY_HOME:
		return TERMINAL_HOME;
	case KEY_END:
		return TERMINAL_END;
	default:
		return key >= 0 && key < 256 ? key : TERMINAL_OTHER;
	}
}

/* A terminal that has no other screen to go back to goes on below an empty last line. */
static void end_curses(void)
{
	if (!terminal.screen)
		return;
	move(LINES - 1, 0);
	clrtoeol();
	refresh();
	endwin();
	delscreen(terminal.screen);
	terminal.screen = NULL;
}

void terminal_close(void)
{
	end_curses();
	for (int fd = 0; fd < STREAMS; fd++) {
		if (terminal.kept[fd] < 0)
			continue;
		dup2(terminal.kept[fd], fd);
		close(terminal.kept[fd]);
		terminal.kept[fd] = -1;
	}
	if (terminal.diverted)
		stderr = terminal.errors;
	terminal.diverted = false;
	if (terminal.in)
		fclose(terminal.in);
	if (terminal.out)
		fclose(terminal.out);
	if (terminal.said)
		fclose(terminal.said);
	if (terminal.text)
		fputs(terminal.text, stderr);
	free(terminal.text);
	terminal.text = NULL;
	terminal.in = terminal.out = terminal.said = NULL;
}
