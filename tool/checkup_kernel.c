// SPDX-License-Identifier: MIT
/* Could this kernel run the module, and could it be built and loaded here? */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "checkup.h"

#define OLDEST_MAJOR 5
#define OLDEST_MINOR 10

/* What runs everything in a virtual machine, whatever the kernel here is like. */
static const char instead[] = "make demo";

/* The kernel is to blame: nothing that is done here helps. */
static void add_never(struct checkup *checkup, const char *about, const char *text)
{
	checkup_add(checkup, about, CHECKUP_WRONG, instead, "%s", text);
	checkup->never = true;
}

/* What is moot where the module is loaded already. */
static enum checkup_verdict wrong_unless_loaded(const struct checkup *checkup)
{
	return checkup->loaded ? CHECKUP_NOTE : CHECKUP_WRONG;
}

static void check_release(struct checkup *checkup)
{
	const char *release = checkup->machine.kernel;
	char *end;
	long major = strtol(release, &end, 10);
	long minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
	char text[160];

	snprintf(text, sizeof(text), "%s is older than %d.%d, the oldest that the module runs on",
		 release, OLDEST_MAJOR, OLDEST_MINOR);
	if (!*release)
		checkup_add(checkup, "kernel", CHECKUP_WRONG, "sudo mount -t proc proc /proc",
			    "/proc does not tell which it is");
	else if (major < OLDEST_MAJOR || (major == OLDEST_MAJOR && minor < OLDEST_MINOR))
		add_never(checkup, "kernel", text);
	else
		checkup_add(checkup, "kernel", CHECKUP_OK, NULL, "%s", release);
}

static void check_container(struct checkup *checkup)
{
	if (!checkup->machine.container)
		return;
	if (machine_has(&checkup->machine, "/dev/faultline"))
		checkup_add(checkup, "container", CHECKUP_OK, NULL,
			    "this is one, and it was given the device");
	else
		checkup_add(checkup, "container", CHECKUP_NOTE,
			    "docker run --device /dev/faultline IMAGE",
			    "this is one: modules are loaded outside of it, and it must be given "
			    "the device");
}

static void check_modules(struct checkup *checkup)
{
	const struct machine *machine = &checkup->machine;

	if (!machine_has(machine, "/proc/modules"))
		add_never(checkup, "modules", "this kernel can load none (CONFIG_MODULES)");
	else if (machine_number(machine, 0, "/proc/sys/kernel/modules_disabled"))
		checkup_add(checkup, "modules", wrong_unless_loaded(checkup), "sudo reboot",
			    "loading any more was forbidden until the next boot "
			    "(kernel.modules_disabled)");
	else
		checkup_add(checkup, "modules", CHECKUP_OK, NULL, "this kernel can load some");
}

/* The kernel's configuration, plain or compressed: NULL if it is nowhere. */
static gzFile open_config(const struct machine *machine)
{
	char path[PATH_MAX];
	gzFile file;

	file = gzopen(machine_path(machine, path, "/boot/config-%s", machine->kernel), "rb");
	if (!file)
		file = gzopen(machine_path(machine, path, "/proc/config.gz"), "rb");
	if (!file)
		file = gzopen(machine_path(machine, path, "/lib/modules/%s/build/.config",
					   machine->kernel),
			      "rb");
	return file;
}

static void check_config(struct checkup *checkup)
{
	static const char *const needed[] = { "CONFIG_TRACEPOINTS", "CONFIG_HIGH_RES_TIMERS" };
	bool found[sizeof(needed) / sizeof(needed[0])] = { false };
	gzFile file = open_config(&checkup->machine);
	char line[256];

	if (!file) {
		checkup_add(checkup, "configuration", CHECKUP_NOTE, NULL,
			    "it is nowhere to be read: whether it has all that is needed, loading "
			    "the module will show");
		return;
	}
	while (gzgets(file, line, sizeof(line)))
		for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
			size_t length = strlen(needed[i]);

			found[i] |= !strncmp(line, needed[i], length) &&
				    !strncmp(line + length, "=y", 2);
		}
	gzclose(file);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!found[i]) {
			snprintf(line, sizeof(line), "this kernel was built without %s", needed[i]);
			add_never(checkup, "configuration", line);
			return;
		}
	checkup_add(checkup, "configuration", CHECKUP_OK, NULL, "it has all that is needed");
}

