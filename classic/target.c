// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "faultline_classic.h"
#include "target.h"

/* One write(2), because the module takes each write for whole lines. */
static int send_command(const char *status, char verb, int pid)
{
	char line[FL_CLASSIC_LINE_MAX];
	int len = snprintf(line, sizeof(line), "%c %d\n", verb, pid);
	int fd = open(status, O_WRONLY | O_CLOEXEC);
	ssize_t written;
	int err = 0;

	if (fd < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	written = write(fd, line, len);
	if (written < 0)
		err = -errno;
	else if (written != len)
		err = -EIO;
	close(fd);
	return err;
}

int target_register(const char *status, int pid)
{
	return send_command(status, 'R', pid);
}

int target_unregister(const char *status, int pid)
{
	return send_command(status, 'U', pid);
}

const char *target_explain(int err)
{
	switch (-err) {
	case ENODEV:
		return "no module is loaded (there is no " FL_CLASSIC_STATUS "): "
		       "`sudo insmod faultline.ko` loads it, "
		       "`make demo` runs everything in a virtual machine";
	case EACCES:
		return FL_CLASSIC_STATUS " cannot be opened: try again with sudo";
	case EPERM:
		return "the module wants the rights that ptrace would need: "
		       "try again as the user the process belongs to, or with sudo";
	case EEXIST:
		return "somebody has registered this process already: "
		       "start it anew, or write `U PID` to " FL_CLASSIC_STATUS " first";
	case ENOENT:
		return "the process is not registered: "
		       "somebody unregistered it meanwhile, or loaded the module anew";
	case ESRCH:
		return "the module finds no such process: "
		       "run it in a PID namespace that sees its own /proc";
	case ENOMEM:
		return "the kernel has no memory left: end some programs and try again";
	case EINVAL:
	case EIO:
		return "the module did not understand it: "
		       "is " FL_CLASSIC_STATUS " faultline's? `sudo dmesg | grep MP3` tells";
	default:
		return strerror(-err);
	}
}
