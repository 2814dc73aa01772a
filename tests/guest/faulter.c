// SPDX-License-Identifier: MIT
/*
 * A process with a known history, for the tests: waits for a line on its input, does what MODE
 * says, and exits. The test compares what faultline counted with what wait4 says.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	4096UL
#define AT_ONCE 4	    /* children of a storm */
#define BORN	20	    /* children in another cgroup */
#define NOW	"touch-now" /* waits for nothing */

static const char *self, *argument; /* how it was called, and with what */
static unsigned long pages;	    /* the same as a number */

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
static void read_file(void)
{
	int fd = open(argument, O_RDONLY);
	volatile const char *memory;
	struct stat st;
	char sum = 0;

	if (fd < 0 || fstat(fd, &st))
		die(argument);
	if (posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		die(argument);
	memory = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (memory == MAP_FAILED)
		die(argument);
	madvise((void *)memory, st.st_size, MADV_RANDOM);
	for (off_t at = 0; at < st.st_size; at += PAGE)
		sum += memory[at];
	(void)sum;
}

/* So many milliseconds. */
static void burn(void)
{
	struct timespec now;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	while ((unsigned long)now.tv_sec * 1000 + now.tv_nsec / 1000000 < pages);
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

static void exec_touch(unsigned long count)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", count);
	execl(self, self, NOW, text, NULL);
	die("exec");
}

static void *exec_thread(void *unused)
{
	touch();
	exec_touch(pages);
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

/* The number decides how it lives and ends; the test knows how. */
static void live_briefly(unsigned long number)
{
	pages = 1 + number % 16;
	touch();
	if (number % 4 == 1) {
		if (!fork()) {
			touch();
			_exit(0);
		}
		wait(NULL);
	}
	if (number % 16 == 3)
		exec_touch(pages);
	if (number % 5 == 4)
		kill(getpid(), SIGKILL);
	_exit(number % 100);
}

/* Prints the faults that getrusage() has of its children and theirs. */
static void storm(void)
{
	unsigned long count = pages, born, reaped = 0;
	struct rusage usage;

	for (born = 0; born < count; born++) {
		if (born - reaped == AT_ONCE && wait(NULL) > 0)
			reaped++;
		if (!fork())
			live_briefly(born);
	}
	while (wait(NULL) > 0)
		;
	getrusage(RUSAGE_CHILDREN, &usage);
	printf("%ld %ld\n", usage.ru_minflt, usage.ru_majflt);
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

static void *tell_thread(void *unused)
{
	printf("%d\n", gettid());
	fflush(stdout);
	wait_for_go();
	return touch_thread(unused);
}

/* A step each: the second thread tells its number; it touches and ends; then the first does. */
static void step_by_threads(void)
{
	pthread_join(start(tell_thread), NULL);
	wait_for_go();
	touch();
}

/* A page more for each line, and says so. */
static void touch_by_steps(void)
{
	volatile char *memory = fresh();

	for (unsigned long page = 0; page < pages; page++) {
		memory[page * PAGE] = 1;
		puts("touched");
		fflush(stdout);
		wait_for_go();
	}
}

/* Memory that goes to the swap. */
static void touch_and_swap(void)
{
	char *memory = fresh();

	memset(memory, 1, pages * PAGE);
	if (madvise(memory, pages * PAGE, MADV_PAGEOUT))
		die("MADV_PAGEOUT");
	puts("swapped");
	fflush(stdout);
	wait_for_go();
}

/* Children that wait. */
static void crowd(void)
{
	for (unsigned long born = 0; born < pages; born++) {
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pause();
			_exit(0);
		}
	}
	puts("ready");
	fflush(stdout);
	wait_for_go();
}

static pid_t bear_in(int cgroup)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };

	args.cgroup = (unsigned int)cgroup;
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* Children that are born into a cgroup, one after the other; a line for each with its faults. */
static void bear_elsewhere(void)
{
	int cgroup = open(argument, O_RDONLY | O_DIRECTORY);
	struct rusage usage;
	pid_t child;

	for (pages = 10; pages < 10 + BORN; pages++) {
		child = bear_in(cgroup);
		if (!child) {
			touch();
			_exit(0);
		}
		if (child < 0 || wait4(child, NULL, 0, &usage) != child)
			die(argument);
		printf("%ld %ld\n", usage.ru_minflt, usage.ru_majflt);
	}
}

static void join_exec_thread(void)
{
	pthread_join(start(exec_thread), NULL);
}

static void leave_to_thread(void)
{
	start(slow_thread);
	pthread_exit(NULL);
}

static void become(void)
{
	execl(argument, argument, "1000", NULL);
	die(argument);
}

static void end_with_status(void)
{
	_exit((int)pages);
}

static const struct mode {
	const char *name;
	void (*act)(void);
} modes[] = {
	{ "become", become },
	{ "born", bear_elsewhere },
	{ "children", touch_in_children },
	{ "cpu", burn },
	{ "crowd", crowd },
	{ "exec", join_exec_thread },
	{ "exit", end_with_status },
	{ "file", read_file },
	{ "hidden", hide },
	{ "kernel", kernel_touch },
	{ "leader", leave_to_thread },
	{ "sleepers", sleep_in_threads },
	{ "steps", touch_by_steps },
	{ "storm", storm },
	{ "swap", touch_and_swap },
	{ "thread", step_by_threads },
	{ "threads", touch_in_threads },
	{ "touch", touch },
	{ NOW, touch },
};

static const struct mode *mode_called(const char *name)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (!strcmp(modes[i].name, name))
			return &modes[i];
	fprintf(stderr, "faulter: no mode is called %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	const struct mode *mode;

	if (argc != 3) {
		fprintf(stderr, "usage: faulter MODE COUNT|FILE\n");
		return 2;
	}
	self = argv[0];
	mode = mode_called(argv[1]);
	argument = argv[2];
	pages = strtoul(argument, NULL, 10);
	if (strcmp(mode->name, NOW) != 0)
		wait_for_go();
	mode->act();
	return 0;
}
