// SPDX-License-Identifier: MIT
/* faultline top: watch processes fault, live. */
#include <argp.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "clock.h"
#include "crowd.h"
#include "follow.h"
#include "footing.h"
#include "history.h"
#include "number.h"
#include "say.h"
#include "screen.h"
#include "table.h"
#include "terminal.h"
#include "units.h"

#define NS_PER_S 1000000000ULL

#define DELAY_NS     NS_PER_S
#define DELAY_MIN_NS (NS_PER_S / 10)
#define DELAY_MAX_NS (60 * NS_PER_S)
#define LOOK_NS	     NS_PER_S	    /* at who is new among all processes */
#define SAMPLES	     2		    /* an interval, unless the user says how often */
#define QUIT_NS	     (2 * NS_PER_S) /* so long has the command to end when it is asked to */
#define BATCH_WIDTH  100

enum {
	KEY_BATCH = 0x200,
};

struct top {
	struct follow_options options; /* handed over to follow */
	uint64_t delay_ns;
	bool batch;
	uint64_t screens; /* to be printed in batch mode; 0: no end */

	struct follow follow;
	struct crowd crowd;
	struct history *history;
	struct footing footing;
	struct table table;
	struct screen_view view;
	struct screen screen;
	uint64_t sampled_ns; /* of the newest sample */
	uint64_t due_ns;     /* of the next interval's end */
	uint64_t look_ns;    /* of the next look at all processes */
	bool quit;	     /* the user wants to */
	bool live;	     /* the terminal is ours */
	int width;	     /* of what is printed */
};

static const struct argp_option option_table[] = {
	{ NULL, 0, NULL, 0, "What to show:", 3 },
	{ "delay", 'd', "TIME", 0, "a new picture each TIME, from 100ms to 1min (1s)", 3 },
	{ "batch", KEY_BATCH, NULL, 0, "print tables, as for a file, without a terminal", 3 },
	{ "number", 'n', "N", 0, "end after N tables; with --batch", 3 },
	{ 0 },
};

static void parse_delay(struct argp_state *state, const char *text)
{
	struct top *top = state->input;

	if (units_read_time(text, &top->delay_ns) || top->delay_ns < DELAY_MIN_NS ||
	    top->delay_ns > DELAY_MAX_NS)
		argp_error(state, "--delay must be from 100ms to 1min, as 500ms, not '%s'", text);
}

static void parse_number(struct argp_state *state, const char *text)
{
	struct top *top = state->input;

	if (number_parse(text, 1, UINT64_MAX, &top->screens))
		argp_error(state, "--number must be a whole number from 1 on, not '%s'", text);
}

static void check(struct argp_state *state, struct top *top)
{
	if (top->screens && !top->batch)
		argp_error(state, "--number goes with --batch");
	if (!top->batch && !terminal_usable())
		argp_failure(state, EXIT_USAGE, 0,
			     "standard input and output are no terminal: use --batch");
	if (!top->options.plan.period_ns)
		top->options.plan.period_ns = top->delay_ns / SAMPLES > FL_PERIOD_MAX_NS
						      ? FL_PERIOD_MAX_NS
						      : top->delay_ns / SAMPLES;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct top *top = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &top->options;
		return 0;
	case 'd':
		parse_delay(state, text);
		return 0;
	case 'n':
		parse_number(state, text);
		return 0;
	case KEY_BATCH:
		top->batch = true;
		return 0;
	case ARGP_KEY_END:
		check(state, top);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &follow_argp, 0, NULL, 0 }, { 0 } };

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
	.children = children,
	.args_doc = "\n-p PID[,PID...]\n--cgroup PATH\n[--] COMMAND [ARGUMENT]...",
	.doc = "Shows what processes fault and take, live: all that you may follow, or those that "
	       "are named, or a command with all that it forks."
	       "\v"
	       "Keys: m M c r s p n sort, R reverses, t is the tree, space pauses, h helps, q "
	       "quits. Samples are taken twice a picture unless --interval says otherwise.\n\n"
	       "  faultline top\n"
	       "  faultline top -- make -j4\n"
	       "  faultline top --batch -n 3 -p $(pidof firefox)\n\n"
	       "More: man faultline-top",
};

