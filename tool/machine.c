// SPDX-License-Identifier: MIT
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void path_of(const struct machine *machine, char *path, const char *format, va_list words)
{
	size_t length = (size_t)snprintf(path, PATH_MAX, "%s", machine->root);

	if (length < PATH_MAX)
		vsnprintf(path + length, PATH_MAX - length, format, words);
}

const char *machine_path(const struct machine *machine, char *path, const char *format, ...)
{
	va_list words;

	va_start(words, format);
	path_of(machine, path, format, words);
	va_end(words);
	return path;
}

bool machine_has(const struct machine *machine, const char *format, ...)
{
	char path[PATH_MAX];
	va_list words;

	va_start(words, format);
	path_of(machine, path, format, words);
	va_end(words);
	return !access(path, F_OK);
}

long machine_read(const struct machine *machine, char *text, size_t size, const char *format, ...)
{
	char path[PATH_MAX];
	va_list words;
	ssize_t got;
	int fd;

	*text = '\0';
	va_start(words, format);
	path_of(machine, path, format, words);
	va_end(words);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	got = read(fd, text, size - 1);
	if (got < 0)
		got = -errno;
	close(fd);
	for (ssize_t i = 0; i < got; i++)
		if (!text[i])
			text[i] = '\n';
	text[got < 0 ? 0 : got] = '\0';
	if (got > 0 && text[got - 1] == '\n')
		text[got - 1] = '\0';
	return got;
}

long machine_number(const struct machine *machine, long otherwise, const char *path)
{
	char text[32], *end;
	long number;

	machine_read(machine, text, sizeof(text), "%s", path);
	number = strtol(text, &end, 10);
	return end == text ? otherwise : number;
}

bool machine_can(const struct machine *machine, int capability)
{
	return machine->capabilities >> capability & 1;
}

/* Is a word among those of ID and ID_LIKE? */
static bool is_like(const char *release, const char *word)
{
	size_t length = strlen(word);
	const char *line = release;

	while (line) {
		line += *line == '\n';
		if (!strncmp(line, "ID=", 3) || !strncmp(line, "ID_LIKE=", 8)) {
			const char *at = line, *end = strchrnul(line, '\n');

			for (; (at = strstr(at, word)) && at < end; at++)
				if (strchr("=\"' ", at[-1]) && strchr("\"' \n", at[length]))
					return true;
		}
		line = strchr(line, '\n');
	}
	return false;
}

static enum machine_system find_system(const struct machine *machine)
{
	static const struct {
		const char *word;
		enum machine_system system;
	} known[] = {
		{ "debian", MACHINE_DEBIAN }, { "ubuntu", MACHINE_DEBIAN },
		{ "fedora", MACHINE_FEDORA }, { "rhel", MACHINE_FEDORA },
		{ "arch", MACHINE_ARCH },     { "suse", MACHINE_SUSE },
		{ "opensuse", MACHINE_SUSE },
	};
	char release[4096];

	if (machine_read(machine, release, sizeof(release), "/etc/os-release") < 0)
		return MACHINE_OTHER;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (is_like(release, known[i].word))
			return known[i].system;
	return MACHINE_OTHER;
}

static bool find_container(const struct machine *machine)
{
	char environment[4096];

	if (machine_has(machine, "/.dockerenv") || machine_has(machine, "/run/.containerenv") ||
	    machine_has(machine, "/run/systemd/container"))
		return true;
	machine_read(machine, environment, sizeof(environment), "/proc/1/environ");
	return !strncmp(environment, "container=", 10) || strstr(environment, "\ncontainer=");
}

static uint64_t find_capabilities(const struct machine *machine)
{
	static const char label[] = "\nCapEff:";
	char status[4096];
	const char *line;

	machine_read(machine, status, sizeof(status), "/proc/self/status");
	line = strstr(status, label);
	return line ? strtoull(line + sizeof(label) - 1, NULL, 16) : 0;
}

void machine_look(struct machine *machine, const char *root)
{
	*machine = (struct machine){ .root = root };
	machine_read(machine, machine->kernel, sizeof(machine->kernel),
		     "/proc/sys/kernel/osrelease");
	machine->system = find_system(machine);
	machine->container = find_container(machine);
	machine->capabilities = find_capabilities(machine);
}
