// SPDX-License-Identifier: MIT
/* Is the module installed and loaded, does it answer, and does it speak our language? */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checkup.h"
#include "libfaultline.h"

static const char install[] = "make && sudo make install";
static const char load[] = "sudo modprobe faultline";
static const char reload[] = "sudo rmmod faultline; make && sudo make install && "
			     "sudo modprobe faultline";

/* Is it in the folder of a kernel, "*" for any? Wherever it was put there. */
static bool is_installed(const struct machine *machine, const char *kernel)
{
	static const char *const folders[] = { "updates", "updates/dkms", "extra" };
	char pattern[PATH_MAX];
	glob_t found;
	bool there = false;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && !there; i++) {
		machine_path(machine, pattern, "/lib/modules/%s/%s/faultline.ko*", kernel,
			     folders[i]);
		there = !glob(pattern, 0, NULL, &found);
		globfree(&found);
	}
	return there;
}

static void check_installed(struct checkup *checkup)
{
	const struct machine *machine = &checkup->machine;

	if (is_installed(machine, machine->kernel))
		checkup_add(checkup, "installed", CHECKUP_OK, NULL, "for this kernel");
	else if (checkup->loaded)
		checkup_add(checkup, "installed", CHECKUP_NOTE, install,
			    "not for this kernel: the module that is loaded is gone after the next "
			    "boot");
	else if (is_installed(machine, "*"))
		checkup_add(checkup, "installed", CHECKUP_WRONG, install,
			    "for another kernel, but not for this one: build it again");
	else
		checkup_add(checkup, "installed", CHECKUP_WRONG, install,
			    "the module is not; this builds and installs it, in its sources");
}

static void check_loaded(struct checkup *checkup)
{
	const struct machine *machine = &checkup->machine;
	char version[64];

	if (!checkup->loaded) {
		checkup_add(checkup, "loaded", CHECKUP_WRONG, load, "the module is not");
		return;
	}
	machine_read(machine, version, sizeof(version), "/sys/module/faultline/version");
	checkup_add(checkup, "loaded", CHECKUP_OK, NULL, "version %s",
		    *version ? version : "unknown");
}

/* Why the device cannot be opened. */
static void tell_device(struct checkup *checkup, int error)
{
	static const char make_node[] = "sudo mknod -m 666 /dev/faultline c 10 "
					"$(awk '$2 == \"faultline\" { print $1 }' /proc/misc)";

	switch (error) {
	case ENOENT:
		checkup_add(checkup, "device", CHECKUP_WRONG,
			    checkup->machine.container ? "docker run --device /dev/faultline IMAGE"
						       : make_node,
			    "the module is loaded, but /dev/faultline is not there");
		break;
	case EACCES:
	case EPERM:
		checkup_add(checkup, "device", CHECKUP_WRONG, "sudo chmod 666 /dev/faultline",
			    "this user may not open /dev/faultline");
		break;
	case ENODEV:
	case ENXIO:
		checkup_add(checkup, "device", CHECKUP_WRONG, load,
			    "there is no module behind /dev/faultline");
		break;
	default:
		checkup_add(checkup, "device", CHECKUP_WRONG, NULL,
			    "/dev/faultline cannot be opened: %s", strerror(error));
	}
}

static void check_version(struct checkup *checkup, const char *path)
{
	struct fl_version version = { .size = sizeof(version) };
	int err = faultline_module_version(path, &version);

	if (err == -ENOTTY)
		checkup_add(checkup, "version", CHECKUP_WRONG,
			    "sudo rm /dev/faultline; sudo rmmod faultline; sudo modprobe faultline",
			    "what answers at /dev/faultline is not faultline");
	else if (err)
		checkup_add(checkup, "version", CHECKUP_WRONG, reload, "%s", faultline_message());
	else if (version.abi_major != FL_ABI_MAJOR)
		checkup_add(checkup, "version", CHECKUP_WRONG, reload,
			    "the module speaks %u.%u, this tool %d.%d: one of them is too old",
			    version.abi_major, version.abi_minor, FL_ABI_MAJOR, FL_ABI_MINOR);
	else
		checkup_add(checkup, "version", CHECKUP_OK, NULL,
			    "the module and this tool speak the same, %u.%u", version.abi_major,
			    version.abi_minor);
	checkup->works = !err && version.abi_major == FL_ABI_MAJOR;
}

static void check_device(struct checkup *checkup)
{
	char path[PATH_MAX];
	int fd;

	machine_path(&checkup->machine, path, "/dev/faultline");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	/* Before the module is loaded there is none to be missed. */
	if (fd < 0 && errno == ENOENT && !checkup->loaded)
		return;
	if (fd < 0) {
		tell_device(checkup, errno);
		return;
	}
	close(fd);
	checkup_add(checkup, "device", CHECKUP_OK, NULL, "/dev/faultline can be opened");
	check_version(checkup, path);
}

void checkup_module(struct checkup *checkup)
{
	if (checkup->never)
		return;
	check_installed(checkup);
	check_loaded(checkup);
	check_device(checkup);
}