/* The command that installs a kernel's headers. */
static const char *headers_command(const struct machine *machine, char *command, size_t size)
{
	/* On Arch they are of a kind of kernel, not of a release. */
	static const char *const kinds[] = { "-lts", "-zen", "-hardened" };
	const char *kind = "";

	switch (machine->system) {
	case MACHINE_DEBIAN:
		snprintf(command, size, "sudo apt install linux-headers-%s", machine->kernel);
		break;
	case MACHINE_FEDORA:
		snprintf(command, size, "sudo dnf install kernel-devel-%s", machine->kernel);
		break;
	case MACHINE_ARCH:
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (strstr(machine->kernel, kinds[i]))
				kind = kinds[i];
		snprintf(command, size, "sudo pacman -S linux%s-headers", kind);
		break;
	case MACHINE_SUSE:
		snprintf(command, size, "sudo zypper install kernel-default-devel");
		break;
	case MACHINE_OTHER:
		snprintf(command, size, "%s", instead);
		break;
	}
	return command;
}

static void check_headers(struct checkup *checkup)
{
	const struct machine *machine = &checkup->machine;
	char command[160];

	if (machine_has(machine, "/lib/modules/%s/build/Makefile", machine->kernel))
		checkup_add(checkup, "headers", CHECKUP_OK, NULL, "those of this kernel are there");
	else if (checkup->loaded)
		checkup_add(checkup, "headers", CHECKUP_OK, NULL,
			    "those of this kernel are not there, nor needed now");
	else
		checkup_add(checkup, "headers", CHECKUP_WRONG,
			    headers_command(machine, command, sizeof(command)),
			    "those of this kernel are not there, which building the module needs");
}

/* The variable has four bytes of attributes, then a byte: 1, on. */
static bool secure_boot(const struct machine *machine)
{
	char variable[8];

	return machine_read(machine, variable, sizeof(variable),
			    "/sys/firmware/efi/efivars/"
			    "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c") == 5 &&
	       variable[4] == 1;
}

static void check_signatures(struct checkup *checkup)
{
	const struct machine *machine = &checkup->machine;
	const char *boot = secure_boot(machine) ? "Secure Boot is on" : "Secure Boot is off";
	char lockdown[64], enforced[8], sign[320];

	machine_read(machine, lockdown, sizeof(lockdown), "/sys/kernel/security/lockdown");
	machine_read(machine, enforced, sizeof(enforced),
		     "/sys/module/module/parameters/sig_enforce");
	if (*enforced != 'Y' && (!*lockdown || strstr(lockdown, "[none]"))) {
		checkup_add(checkup, "signatures", CHECKUP_OK, NULL, "%s; modules need none", boot);
		return;
	}
	snprintf(sign, sizeof(sign),
		 "sudo /lib/modules/%s/build/scripts/sign-file sha256 "
		 "/var/lib/shim-signed/mok/MOK.priv /var/lib/shim-signed/mok/MOK.der "
		 "/lib/modules/%s/updates/faultline.ko",
		 machine->kernel, machine->kernel);
	checkup_add(checkup, "signatures", checkup->loaded ? CHECKUP_OK : CHECKUP_WRONG,
		    checkup->loaded ? NULL : sign,
		    "%s; this kernel takes only modules that are signed with a key it knows%s",
		    boot, checkup->loaded ? ", as the one that is loaded" : "");
}

void checkup_kernel(struct checkup *checkup)
{
	check_release(checkup);
	check_container(checkup);
	check_modules(checkup);
	check_config(checkup);
	if (checkup->never)
		return;
	check_headers(checkup);
	check_signatures(checkup);
}
