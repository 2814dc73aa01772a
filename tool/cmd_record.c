// SPDX-License-Identifier: MIT
/* faultline record: follow processes, write what they count to a recording. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "closing.h"
#include "clock.h"
#include "command.h"
#include "follow.h"
#include "quote.h"
#include "recorder.h"
#include "say.h"
#include "tally.h"
#include "units.h"
#include "until.h"

#define NS_PER_S 1000000000ULL

#define FLUSH_NS     NS_PER_S
#define PROGRESS_NS  (NS_PER_S / 4)
#define GATHER_MS    10 /* of a ring that the module fills: one wakeup for so much of it */
#define FLIGHT_MIN_S 1
#define FLIGHT_MAX_S 3600

enum key {
	KEY_APPEND = 0x200,
	KEY_FLIGHT,
	KEY_UNTIL,
};

struct record {
	struct follow follow;
	struct recorder recorder;
	struct tally tally;
	struct until until;
	bool has_until;
	bool held; /* the condition */
	bool progress;
	int snapshot; /* a signalfd: SIGUSR1; -1 */
	uint32_t page_bytes;
	uint64_t begin_cpu_ns;
	uint64_t flushed_ns;
	uint64_t shown_ns;
};

static const struct argp_option option_table[] = {
	{ NULL, 0, NULL, 0, "What to keep:", 3 },
	{ "output", 'o', "FILE", 0,
	  "write to FILE (" RECORDING_NAME "); what is there is renamed to FILE.old", 3 },
	{ "append", KEY_APPEND, NULL, 0, "add to the recording that is there", 3 },
	{ "flight", KEY_FLIGHT, "TIME", 0,
	  "keep only the last seconds, in memory, as 10s or 2min; they are written at the end, "
	  "and when SIGUSR1 comes",
	  3 },
	{ "until", KEY_UNTIL, "CONDITION", 0,
	  "end the recording when it holds: NAME>NUMBER or NAME<NUMBER with minor-rate or "
	  "major-rate (faults a second), cpu (percent), resident or swapped (bytes, as 500M), "
	  "processes",
	  3 },
	{ "quiet", 'q', NULL, 0, "say nothing unless something goes wrong", 3 },
	{ 0 },
};

static const char help[] =
	"Records the page faults, CPU time and memory of processes, each by itself, with all that "
	"they fork.\v"
	"Ends when COMMAND ends, with its status, or when all who were named have ended, or at "
	"^C. Without --interval samples are taken every 10ms with the module, else every 50ms. The "
	"last line says what was recorded, what was lost and what it cost; see it with faultline "
	"report.\n"
	"\n"
	"  faultline record -- make -j4\n"
	"  faultline record -I 1ms -p 1234 -o slow.data\n"
	"  faultline record --flight 10s --until 'major-rate>500' --cgroup system.slice";

static void parse_flight(struct argp_state *state, struct record *record, const char *text)
{
	uint64_t *ns = &record->recorder.flight_ns;

	if (units_read_time(text, ns) || *ns < FLIGHT_MIN_S * NS_PER_S ||
	    *ns > FLIGHT_MAX_S * NS_PER_S)
		argp_error(state, "--flight must be from %ds to 1h, as 10s or 2min, not '%s'",
			   FLIGHT_MIN_S, text);
}

static void parse_until(struct argp_state *state, struct record *record, const char *text)
{
	char problem[256];

	record->has_until = true;
	if (until_parse(&record->until, text, problem, sizeof(problem)))
		argp_error(state, "--until: %s", problem);
}