static int take_records(struct top *top)
{
	const struct fl_record *record;
	int found;

	while ((found = follow_next(&top->follow, &record)) > 0) {
		if (record->type == FL_RECORD_SAMPLE)
			top->sampled_ns = record->time_ns;
		if (history_add(top->history, record)) {
			say("no memory for what was counted: follow fewer processes");
			return EXIT_TROUBLE;
		}
	}
	if (found < 0) {
		say("%s", source_message());
		return EXIT_TROUBLE;
	}
	return 0;
}

/* Up to where intervals go: the newest sample; if there are none, as nobody runs, time goes on. */
static uint64_t newest_ns(const struct top *top)
{
	uint64_t silent_ns =
		clock_ns(CLOCK_MONOTONIC) - 2 * source_segment(top->follow.source)->period_ns;

	return top->sampled_ns > silent_ns ? top->sampled_ns : silent_ns;
}

static int out_of_memory(void)
{
	say("no memory for the table: follow fewer processes");
	return EXIT_TROUBLE;
}

static int draw(struct top *top)
{
	size_t rows = 0;
	int columns = top->width;

	if (top->live)
		terminal_size(false, &rows, &columns);
	if (screen_compose(&top->screen, &top->view, rows, columns))
		return out_of_memory();
	if (top->live)
		terminal_show(&top->screen);
	return 0;
}

static void forget(struct top *top, uint64_t to_ns)
{
	uint64_t kept_ns = (TABLE_SPARK + 1) * top->delay_ns;

	if (to_ns < kept_ns)
		return;
	history_forget(top->history, to_ns - kept_ns);
	history_bury(top->history, to_ns - kept_ns);
}

/* An interval has ended: the table anew, unless it is paused. */
static int turn(struct top *top)
{
	uint64_t to_ns = newest_ns(top);

	footing_update(&top->footing, top->follow.source);
	forget(top, to_ns);
	top->view.left_out = top->crowd.left_out;
	if (top->view.paused)
		return 0;
	if (table_fill(&top->table, top->history, &top->view.order, top->delay_ns, to_ns))
		return out_of_memory();
	table_note(&top->table);
	return draw(top);
}

static int print(struct top *top)
{
	for (size_t i = 0; i < top->screen.number; i++) {
		char *text = top->screen.lines[i].line.text;
		size_t bytes = top->screen.lines[i].line.bytes;

		while (bytes && text[bytes - 1] == ' ')
			bytes--;
		printf("%.*s\n", (int)bytes, text);
	}
	putchar('\n');
	if (!fflush(stdout))
		return 0;
	say("cannot write to standard output: %s", strerror(errno));
	return EXIT_TROUBLE;
}

/* What there is to see without a screen: a table, with the newest numbers. */
static int print_table(struct top *top)
{
	int status;

	top->view.plain = true;
	top->view.paused = top->view.help = false;
	status = turn(top);
	return status ? status : print(top);
}

static int sort_by(struct top *top, enum table_key key)
{
	if (top->view.order.key != key)
		top->view.order.reverse = false;
	top->view.order.key = key;
	return table_sort(&top->table, &top->view.order) ? out_of_memory() : 0;
}

static int press_letter(struct top *top, int key)
{
	static const char letters[TABLE_KEYS + 1] = {
		[TABLE_MINOR] = 'm',	[TABLE_MAJOR] = 'M',   [TABLE_CPU] = 'c',
		[TABLE_RESIDENT] = 'r', [TABLE_SWAPPED] = 's', [TABLE_PID] = 'p',
		[TABLE_NAME] = 'n',
	};
	struct table_order *order = &top->view.order;
	const char *letter = strchr(letters, key);

	if (letter)
		return sort_by(top, letter - letters);
	if (key == 'R')
		order->reverse = !order->reverse;
	else if (key == 't')
		order->tree = !order->tree;
	else
		return 0;
	return sort_by(top, order->key);
}

