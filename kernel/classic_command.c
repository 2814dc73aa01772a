// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>

#include "faultline_classic.h"
#include "classic_command.h"

#define PID_MAX_VALUE 0x7fffffff

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static unsigned int skip_blanks(const char *text, unsigned int at, unsigned int end)
{
	while (at < end && is_blank(text[at]))
		at++;
	return at;
}

/* The digits from @at on, or -EINVAL if they are not all of text[at..end). */
static int parse_pid(const char *text, unsigned int at, unsigned int end)
{
	long long pid = 0;

	if (at == end)
		return -EINVAL;
	for (; at < end; at++) {
		if (!is_digit(text[at]))
			return -EINVAL;
		pid = pid * 10 + (text[at] - '0');
		if (pid > PID_MAX_VALUE)
			return -EINVAL;
	}
	return pid;
}

/* One line that is not empty: a verb, blanks, a PID. */
static int parse_line(const char *text, unsigned int at, unsigned int end,
		      struct fl_classic_command *cmd)
{
	unsigned int digits;
	int pid;

	if (text[at] != FL_CLASSIC_REGISTER && text[at] != FL_CLASSIC_UNREGISTER)
		return -EINVAL;
	digits = skip_blanks(text, at + 1, end);
	if (digits == at + 1)
		return -EINVAL;
	while (end > digits && is_blank(text[end - 1]))
		end--;
	pid = parse_pid(text, digits, end);
	if (pid < 0)
		return pid;
	cmd->verb = text[at];
	cmd->pid = pid;
	return 0;
}

int fl_classic_command_next(const char *text, unsigned int len, struct fl_classic_command *cmd)
{
	unsigned int at = 0, end, first;
	int err;

	while (at < len) {
		for (end = at; end < len && text[end] != '\n'; end++)
			if (end - at >= FL_CLASSIC_LINE_MAX)
				return -EINVAL;
		first = skip_blanks(text, at, end);
		if (first < end) {
			err = parse_line(text, first, end, cmd);
			if (err)
				return err;
			return end < len ? end + 1 : end;
		}
		at = end + 1;
	}
	return 0;
}
