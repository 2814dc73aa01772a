// SPDX-License-Identifier: MIT
/* Prints the samples that wait in the module's buffer and takes them out of it. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faultline_classic.h"
#include "samples.h"

#define EXIT_USAGE 2

#define LOCAL_NODE  "node"
#define SYSTEM_NODE "/dev/" FL_CLASSIC_DEVICE

/* Samples that are printed at once: 4096 bytes at most, which a ready pipe takes for sure. */
#define BATCH 48

static const char help[] =
	"usage: monitor [NODE]\n"
	"\n"
	"Prints the samples that the faultline module has put into its buffer and takes\n"
	"them out of it, one a line. Prints nothing if there are none.\n"
	"\n"
	"  jiffies  the kernel's tick counter when the sample was taken\n"
	"  minor    minor faults  of all registered processes since the sample before\n"
	"  major    major faults  of all registered processes since the sample before\n"
	"  cpu      CPU time      of all registered processes since the sample before,\n"
	"                         in jiffies\n"
	"\n"
	"NODE is the module's device. Without it: `" LOCAL_NODE "` in the current directory\n"
	"if that exists, else " SYSTEM_NODE ". Several monitors on one node\n"
	"share the samples.\n"
	"\n"
	"  --help     print this\n"
	"  --version  print the version\n";

#define TELLS_MAJOR "`grep " FL_CLASSIC_DEVICE " /proc/devices` tells MAJOR"

/* What to do if the node cannot be opened or mapped; half a line. */
static const char *explain(int err, bool chosen)
{
	switch (-err) {
	case ENOENT:
		if (chosen)
			return "`sudo mknod NODE c MAJOR 0` makes one, " TELLS_MAJOR;
		return "`sudo insmod faultline.ko` loads the module, "
		       "`make demo` runs everything in a virtual machine";
	case EACCES:
	case EPERM:
		return "try again with sudo";
	case ENXIO:
		return "no driver has its major number: load the module, "
		       "or remove the node and `sudo mknod NODE c MAJOR 0`, " TELLS_MAJOR;
	default:
		return "it is not the module's device, for which " TELLS_MAJOR;
	}
}

/* Touching a mapping past the end of a file would kill us; a device looks after that by itself. */
static int check_size(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	return S_ISREG(st.st_mode) && st.st_size < FL_CLASSIC_BYTES ? -ENODEV : 0;
}

static int map_buffer(const char *node, int *fd, long **buffer)
{
	int err;
	void *at;

	*fd = open(node, O_RDWR | O_CLOEXEC);
	if (*fd < 0)
		return -errno;
	err = check_size(*fd);
	if (err)
		goto close_fd;
	at = mmap(NULL, FL_CLASSIC_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (at == MAP_FAILED) {
		err = -errno;
		goto close_fd;
	}
	*buffer = at;
	return 0;

close_fd:
	close(*fd);
	return err;
}

static int print_batch(const struct sample *batch, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const long *value = batch[i].value;

		if (printf("%lu %ld %ld %ld\n", (unsigned long)value[FL_CLASSIC_JIFFIES],
			   value[FL_CLASSIC_MINOR], value[FL_CLASSIC_MAJOR],
			   value[FL_CLASSIC_CPU]) < 0)
			return -errno;
	}
	return fflush(stdout) ? -errno : 0;
}

/* Takes samples out of the buffer only when they are printed for sure. Returns how many. */
static int take_batch(struct samples *samples)
{
	struct sample batch[BATCH];
	size_t count = samples_copy(samples, batch, BATCH);
	int err = print_batch(batch, count);

	if (err)
		return err;
	samples_clear(samples, batch, count);
	return count;
}

/*
 * The lock keeps two monitors from printing the same samples. A monitor whose reader is slow waits
 * before it takes the lock, not while it has it.
 */
static int take_samples(int fd, long *buffer)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	struct samples samples;
	int taken;

	samples_begin(&samples, buffer);
	do {
		poll(&out, 1, -1);
		flock(fd, LOCK_EX);
		taken = take_batch(&samples);
		flock(fd, LOCK_UN);
	} while (taken > 0);
	return taken;
}

static int monitor(const char *node)
{
	bool chosen = node;
	long *buffer = NULL;
	int fd, err;

	if (!chosen)
		node = access(LOCAL_NODE, F_OK) ? SYSTEM_NODE : LOCAL_NODE;
	err = map_buffer(node, &fd, &buffer);
	if (err) {
		fprintf(stderr, "monitor: cannot map '%s': %s; %s\n", node, strerror(-err),
			explain(err, chosen));
		return err;
	}
	err = take_samples(fd, buffer);
	if (err)
		fprintf(stderr, "monitor: cannot write the samples: %s; they stay in the buffer\n",
			strerror(-err));
	return err;
}

static int print_text(const char *text)
{
	if (fputs(text, stdout) >= 0 && !fflush(stdout))
		return EXIT_SUCCESS;
	fprintf(stderr, "monitor: cannot write its output: %s\n", strerror(errno));
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ 0 },
	};

	opterr = 0;
	switch (getopt_long_only(argc, argv, "", options, NULL)) {
	case 'h':
		return print_text(help);
	case 'v':
		return print_text("monitor (faultline) " FL_VERSION "\n");
	case -1:
		break;
	default:
		fprintf(stderr, "monitor: '%s' is no option (see monitor --help)\n",
			argv[optind - 1]);
		return EXIT_USAGE;
	}
	if (argc - optind > 1) {
		fprintf(stderr, "monitor: takes one node, not %d (see monitor --help)\n",
			argc - optind);
		return EXIT_USAGE;
	}
	return monitor(argv[optind]) ? EXIT_FAILURE : EXIT_SUCCESS;
}