static void move_to(struct top *top, size_t row)
{
	size_t last = top->table.number ? top->table.number - 1 : 0;

	top->view.cursor = row < last ? row : last;
}

static void move_up(struct top *top, size_t rows)
{
	move_to(top, top->view.cursor > rows ? top->view.cursor - rows : 0);
}

static int press(struct top *top, int key)
{
	struct screen_view *view = &top->view;
	size_t page = top->screen.rows ? top->screen.rows : 1;

	/* Also q, with which readers leave a text: top's command would be ended for it. */
	if (view->help) {
		view->help = false;
		return 0;
	}
	switch (key) {
	case 'q':
		top->quit = true;
		return 0;
	case 'h':
	case '?':
		view->help = true;
		return 0;
	case ' ':
		view->paused = !view->paused;
		return 0;
	case TERMINAL_UP:
		move_up(top, 1);
		return 0;
	case TERMINAL_DOWN:
		move_to(top, view->cursor + 1);
		return 0;
	case TERMINAL_PAGE_UP:
		move_up(top, page);
		return 0;
	case TERMINAL_PAGE_DOWN:
		move_to(top, view->cursor + page);
		return 0;
	case TERMINAL_HOME:
		move_to(top, 0);
		return 0;
	case TERMINAL_END:
		move_to(top, SIZE_MAX - 1);
		return 0;
	default:
		return key > 0 && key < 128 ? press_letter(top, key) : 0;
	}
}

/* A keyboard that is readable and has no key is none any more. */
static int press_all(struct top *top)
{
	int key = terminal_key();
	int status = 0;

	if (key == TERMINAL_NONE)
		top->quit = true;
	for (; !status && key != TERMINAL_NONE; key = terminal_key())
		status = press(top, key);
	return status ? status : draw(top);
}

static bool everybody(const struct top *top)
{
	return !top->options.command && !top->options.number;
}

static int look_around(struct top *top)
{
	uint64_t look_ns;
	int error;

	if (!everybody(top) || clock_ns(CLOCK_MONOTONIC) < top->look_ns)
		return 0;
	/* Between two looks there are samples. */
	look_ns = 2 * source_segment(top->follow.source)->period_ns;
	top->look_ns = clock_ns(CLOCK_MONOTONIC) + (look_ns > LOOK_NS ? look_ns : LOOK_NS);
	error = crowd_follow(&top->crowd, top->follow.source);
	if (!error)
		return 0;
	say("cannot see who is there in /proc: %s", strerror(-error));
	return EXIT_TROUBLE;
}

static int heed(struct top *top, int found)
{
	size_t rows;
	int columns;
	int status = 0;

	if (found & FOLLOW_RESIZED) {
		top->follow.resized = false;
		if (top->live) {
			terminal_size(true, &rows, &columns);
			status = draw(top);
		}
	}
	if (!status && found & FOLLOW_OTHER)
		status = press_all(top);
	return status;
}

static int wait_once(struct top *top)
{
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	int timeout_ms = top->due_ns > now_ns ? (top->due_ns - now_ns) / 1000000 + 1 : 0;

	return follow_wait(&top->follow, top->live ? terminal_fd() : -1, timeout_ms);
}

static bool over(const struct top *top, int found)
{
	return top->quit || found & FOLLOW_ENDED;
}

static int end_interval(struct top *top, uint64_t *printed)
{
	int status = look_around(top);

	if (status || clock_ns(CLOCK_MONOTONIC) < top->due_ns)
		return status;
	top->due_ns += top->delay_ns;
	if (top->due_ns < clock_ns(CLOCK_MONOTONIC)) /* we were stopped for a while */
		top->due_ns = clock_ns(CLOCK_MONOTONIC) + top->delay_ns;
	if (top->live)
		return turn(top);
	status = print_table(top);
	if (++*printed == top->screens)
		top->quit = true;
	return status;
}

