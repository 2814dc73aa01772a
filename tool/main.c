// SPDX-License-Identifier: MIT
/* faultline VERB ...: the command table. */
#include <argp.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "libfaultline.h"
#include "say.h"

static const struct command commands[] = {
	{ "record", "record the page faults and CPU time of processes to a file", command_record },
	{ "stat", "run a command and say what it faulted and took", command_stat },
	{ "top", "watch processes fault, live", command_top },
	{ "report", "explain a recording: as text, as a page, as a plot", command_report },
	{ "diff", "compare two recordings, or two sets of them", command_diff },
	{ "export", "write a recording as CSV, JSON or a Perfetto trace", command_export },
	{ "list", "list recordings, and what is in them", command_list },
	{ "doctor", "say what works here, what does not, and what mends it", command_doctor },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(FILE *to)
{
	fputs("usage: faultline VERB [OPTION]...\n"
	      "\n"
	      "Counts the page faults and CPU time of processes: each by itself, exact to the\n"
	      "fault, with the kernel module faultline; as well as can be without it.\n"
	      "\n",
	      to);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].summary);
	fputs("\n"
	      "faultline VERB --help, or man faultline-VERB, says more. To begin with:\n"
	      "\n"
	      "  faultline record -- COMMAND\n"
	      "  faultline report\n",
	      to);
}

/* How the help or the version ends, which are to be read. */
static int told(const char *what)
{
	return say_written(what, 0) ? EXIT_SUCCESS : EXIT_TROUBLE;
}

static const struct command *command_of(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static int no_verb(const char *name)
{
	say("%s is no verb: see faultline --help", name);
	return EXIT_USAGE;
}

static int run(const struct command *command, int argc, char **argv)
{
	static char name[32];

	snprintf(name, sizeof(name), "faultline %s", command->name);
	argv[0] = name;
	say_name(name);
	argp_err_exit_status = EXIT_USAGE;
	return command->run(argc, argv);
}

/*
 * Files of ours must not get the numbers of standard streams that were closed: what is said would
 * go into them. These cannot be used either, and are closed in commands, as they were.
 */
static void fill_streams(void)
{
	int file;

	do {
		file = open("/", O_PATH | O_CLOEXEC);
	} while (file >= 0 && file <= STDERR_FILENO);
	if (file >= 0)
		close(file);
}

/* `help VERB` is `VERB --help`. */
static int help_with(char *verb)
{
	const struct command *command = command_of(verb);
	char *words[] = { verb, "--help", NULL };

	return command ? run(command, 2, words) : no_verb(verb);
}

int main(int argc, char **argv)
{
	const struct command *command;

	fill_streams();
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (argc > 2 && !strcmp(argv[1], "help"))
		return help_with(argv[2]);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		help(stdout);
		return told("the help");
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("faultline %s\n", faultline_version());
		return told("the version");
	}
	command = command_of(argv[1]);
	return command ? run(command, argc - 1, argv + 1) : no_verb(argv[1]);
}