static void check(struct argp_state *state, const struct record *record)
{
	const struct follow_options *options = &record->follow.options;

	if (!options->command && !options->number)
		argp_error(state,
			   "nobody to follow: name a COMMAND, -p PID, -t TID or --cgroup PATH");
	if (record->recorder.append && record->recorder.flight_ns)
		argp_error(state, "--flight replaces its file at each writing: it cannot --append");
	if (!strcmp(record->recorder.path, "-"))
		argp_error(state, "a recording cannot go to a pipe: give -o a file, and see "
				  "faultline export for other formats");
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct record *record = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &record->follow.options;
		return 0;
	case 'o':
		record->recorder.path = text;
		return 0;
	case KEY_APPEND:
		record->recorder.append = true;
		return 0;
	case KEY_FLIGHT:
		parse_flight(state, record, text);
		return 0;
	case KEY_UNTIL:
		parse_until(state, record, text);
		return 0;
	case 'q':
		record->follow.options.quiet = true;
		return 0;
	case ARGP_KEY_END:
		check(state, record);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &follow_argp, 0, NULL, 0 }, { 0 } };

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
	.args_doc = "[--] COMMAND [ARGUMENT]...\n-p PID[,PID...]\n-t TID[,TID...]\n--cgroup PATH",
	.doc = help,
	.children = children,
};

/* All that is there: records are read faster than any source makes them. */
static int drain(struct record *record)
{
	const struct fl_record *next;
	int got;

	while ((got = follow_next(&record->follow, &next)) > 0) {
		/* All of the moment before are in. */
		if (record->has_until && next->time_ns > record->tally.time_ns &&
		    record->tally.samples &&
		    until_holds(&record->until, &record->tally, record->page_bytes))
			record->held = true;
		if (recorder_add(&record->recorder, next))
			return 0;
		if (tally_add(&record->tally, next)) {
			say("no memory for more processes");
			return -ENOMEM;
		}
	}
	if (got < 0)
		say("cannot read on: %s; what was recorded until now is kept", source_message());
	return got;
}

static void show_progress(const struct record *record, uint64_t now_ns)
{
	const struct tally *tally = &record->tally;
	char time[UNITS_BYTES], processes[UNITS_BYTES], bytes[UNITS_BYTES];
	char minor[UNITS_BYTES], major[UNITS_BYTES];

	say_progress("%s, %s process%s, %s minor and %s major faults, %s%s",
		     units_time(time, (double)(now_ns - record->tally.start_ns)),
		     units_count(processes, tally->alive), tally->alive == 1 ? "" : "es",
		     units_count(minor, tally->minor), units_count(major, tally->major),
		     units_bytes(bytes, (double)recorder_bytes(&record->recorder)),
		     record->recorder.flight ? " in memory" : "");
}

static void get_figures(const struct record *record, struct faultline_figures *figures)
{
	*figures = (struct faultline_figures){ .size = sizeof(*figures) };
	source_figures(record->follow.source, figures);
}

static void take_snapshot(struct record *record)
{
	struct signalfd_siginfo signal;
	struct faultline_figures figures;
	char time[UNITS_BYTES];

	while (read(record->snapshot, &signal, sizeof(signal)) == sizeof(signal))
		;
	get_figures(record, &figures);
	if (!recorder_snapshot(&record->recorder, &figures) && !record->follow.options.quiet)
		say("wrote %s, at most the last %s", record->recorder.path,
		    units_time(time, (double)record->recorder.flight_ns));
}

static void do_regularly(struct record *record)
{
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);

	if (now_ns - record->flushed_ns >= FLUSH_NS) {
		record->flushed_ns = now_ns;
		recorder_flush(&record->recorder);
	}
	if (record->progress && now_ns - record->shown_ns >= PROGRESS_NS) {
		record->shown_ns = now_ns;
		show_progress(record, now_ns);
	}
}

/* Until it ends or nothing more can be recorded: 0 or -errno after a line was said. */
static int run(struct record *record)
{
	int timeout_ms = (int)((record->progress ? PROGRESS_NS : FLUSH_NS) / 1000000);
	int found;
	int error;

	for (;;) {
		found = follow_wait(&record->follow, record->snapshot, timeout_ms);
		if (found < 0) {
			say("cannot wait for records: %s", strerror(-found));
			return found;
		}
		error = drain(record);
		if (error)
			return error;
		if (found & FOLLOW_OTHER)
			take_snapshot(record);
		if (found & FOLLOW_ENDED || record->held || record->recorder.error)
			return record->recorder.error;
		do_regularly(record);
	}
}

