// SPDX-License-Identifier: MIT
/*
 * failing MODULE ACTION: does ACTION again and again, each time in a freshly loaded module, and the
 * n-th thing that can fail in it does, an allocation or a copy from or to user space: the first at
 * first, then the second, until there are not so many. Prints a line each time:
 *
 *	N ERRNO INJECTED	ERRNO 0 for success, INJECTED 1 if something was made to fail
 *
 * Ends with status 1 if the module leaves something behind or does not unload.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STATUS	   "/proc/mp3/status"
#define DEVICE	   "/dev/mp3_chrdev"
#define BYTES	   (128 * 4096UL)
#define ROUNDS_MAX 5000
/* What the kernel keeps in store shifts the numbers: the last ones, the module's, several times. */
#define AGAIN	     120
#define AGAIN_ROUNDS 2
/* Where page tables have to be made on all levels. */
#define FAR_AWAY ((void *)0x100000000000UL)

/* An action makes one system call, or the few that belong together; undo takes back its success. */
struct action {
	const char *name;
	const char *task; /* whose allocations fail: ours, or those of the kernel's thread maker */
	void (*prepare)(void);
	int (*act)(void);
	void (*undo)(void);
};

static const char *module;
static char text[32];
static char big[4096];
static int fd = -1;
static void *mapped = MAP_FAILED;

static void die(const char *what)
{
	fprintf(stderr, "failing: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int load_fd(void)
{
	return syscall(SYS_finit_module, fd, "", 0);
}

static void open_module(void)
{
	fd = open(module, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(module);
}

static void load(void)
{
	open_module();
	if (load_fd())
		die("loading");
	close(fd);
	fd = -1;
}

static void unload(void)
{
	if (syscall(SYS_delete_module, "faultline", O_NONBLOCK))
		die("unloading");
}

static void open_status(void)
{
	load();
	fd = open(STATUS, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die(STATUS);
	snprintf(text, sizeof(text), "R %d\n", getpid());
}

static void open_registered(void)
{
	open_status();
	if (write(fd, text, strlen(text)) < 0)
		die(text);
	text[0] = 'U';
}

static void open_device(void)
{
	load();
	fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die(DEVICE);
}

static int write_text(void)
{
	return write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

static int read_list(void)
{
	return read(fd, big, sizeof(big)) < 0 ? -1 : 0;
}

static int act_open_status(void)
{
	fd = open(STATUS, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -1 : 0;
}

static int act_open_device(void)
{
	fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -1 : 0;
}

static int map_device(void)
{
	mapped = mmap(FAR_AWAY, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return mapped == MAP_FAILED ? -1 : 0;
}

static void unmap(void)
{
	munmap(mapped, BYTES);
}

static void nothing(void)
{
}

static const struct action actions[] = {
	{ "load", "/proc/thread-self", open_module, load_fd, unload },
	{ "load-thread", "/proc/2/task/2", open_module, load_fd, unload },
	{ "open-status", "/proc/thread-self", load, act_open_status, nothing },
	{ "register", "/proc/thread-self", open_status, write_text, nothing },
	{ "unregister", "/proc/thread-self", open_registered, write_text, nothing },
	{ "list", "/proc/thread-self", open_registered, read_list, nothing },
	{ "open-device", "/proc/thread-self", load, act_open_device, nothing },
	{ "map-device", "/proc/thread-self", open_device, map_device, unmap },
};

static int open_nth(const struct action *action)
{
	char path[64];
	int nth;

	snprintf(path, sizeof(path), "%s/fail-nth", action->task);
	nth = open(path, O_RDWR | O_CLOEXEC);
	if (nth < 0)
		die("this kernel does not fail allocations (vm/run --kernel debug does)");
	return nth;
}

static int loads(const struct action *action)
{
	return action->act == load_fd;
}

static void check_gone(void)
{
	if (!access("/proc/mp3", F_OK) || !access(DEVICE, F_OK) ||
	    !access("/sys/module/faultline", F_OK)) {
		fprintf(stderr, "failing: something of the module is left\n");
		exit(1);
	}
}

/*
 * Returns whether something failed. What did not is still to come: it may hit our own asking, which
 * then says so, and takes it away.
 */
static int disarm(int nth)
{
	char left[16] = "";
	int failed = pread(nth, left, sizeof(left) - 1, 0) > 0 && !strtol(left, NULL, 10);

	while (pwrite(nth, "0", 1, 0) != 1)
		if (errno != EFAULT)
			die("fail-nth");
	return failed;
}

static void stay_on_one_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		die("sched_setaffinity");
}

static int round_of(const struct action *action, int nth, int n)
{
	char number[16];
	int err, failed, length;

	action->prepare();
	length = snprintf(number, sizeof(number), "%d", n);
	if (pwrite(nth, number, length, 0) != length)
		die("fail-nth");
	err = action->act() ? errno : 0;
	failed = disarm(nth);
	if (!err)
		action->undo();
	if (fd >= 0)
		close(fd);
	fd = -1;
	if (!loads(action))
		unload();
	check_gone();
	printf("%d %d %d\n", n, err, failed);
	return failed;
}

/* From n on until nothing fails any more; returns the first n without a failure. */
static int sweep(const struct action *action, int nth, int n)
{
	while (round_of(action, nth, n) && n < ROUNDS_MAX)
		n++;
	return n;
}

int main(int argc, char **argv)
{
	const struct action *action = NULL;
	int nth, n, round;

	for (size_t i = 0; argc == 3 && i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(argv[2], actions[i].name))
			action = &actions[i];
	if (!action) {
		fprintf(stderr, "usage: failing MODULE ACTION\n");
		return 2;
	}
	module = argv[1];
	stay_on_one_cpu();
	nth = open_nth(action);
	n = sweep(action, nth, 1);
	for (round = 0; round < AGAIN_ROUNDS; round++)
		sweep(action, nth, n > AGAIN ? n - AGAIN : 1);
	return 0;
}