static int watch(struct top *top)
{
	uint64_t printed = 0;
	int status = 0;
	int found = 0;

	if (top->live)
		status = turn(top);
	while (!status && !over(top, found)) {
		found = wait_once(top);
		if (found < 0) {
			say("cannot wait for records: %s", strerror(-found));
			return EXIT_TROUBLE;
		}
		status = take_records(top);
		if (!status)
			status = heed(top, found);
		if (!status)
			status = end_interval(top, &printed);
	}
	return status;
}

/* The command is asked to end, as its terminal is gone; and then made to. */
static void end_command(struct top *top)
{
	struct child *child = &top->follow.child;
	uint64_t until_ns = clock_ns(CLOCK_MONOTONIC) + QUIT_NS;

	if (!child->pid || child->ended)
		return;
	child_kill(child, SIGTERM);
	while (!child_peek(child) && clock_ns(CLOCK_MONOTONIC) < until_ns)
		if (follow_wait(&top->follow, -1, 100) < 0)
			break;
	if (!child_peek(child))
		child_kill(child, SIGKILL);
}

/* The last picture stays to be seen, where the screen is gone. */
static int finish(struct top *top)
{
	int status;

	if (top->quit)
		end_command(top);
	if (follow_end(&top->follow)) {
		say("%s", source_message());
		return EXIT_TROUBLE;
	}
	do {
		status = take_records(top);
	} while (!status && follow_rest(&top->follow));
	if (status || top->quit || top->follow.caught)
		return status;
	if (top->live) {
		size_t rows;

		terminal_size(false, &rows, &top->width);
		terminal_close();
	}
	top->live = false;
	top->sampled_ns =
		clock_ns(CLOCK_MONOTONIC); /* up to the end, which is behind the last sample */
	return print_table(top);
}

static int begin(struct top *top)
{
	const struct faultline_segment *segment = source_segment(top->follow.source);

	top->history = history_new();
	if (!top->history || history_begin(top->history, segment))
		return out_of_memory();
	footing_begin(&top->footing, top->follow.source);
	/* A little later than the samples that intervals end with. */
	top->due_ns = clock_ns(CLOCK_MONOTONIC) + top->delay_ns + segment->period_ns / 2;
	top->view = (struct screen_view){
		.table = &top->table,
		.footing = &top->footing,
		.order = { .key = TABLE_MINOR, .parent_of = crowd_parent },
		.length_ns = top->delay_ns,
		.unicode = !strcmp(nl_langinfo(CODESET), "UTF-8"),
		.plain = top->batch,
	};
	return look_around(top);
}

static int begin_screen(struct top *top)
{
	const char *name = getenv("TERM");
	int error;

	if (top->batch)
		return 0;
	signal(SIGQUIT, SIG_IGN);
	error = terminal_open();
	if (error) {
		say("cannot draw on a terminal of the kind TERM=%s: use --batch", name ? name : "");
		return EXIT_USAGE;
	}
	top->live = true;
	return 0;
}

static int run(struct top *top)
{
	int status;

	top->options.quiet = true; /* the screen says it */
	top->follow.options = top->options;
	top->follow.more_join = everybody(top);
	status = follow_open(&top->follow);
	if (!status)
		status = begin(top);
	if (!status)
		status = begin_screen(top);
	if (!status)
		status = follow_start(&top->follow);
	if (!status)
		status = take_records(top);
	if (!status)
		status = watch(top);
	if (!status)
		status = finish(top);
	return status;
}

int command_top(int argc, char **argv)
{
	struct top top = { .delay_ns = DELAY_NS, .width = BATCH_WIDTH };
	struct child child;
	int status;

	setlocale(LC_CTYPE, "");
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &top);
	if (!top.batch && terminal_divert()) {
		terminal_close();
		say("cannot take the terminal: use --batch");
		return EXIT_TROUBLE;
	}
	status = run(&top);
	terminal_close();
	child = top.follow.child;
	crowd_clear(&top.crowd);
	screen_clear(&top.screen);
	table_clear(&top.table);
	history_free(top.history);
	follow_close(&top.follow);
	return !status && child.ended && !top.quit ? child_end_as(&child) : status;
}