static void conclude(const struct record *record, const struct faultline_figures *figures,
		     size_t running)
{
	const struct recorder *recorder = &record->recorder;
	const struct closing closing = {
		.source = recorder->segment.source,
		.tally = recorder->flight_ns ? &recorder->window : &record->tally,
		.figures = *figures,
		.took_ns = clock_ns(CLOCK_MONOTONIC) - record->tally.start_ns,
		.flight_ns = recorder->flight_ns,
		.own_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - record->begin_cpu_ns,
		.running = running,
		.path = recorder->path,
		.bytes = recorder_bytes(recorder),
	};

	closing_say(&closing);
}

/* Take what there still is, end the recording; the command may go on. */
static int finish(struct record *record)
{
	struct follow *follow = &record->follow;
	bool going_on = follow->child.pid && !child_peek(&follow->child);
	struct faultline_figures figures;
	size_t running;
	int error;

	error = going_on ? source_sample(follow->source) : follow_end(follow);
	if (!error && going_on)
		error = source_stop(follow->source);
	if (error)
		say("cannot take the last sample: %s", source_message());
	while (!record->recorder.error && !drain(record) && follow_rest(follow))
		;
	running = source_targets(follow->source);
	get_figures(record, &figures);
	error = recorder_close(&record->recorder, &figures);
	if (!error && !follow->options.quiet)
		conclude(record, &figures, running);
	source_close(follow->source);
	follow->source = NULL;
	if (going_on && (error || !follow->options.quiet))
		say("the command goes on, and is waited for");
	follow_end(follow);
	return error;
}

static int take_snapshot_signal(struct record *record)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	record->snapshot = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return record->snapshot < 0 ? -errno : 0;
}

/* Source, file and command; what follow_start() cannot run leaves no file behind. */
static int begin(struct record *record, const char *line)
{
	struct follow *follow = &record->follow;
	struct faultline_segment segment;
	int status;

	status = follow_open(follow);
	if (status)
		return status;
	signal(SIGXFSZ, SIG_IGN); /* a limit on files is an error as a full disk is one */
	segment = *source_segment(follow->source);
	segment.command = line;
	record->tally.start_ns = segment.start_ns;
	record->page_bytes = segment.page_bytes ? segment.page_bytes : sysconf(_SC_PAGESIZE);
	if (segment.source == FAULTLINE_SOURCE_MODULE)
		follow->gather_ms = GATHER_MS;
	if (record->recorder.flight_ns && take_snapshot_signal(record)) {
		say("cannot wait for SIGUSR1: %s", strerror(errno));
		return EXIT_TROUBLE;
	}
	if (recorder_open(&record->recorder, &segment))
		return EXIT_TROUBLE;
	record->begin_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	record->flushed_ns = record->shown_ns = clock_ns(CLOCK_MONOTONIC);
	status = follow_start(follow);
	if (status)
		recorder_cancel(&record->recorder);
	return status;
}

int command_record(int argc, char **argv)
{
	struct record record = { .recorder.path = RECORDING_NAME, .snapshot = -1 };
	const struct child *ends_as = NULL;
	struct child child;
	char *line;
	int status;

	line = quote_words(argc, argv);
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &record);
	record.progress = !record.follow.options.quiet && isatty(STDERR_FILENO);
	status = begin(&record, line);
	if (status)
		goto close;
	status = run(&record) ? EXIT_TROUBLE : 0;
	if (finish(&record))
		status = EXIT_TROUBLE;
	/* That something failed here shows where the command itself did not fail. */
	child = record.follow.child;
	ends_as = child.ended && (child.status || !status) ? &child : NULL;
close:
	follow_close(&record.follow);
	tally_clear(&record.tally);
	if (record.snapshot >= 0)
		close(record.snapshot);
	free(line);
	return ends_as ? child_end_as(ends_as) : status;
}
