/* SPDX-License-Identifier: GPL-2.0 */
/* What is written to the proc file, as text: finding the next command in it. */
#ifndef FL_CLASSIC_COMMAND_H
#define FL_CLASSIC_COMMAND_H

#define FL_CLASSIC_REGISTER   'R'
#define FL_CLASSIC_UNREGISTER 'U'

struct fl_classic_command {
	char verb; /* FL_CLASSIC_REGISTER or FL_CLASSIC_UNREGISTER */
	int pid;   /* as the writer numbers it, not negative */
};

/**
 * fl_classic_command_next - find the first command in a text
 * @text: the text, not NUL-terminated
 * @len: its length in bytes
 * @cmd: where to put the command
 *
 * Empty lines before the command are skipped. Pure: any context, no locks, no memory.
 *
 * Return: the number of bytes up to the command's end, its newline included; 0 if there is nothing
 * but blanks; -EINVAL if the first line that is not empty is not a command.
 */
int fl_classic_command_next(const char *text, unsigned int len, struct fl_classic_command *cmd);

#endif
