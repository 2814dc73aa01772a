// SPDX-License-Identifier: MIT
/*
 * A process with a known history, for the tests: waits for a line on its input, does what MODE
 * says, and exits. The test compares what faultline counted with what wait4 says.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL

static const char *self;
static unsigned long pages;

static void die(const char *what)
{
	fprintf(stderr, "faulter: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *fresh(void)
{
	char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
	return memory;
}

static void touch(void)
{
	volatile char *memory = fresh();

	for (unsigned long page = 0; page < pages; page++)
		memory[page * PAGE] = 1;
}

/* The kernel takes the faults, copying into pages that are not there yet. */
static void kernel_touch(void)
{
	int fd = open("/dev/zero", O_RDONLY);
	char *memory = fresh();

	if (fd < 0 || read(fd, memory, pages * PAGE) != (ssize_t)(pages * PAGE))
		die("/dev/zero");
	close(fd);
}

/* Major faults: the pages of a file that is not in memory. */
static void read_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	volatile const char *memory;
	struct stat st;
	char sum = 0;

	if (fd < 0 || fstat(fd, &st))
		die(path);
	if (posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		die(path);
	memory = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (memory == MAP_FAILED)
		die(path);
	madvise((void *)memory, st.st_size, MADV_RANDOM);
	for (off_t at = 0; at < st.st_size; at += PAGE)
		sum += memory[at];
	(void)sum;
}

static void burn(unsigned long ms)
{
	struct timespec now;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	while ((unsigned long)now.tv_sec * 1000 + now.tv_nsec / 1000000 < ms);
}

static void *touch_thread(void *unused)
{
	(void)unused;
	touch();
	return NULL;
}

static void *slow_thread(void *unused)
{
	usleep(150000);
	return touch_thread(unused);
}

static void *exec_thread(void *unused)
{
	char count[32];

	touch();
	snprintf(count, sizeof(count), "%lu", pages);
	execl(self, self, "touch-now", count, NULL);
	die("exec");
	return unused;
}

static pthread_t start(void *(*function)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, function, NULL))
		die("pthread_create");
	return thread;
}

static void touch_in_threads(void)
{
	for (int round = 0; round < 4; round++) {
		pthread_t one = start(touch_thread), two = start(touch_thread);

		pthread_join(one, NULL);
		pthread_join(two, NULL);
	}
}

/* Prints the minor faults that its children took, which wait4 adds to its own. */
static void touch_in_children(void)
{
	struct rusage usage;

	for (int round = 0; round < 4; round++) {
		if (!fork()) {
			touch();
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	touch();
	getrusage(RUSAGE_CHILDREN, &usage);
	printf("%ld\n", usage.ru_minflt);
}

static void *sleep_thread(void *unused)
{
	pause();
	return unused;
}

static void sleep_in_threads(void)
{
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	for (unsigned long i = 0; i < pages; i++)
		if (pthread_create(&thread, &small, sleep_thread, NULL))
			die("pthread_create");
	puts("ready");
	fflush(stdout);
	pause();
}

/* A process that may not be dumped, whose leader has exited and whose memory a thread still has. */
static void hide(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	start(sleep_thread);
	pthread_exit(NULL);
}

static void wait_for_go(void)
{
	char line[8];

	if (!fgets(line, sizeof(line), stdin))
		exit(2);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[1] : "";

	if (argc < 3) {
		fprintf(stderr, "usage: faulter MODE COUNT|FILE\n");
		return 2;
	}
	self = argv[0];
	pages = strtoul(argv[2], NULL, 10);
	if (strcmp(mode, "touch-now") != 0)
		wait_for_go();
	if (!strncmp(mode, "touch", 5)) {
		touch();
	} else if (!strcmp(mode, "kernel")) {
		kernel_touch();
	} else if (!strcmp(mode, "children")) {
		touch_in_children();
	} else if (!strcmp(mode, "threads")) {
		touch_in_threads();
	} else if (!strcmp(mode, "sleepers")) {
		sleep_in_threads();
	} else if (!strcmp(mode, "leader")) {
		start(slow_thread);
		pthread_exit(NULL);
	} else if (!strcmp(mode, "hidden")) {
		hide();
	} else if (!strcmp(mode, "exec")) {
		pthread_join(start(exec_thread), NULL);
	} else if (!strcmp(mode, "become")) {
		execl(argv[2], argv[2], "1000", NULL);
		die(argv[2]);
	} else if (!strcmp(mode, "file")) {
		read_file(argv[2]);
	} else if (!strcmp(mode, "cpu")) {
		burn(pages);
	} else {
		fprintf(stderr, "faulter: no mode is called %s\n", mode);
		return 2;
	}
	return 0;
}
