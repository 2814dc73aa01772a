// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "libfaultline.h"
#include "message.h"

/* What an error of a request means and what to do. Request 0: opening; error 0: any. */
static const struct meaning {
	unsigned long request;
	int error;
	const char *text;
} meanings[] = {
	{ 0, ENOENT, "no module is loaded: `sudo modprobe faultline` loads it" },
	{ 0, ENODEV, "the module is going: load it again, `sudo modprobe faultline`" },
	{ 0, ENXIO, "the module is going: load it again, `sudo modprobe faultline`" },
	{ 0, EACCES, "you may not open the device: try again with sudo" },
	{ 0, EPERM, "you may not open the device: try again with sudo" },
	{ 0, EMFILE, "too many sessions or open files: close some" },
	{ FL_IOC_VERSION, ENOTTY, "the device is not faultline's: give it another path" },
	{ FL_IOC_SETUP, EINVAL, "no such flags, or period or size of the ring out of range" },
	{ FL_IOC_SETUP, ENOMEM, "no memory for the ring: make it smaller, or raise `ulimit -l`" },
	{ FL_IOC_SETUP, EAGAIN, "no thread could be made for it: end some and try again" },
	{ FL_IOC_ADD, EINVAL, "no such kind of target, or a number that can be none" },
	{ FL_IOC_ADD, ESRCH, "there is no such process or thread, or it is dead already" },
	{ FL_IOC_ADD, EEXIST, "the session follows it already" },
	{ FL_IOC_ADD, EPERM, "it is not yours to look at: try again as its user, or with sudo" },
	{ FL_IOC_ADD, EBADF, "it is no folder of a cgroup v2" },
	{ FL_IOC_ADD, ENOSPC, "the session has as many as it may: remove some, or open another" },
	{ FL_IOC_REMOVE, ENOENT, "the session follows none with that id (any more)" },
	{ FL_IOC_START, EINVAL, "the session has no period: open it with one" },
	{ FL_IOC_CONSUME, EINVAL, "another reader consumed what is newer already" },
};

static const char *name_of(unsigned long request)
{
	switch (request) {
	case FL_IOC_VERSION:
		return "asking the module for its version";
	case FL_IOC_SETUP:
		return "setting up a session";
	case FL_IOC_ADD:
		return "adding a target";
	case FL_IOC_REMOVE:
		return "removing a target";
	case FL_IOC_START:
		return "starting";
	case FL_IOC_STOP:
		return "stopping";
	case FL_IOC_SAMPLE:
		return "taking a sample";
	default:
		return "consuming records";
	}
}

static int explain(const char *what, unsigned long request, int error)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].request == request && meanings[i].error == error)
			return message_fail(-error, "%s: %s", what, meanings[i].text);
	return message_fail_at(-error, what);
}

/* For reading: all requests work so, and a device that all may read is enough. */
int device_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? explain(path, 0, errno) : fd;
}

int device_call(int fd, unsigned long request, void *argument)
{
	int done;

	do
		done = ioctl(fd, request, argument);
	while (done < 0 && errno == EINTR);
	return done < 0 ? explain(name_of(request), request, errno) : 0;
}

static int ask(int fd, struct fl_version *version)
{
	int err;

	*version = (struct fl_version){ .size = sizeof(*version) };
	err = device_call(fd, FL_IOC_VERSION, version);
	version->module[sizeof(version->module) - 1] = '\0';
	return err;
}

int device_shake_hands(int fd)
{
	struct fl_version version;
	int err = ask(fd, &version);

	if (err || version.abi_major == FL_ABI_MAJOR)
		return err;
	return message_fail(-EPROTONOSUPPORT,
			    "the module (%s) speaks ABI %u.%u, this library (%s) speaks %u.%u: "
			    "install both of one release",
			    version.module, version.abi_major, version.abi_minor, FL_VERSION,
			    FL_ABI_MAJOR, FL_ABI_MINOR);
}

int faultline_module_version(const char *device, struct fl_version *version)
{
	int fd = device_open(device ? device : FL_DEVICE), err;

	if (fd < 0)
		return fd;
	err = ask(fd, version);
	close(fd);
	return err;
}
