/* SPDX-License-Identifier: MIT */
/* The verbs of `faultline`, and what they end with. */
#ifndef COMMAND_H
#define COMMAND_H

/* The file that `record` writes and the other verbs read if none is named. */
#define RECORDING_NAME "faultline.data"

/* What the tool ends with; `record` and `stat` end as their command ended. */
#define EXIT_TROUBLE	1   /* it failed: one line on standard error says why and what next */
#define EXIT_USAGE	2   /* the command line is wrong */
#define EXIT_CANNOT_RUN 126 /* the command to run is there but cannot be executed */
#define EXIT_NOT_FOUND	127 /* the command to run is not there */

struct command {
	const char *name;
	const char *summary; /* a line of the list, and NAME of its manual page */
	/* argv[0] is "faultline NAME", for messages. Returns the status to exit with. */
	int (*run)(int argc, char **argv);
};

int command_record(int argc, char **argv);
int command_stat(int argc, char **argv);
int command_top(int argc, char **argv);
int command_report(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_export(int argc, char **argv);
int command_list(int argc, char **argv);
int command_doctor(int argc, char **argv);

#endif
