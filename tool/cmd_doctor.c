// SPDX-License-Identifier: MIT
/* faultline doctor: what works here, what does not, and what mends it. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "checkup.h"
#include "command.h"
#include "export.h"
#include "origin.h"
#include "say.h"
#include "source.h"

enum {
	KEY_ROOT = 256
};

static const struct argp_option known[] = {
	{ "root", KEY_ROOT, "DIR", 0,
	  "look at the /proc, /sys, /dev, /etc, /boot, /run and /lib/modules below DIR", 0 },
	{ 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	const char **root = state->input;
	struct stat status;

	switch (key) {
	case KEY_ROOT:
		if (stat(argument, &status) || !S_ISDIR(status.st_mode))
			argp_error(state, "--root must be a folder: %s is none", argument);
		*root = argument;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "takes no arguments: it looks at this machine");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = known,
	.parser = parse,
	.doc = "Say what of faultline works on this machine, what does not, and the command that "
	       "mends it.\vNothing is changed. Ends with 0 if the module can be used, with 1 if "
	       "only a stand-in can.",
};

static void print_findings(const struct checkup *checkup)
{
	static const char *const verdicts[] = { "ok", "note", "WRONG" };

	for (size_t i = 0; i < checkup->number; i++) {
		const struct checkup_finding *finding = &checkup->findings[i];

		printf("%-5s  %-13s  %s\n", verdicts[finding->verdict], finding->about,
		       finding->text);
		if (*finding->mend)
			printf("%-5s  %-13s  mend: %s\n", "", "", finding->mend);
	}
}

/* Which source a verb takes now is found by taking it; true: it is the module. */
static bool try_source(void)
{
	const struct source_plan plan = { .only_when_asked = true };
	const struct faultline_segment *segment;
	struct source *source;
	bool module;

	if (source_open(&plan, &source)) {
		printf("\nNo source can be used: %s.\n", source_message());
		return false;
	}
	segment = source_segment(source);
	module = segment->source == FAULTLINE_SOURCE_MODULE;
	if (module)
		printf("\nThe module is used: it sees all.\n");
	else
		printf("\nThe stand-in %s is used, which cannot see: %s.\n"
		       "Nothing better is used, because %s.\n",
		       origin_name(segment->source), segment->blind, source_why(source));
	source_close(source);
	return module;
}

int command_doctor(int argc, char **argv)
{
	struct checkup checkup;
	const char *root = "";
	bool works;

	if (argp_parse(&argp, argc, argv, 0, NULL, &root))
		return EXIT_USAGE;
	checkup_run(&checkup, root);
	print_findings(&checkup);
	/* Below another root there is nothing to be taken. */
	works = *root ? checkup.works : try_source();
	return say_written("the findings", 0) && works ? EXIT_SUCCESS : EXIT_TROUBLE;
}
