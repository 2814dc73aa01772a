/* SPDX-License-Identifier: MIT */
/*
 * The MACHINE as its files tell: /proc, /sys, /dev, /etc, /boot, /lib/modules and /run, below a
 * root, which is another one in tests.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum machine_system { /* whose packages it has: /etc/os-release */
	MACHINE_OTHER,
	MACHINE_DEBIAN, /* and Ubuntu, and what is made of them */
	MACHINE_FEDORA, /* and Red Hat */
	MACHINE_ARCH,
	MACHINE_SUSE,
};

struct machine {
	const char *root; /* "" for this one */
	char kernel[65];  /* its release; "" if nothing tells */
	enum machine_system system;
	bool container;
	uint64_t capabilities; /* effective, of this process: a bit each */
};

/** machine_look - fill in a machine */
void machine_look(struct machine *machine, const char *root);

/**
 * machine_path - a path below the root
 * @path: of PATH_MAX bytes
 */
const char *machine_path(const struct machine *machine, char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** machine_has - is there such a file? */
bool machine_has(const struct machine *machine, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * machine_read - read a small file, without the newline at its end; NULs become newlines
 * @text: "" if it cannot be read; what is longer is cut
 *
 * Return: how many bytes were read; -errno if none could.
 */
long machine_read(const struct machine *machine, char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** machine_number - the number in a file, or @otherwise */
long machine_number(const struct machine *machine, long otherwise, const char *path);

/** machine_can - has this process a capability? By its number, CAP_... */
bool machine_can(const struct machine *machine, int capability);

#endif
