// SPDX-License-Identifier: MIT
/* /proc/PID/stat: opened each time, as pidstat, psrecord and htop do, and kept open. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "method.h"
#include "report.h"

#define PATH_BYTES 32
#define TEXT_BYTES 1024
#define TICK_NS	   10000000ULL /* of USER_HZ */

/* Fields behind the name, from 0: see proc(5). */
enum field {
	MINOR = 7,
	MAJOR = 9,
	USER = 11,
	SYSTEM = 12,
	FIELDS,
};

static unsigned int processes;
static char (*paths)[PATH_BYTES];
static int *files;

static void take_in(const char *text, struct totals *sum)
{
	uint64_t value[FIELDS] = { 0 };
	const char *at = strrchr(text, ')');

	if (!at)
		report_fail("/proc/PID/stat is not what it was");
	at += 4; /* over the state as well */
	for (int field = 1; field < FIELDS; field++) {
		if (*at == '-')
			at++;
		while (*at >= '0' && *at <= '9')
			value[field] = value[field] * 10 + (*at++ - '0');
		at++;
	}
	sum->minor += value[MINOR];
	sum->major += value[MAJOR];
	sum->cpu_ns += (value[USER] + value[SYSTEM]) * TICK_NS;
}

static int open_file(unsigned int number)
{
	int file = open(paths[number], O_RDONLY | O_CLOEXEC);

	if (file < 0)
		report_fail("%s: %s", paths[number], strerror(errno));
	return file;
}

static void read_file(int file, struct totals *sum)
{
	char text[TEXT_BYTES];
	ssize_t length = pread(file, text, sizeof(text) - 1, 0);

	if (length <= 0)
		report_fail("cannot read /proc/PID/stat: %s", strerror(errno));
	text[length] = '\0';
	take_in(text, sum);
}

static void name_files(const struct crowd *crowd)
{
	processes = crowd->processes;
	paths = calloc(processes, sizeof(*paths));
	if (!paths)
		report_fail("no memory");
	for (unsigned int number = 0; number < processes; number++)
		snprintf(paths[number], PATH_BYTES, "/proc/%d/stat", crowd->pids[number]);
}

static void forget_names(void)
{
	free(paths);
}

static void open_and_read(struct totals *sum)
{
	int file;

	for (unsigned int number = 0; number < processes; number++) {
		file = open_file(number);
		read_file(file, sum);
		close(file);
	}
}

static void open_files(const struct crowd *crowd)
{
	name_files(crowd);
	files = calloc(processes, sizeof(*files));
	if (!files)
		report_fail("no memory");
	for (unsigned int number = 0; number < processes; number++)
		files[number] = open_file(number);
}

static void read_again(struct totals *sum)
{
	for (unsigned int number = 0; number < processes; number++)
		read_file(files[number], sum);
}

static void close_files(void)
{
	for (unsigned int number = 0; number < processes; number++)
		close(files[number]);
	free(files);
	forget_names();
}

const struct method method_proc_open = { "proc-open", name_files, NULL, open_and_read,
					 forget_names };
const struct method method_proc_kept = { "proc-kept", open_files, NULL, read_again, close_files };
