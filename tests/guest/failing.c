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
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faultline.h"

#define STATUS	   "/proc/mp3/status"
#define DEVICE	   "/dev/mp3_chrdev"
#define CGROUPS	   "/dev/shm/failing" /* where version 2 is mounted */
#define CGROUP	   CGROUPS "/followed"
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

/* Set by a preparation that is to be made once: most that can fail then is the kernel's own. */
static bool stays;

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
	mapped = MAP_FAILED;
}

/* A session's request: what ask() makes, as the preparation left it. */
static unsigned long request;
static void *argument;
static struct fl_version version = { .size = sizeof(version) };
static struct fl_setup setup = { .size = sizeof(setup), .period_ns = FL_PERIOD_MAX_NS };
static struct fl_add add = { .size = sizeof(add) };
static struct fl_remove removal = { .size = sizeof(removal) };
static struct fl_consume consumption = { .size = sizeof(consumption) };
static int cgroup = -1;

static int ask(void)
{
	return ioctl(fd, request, argument);
}

static void prepare(unsigned long number, void *with)
{
	request = number;
	argument = with;
}

static void must(unsigned long number, void *with)
{
	prepare(number, with);
	if (ask())
		die("a request to a session");
}

static void open_session(void)
{
	load();
	fd = open(FL_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die(FL_DEVICE);
}

static void to_version(void)
{
	open_session();
	prepare(FL_IOC_VERSION, &version);
}

static void to_setup(void)
{
	open_session();
	prepare(FL_IOC_SETUP, &setup);
}

static void set_up(void)
{
	open_session();
	must(FL_IOC_SETUP, &setup);
}

static void to_add(enum fl_target_kind kind, int number)
{
	set_up();
	add.kind = kind;
	add.number = number;
	prepare(FL_IOC_ADD, &add);
}

static void to_add_process(void)
{
	to_add(FL_TARGET_PROCESS, getpid());
}

static void to_add_thread(void)
{
	to_add(FL_TARGET_THREAD, getpid());
}

static void to_add_tree(void)
{
	to_add(FL_TARGET_TREE, getpid());
}

static int move_to(const char *folder)
{
	char path[64];
	int procs, err;

	snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
	procs = open(path, O_WRONLY | O_CLOEXEC);
	if (procs < 0)
		return -1;
	err = write(procs, "0", 1) == 1 ? 0 : errno;
	close(procs);
	errno = err;
	return err ? -1 : 0;
}

/* We are in it, or outside. */
static void to_add_cgroup_from(const char *folder)
{
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		die(CGROUP);
	if (move_to(folder))
		die(folder);
	if (cgroup >= 0)
		close(cgroup);
	cgroup = open(CGROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		die(CGROUP);
	to_add(FL_TARGET_CGROUP, cgroup);
}

static void to_add_cgroup(void)
{
	to_add_cgroup_from(CGROUP);
}

static void to_join_cgroup(void)
{
	to_add_cgroup_from(CGROUPS);
	must(request, argument);
	stays = true;
}

static void follow_tree(void)
{
	to_add_tree();
	must(request, argument);
}

static void to_remove(void)
{
	follow_tree();
	removal.target = add.target;
	prepare(FL_IOC_REMOVE, &removal);
}

static void to_remove_cgroup(void)
{
	to_add_cgroup();
	must(request, argument);
	removal.target = add.target;
	prepare(FL_IOC_REMOVE, &removal);
}

static void to_start(void)
{
	follow_tree();
	prepare(FL_IOC_START, NULL);
}

static void to_stop(void)
{
	to_start();
	must(request, argument);
	prepare(FL_IOC_STOP, NULL);
}

static void to_sample(void)
{
	follow_tree();
	prepare(FL_IOC_SAMPLE, NULL);
}

static void to_consume(void)
{
	follow_tree();
	prepare(FL_IOC_CONSUME, &consumption);
}

static int act_open_session(void)
{
	fd = open(FL_DEVICE, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -1 : 0;
}

static int map_session(void)
{
	mapped = mmap(FAR_AWAY, setup.mapping_bytes, PROT_READ, MAP_SHARED, fd, 0);
	return mapped == MAP_FAILED ? -1 : 0;
}

static void unmap_session(void)
{
	munmap(mapped, setup.mapping_bytes);
	mapped = MAP_FAILED;
}

/* The fork may fail, or the following of the child. */
static int act_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return pid < 0 || waitpid(pid, NULL, 0) != pid ? -1 : 0;
}

static void follow_tree_and_map(void)
{
	follow_tree();
	if (map_session())
		die("mmap");
	stays = true;
}

/* Of all children since the beginning: each was followed, or it is counted that it was not. */
static void look_for_child(void)
{
	static uint64_t position, born, followed;
	const struct fl_header *header = mapped;
	const struct fl_ring *ring = (const void *)((const char *)mapped + header->ring_offset);

	while (position < ring->head) {
		const struct fl_record *record =
			(const void *)((const char *)mapped + ring->offset +
				       (position & (ring->bytes - 1)));

		followed += record->type == FL_RECORD_FORK;
		position += record->size;
	}
	born++;
	if (followed + header->unfollowed != born) {
		fprintf(stderr, "failing: of %llu children %llu were followed, %llu not\n",
			(unsigned long long)born, (unsigned long long)followed,
			(unsigned long long)header->unfollowed);
		exit(1);
	}
}

static void leave_cgroup(void)
{
	if (move_to(CGROUPS))
		die(CGROUPS);
}

static int join_cgroup(void)
{
	return move_to(CGROUP);
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
	{ "open-session", "/proc/thread-self", load, act_open_session, nothing },
	{ "version", "/proc/thread-self", to_version, ask, nothing },
	{ "setup", "/proc/thread-self", to_setup, ask, nothing },
	{ "setup-thread", "/proc/2/task/2", to_setup, ask, nothing },
	{ "map-session", "/proc/thread-self", set_up, map_session, unmap_session },
	{ "add-process", "/proc/thread-self", to_add_process, ask, nothing },
	{ "add-thread", "/proc/thread-self", to_add_thread, ask, nothing },
	{ "add-tree", "/proc/thread-self", to_add_tree, ask, nothing },
	{ "add-cgroup", "/proc/thread-self", to_add_cgroup, ask, nothing },
	{ "remove", "/proc/thread-self", to_remove, ask, nothing },
	{ "remove-cgroup", "/proc/thread-self", to_remove_cgroup, ask, nothing },
	{ "start", "/proc/thread-self", to_start, ask, nothing },
	{ "stop", "/proc/thread-self", to_stop, ask, nothing },
	{ "sample", "/proc/thread-self", to_sample, ask, nothing },
	{ "consume", "/proc/thread-self", to_consume, ask, nothing },
	{ "fork", "/proc/thread-self", follow_tree_and_map, act_fork, look_for_child },
	{ "join-cgroup", "/proc/thread-self", to_join_cgroup, join_cgroup, leave_cgroup },
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
	if (!access("/proc/mp3", F_OK) || !access(DEVICE, F_OK) || !access(FL_DEVICE, F_OK) ||
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

/* The end of a round, or of all. */
static void end(const struct action *action)
{
	if (mapped != MAP_FAILED)
		unmap_session();
	mapped = MAP_FAILED;
	if (fd >= 0)
		close(fd);
	fd = -1;
	if (!loads(action))
		unload();
	check_gone();
}

static int round_of(const struct action *action, int nth, int n)
{
	char number[16];
	int err, failed, length;

	if (!stays)
		action->prepare();
	length = snprintf(number, sizeof(number), "%d", n);
	if (pwrite(nth, number, length, 0) != length)
		die("fail-nth");
	err = action->act() ? errno : 0;
	failed = disarm(nth);
	if (!err)
		action->undo();
	if (!stays)
		end(action);
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
	if (stays)
		end(action);
	return 0;
}
