// SPDX-License-Identifier: MIT
/* A process that faults: registers itself with the module, then writes bytes all over a buffer. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "faultline_classic.h"
#include "memory.h"
#include "number.h"
#include "pattern.h"
#include "target.h"

#define EXIT_USAGE 2

#define COUNT_MAX    INT_MAX	 /* accesses, iterations */
#define PAUSE_MAX_MS 86400000ULL /* a day */

struct job {
	uint64_t megabytes; /* 1..MEMORY_BLOCKS_MAX */
	enum pattern_kind kind;
	uint64_t accesses; /* in one iteration, 1..COUNT_MAX */
	uint64_t iterations;
	uint64_t pause_ms; /* after each iteration */
	uint64_t seed;
	bool huge_pages;
};

enum parsed {
	PARSED_JOB,
	PARSED_HELP,
	PARSED_VERSION,
	PARSED_NONSENSE,
};

static const char help[] =
	"usage: work [OPTION]... MB R|L ACCESSES\n"
	"\n"
	"Registers itself with the faultline module and writes to memory: iterations of\n"
	"ACCESSES writes of a byte, each iteration followed by a pause. `monitor` shows\n"
	"what that cost.\n"
	"\n"
	"  MB        size of the buffer, 1 to 1024 MiB\n"
	"  R|L       R: random, any byte as likely as any other\n"
	"            L, or any other letter: local, 8 accesses of 10 move on 0 to 299\n"
	"            bytes, 2 are random\n"
	"  ACCESSES  writes in one iteration, 1 to 2147483647\n"
	"\n"
	"  --iterations N   1 to 2147483647 (20)\n"
	"  --pause SECONDS  after each iteration, 0 to 86400, at most 3 decimals (1)\n"
	"  --seed N         repeat the accesses of the run that printed this seed\n"
	"  --huge-pages     leave the page size to the system; otherwise the buffer has\n"
	"                   small pages, each of which costs a fault\n"
	"  --help           print this\n"
	"  --version        print the version\n";

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void complain(const char *format, ...)
{
	va_list args;

	fputs("work: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* It only has to differ between processes. */
static uint64_t default_seed(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return ((uint64_t)now.tv_sec * 1000000000 + now.tv_nsec) ^ (uint64_t)getpid() << 40;
}

static int parse_positional(char **text, int count, struct job *job)
{
	if (count != 3) {
		complain("needs MB, R or L, and ACCESSES, like `work 1024 R 50000`; got %d of 3 "
			 "(see work --help)",
			 count);
		return -EINVAL;
	}
	if (number_parse(text[0], 1, MEMORY_BLOCKS_MAX, &job->megabytes)) {
		complain("MB must be a whole number from 1 to %d, not '%s'", MEMORY_BLOCKS_MAX,
			 text[0]);
		return -EINVAL;
	}
	if (!isalpha((unsigned char)text[1][0]) || text[1][1]) {
		complain("the pattern must be one letter, R for random or L for local, not '%s'",
			 text[1]);
		return -EINVAL;
	}
	job->kind = text[1][0] == 'R' ? PATTERN_RANDOM : PATTERN_LOCAL;
	if (number_parse(text[2], 1, COUNT_MAX, &job->accesses)) {
		complain("ACCESSES must be a whole number from 1 to %d, not '%s'", COUNT_MAX,
			 text[2]);
		return -EINVAL;
	}
	return 0;
}

static int parse_option(int option, struct job *job)
{
	switch (option) {
	case 'i':
		if (!number_parse(optarg, 1, COUNT_MAX, &job->iterations))
			return 0;
		complain("--iterations must be a whole number from 1 to %d, not '%s'", COUNT_MAX,
			 optarg);
		return -EINVAL;
	case 'p':
		if (!number_parse_seconds(optarg, PAUSE_MAX_MS, &job->pause_ms))
			return 0;
		complain("--pause must be seconds from 0 to %llu, at most three decimals, not '%s'",
			 PAUSE_MAX_MS / 1000, optarg);
		return -EINVAL;
	case 's':
		if (!number_parse(optarg, 0, UINT64_MAX, &job->seed))
			return 0;
		complain("--seed must be a whole number from 0 to %" PRIu64 ", not '%s'",
			 UINT64_MAX, optarg);
		return -EINVAL;
	case 'g':
		job->huge_pages = true;
		return 0;
	default:
		return -EINVAL;
	}
}

static enum parsed parse_arguments(int argc, char **argv, struct job *job)
{
	static const struct option options[] = {
		{ "iterations", required_argument, NULL, 'i' },
		{ "pause", required_argument, NULL, 'p' },
		{ "seed", required_argument, NULL, 's' },
		{ "huge-pages", no_argument, NULL, 'g' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ 0 },
	};
	int option;

	opterr = 0;
	while ((option = getopt_long_only(argc, argv, ":", options, NULL)) != -1) {
		if (option == 'h')
			return PARSED_HELP;
		if (option == 'v')
			return PARSED_VERSION;
		if (option == ':') {
			complain("%s needs a value (see work --help)", argv[optind - 1]);
			return PARSED_NONSENSE;
		}
		if (option == '?') {
			complain("'%s' is no option, and no number may be negative "
				 "(see work --help)",
				 argv[optind - 1]);
			return PARSED_NONSENSE;
		}
		if (parse_option(option, job))
			return PARSED_NONSENSE;
	}
	if (parse_positional(argv + optind, argc - optind, job))
		return PARSED_NONSENSE;
	return PARSED_JOB;
}

/* Whoever reads along wants each line when it happens. */
static int say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int say(const char *format, ...)
{
	va_list args;
	int err = 0;

	va_start(args, format);
	if (vprintf(format, args) < 0 || fflush(stdout))
		err = -errno;
	va_end(args);
	if (err)
		complain("cannot write its output: %s; stopped", strerror(-err));
	return err;
}

static int say_job(const struct job *job)
{
	return say("[%d] %" PRIu64 " MiB in %s, %s, %" PRIu64 " accesses x %" PRIu64
		   " iterations, pause %" PRIu64 ".%03" PRIu64 " s, seed %" PRIu64 "\n",
		   getpid(), job->megabytes,
		   job->huge_pages ? "pages of the system's choice" : "small pages",
		   job->kind == PATTERN_RANDOM ? "random" : "local", job->accesses, job->iterations,
		   job->pause_ms / 1000, job->pause_ms % 1000, job->seed);
}

static void sleep_ms(uint64_t ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

static int access_memory(const struct job *job, struct memory *memory)
{
	struct pattern pattern;
	uint64_t i, k;
	int err;

	pattern_init(&pattern, job->kind, job->megabytes * MEMORY_BLOCK_BYTES, job->seed);
	for (k = 0; k < job->iterations; k++) {
		err = say("[%d] %" PRIu64 " iteration\n", getpid(), k);
		if (err)
			return err;
		for (i = 0; i < job->accesses; i++)
			memory_write(memory, pattern_next(&pattern));
		if (job->pause_ms)
			sleep_ms(job->pause_ms);
	}
	return 0;
}

/*
 * Signals have their default action: the module takes a process off its list however it ends, so
 * that a handler which unregisters would only add a way to go wrong.
 */
static int do_job(const struct job *job)
{
	static struct memory memory;
	int err, left;

	err = target_register(FL_CLASSIC_STATUS, getpid());
	if (err) {
		complain("cannot register: %s", target_explain(err));
		return err;
	}
	err = memory_map(&memory, job->megabytes, job->huge_pages);
	if (err) {
		complain("cannot get %" PRIu64 " MiB of memory: %s; try a smaller MB",
			 job->megabytes, strerror(-err));
		goto unregister;
	}
	err = say_job(job);
	if (!err)
		err = access_memory(job, &memory);
	memory_unmap(&memory);
unregister:
	left = target_unregister(FL_CLASSIC_STATUS, getpid());
	if (left)
		complain("cannot unregister: %s", target_explain(left));
	return err ? err : left;
}

int main(int argc, char **argv)
{
	struct job job = { .iterations = 20, .pause_ms = 1000, .seed = default_seed() };

	switch (parse_arguments(argc, argv, &job)) {
	case PARSED_HELP:
		return say("%s", help) ? EXIT_FAILURE : EXIT_SUCCESS;
	case PARSED_VERSION:
		return say("work (faultline) " FL_VERSION "\n") ? EXIT_FAILURE : EXIT_SUCCESS;
	case PARSED_JOB:
		return do_job(&job) ? EXIT_FAILURE : EXIT_SUCCESS;
	default:
		return EXIT_USAGE;
	}
}
