// SPDX-License-Identifier: MIT
/*
 * Hostile calls on the device: every call that takes a descriptor or an address, with random
 * arguments, by one who may open it. All it maps lies in a region of its own, so that what it
 * unmaps, moves and protects is never its own code. It lives some hundred calls, then a new one
 * takes its place.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "faultline_classic.h"

#define MEMBERS	 2
#define CALLS	 500 /* in a life */
#define PAGE	 4096UL
#define FILES	 6
#define PLACES	 16
#define PLACE	 (2UL << 20)
#define REGION	 (PLACES * PLACE)
#define DEVICE	 "/dev/" FL_CLASSIC_DEVICE
#define HIGHEST	 ((unsigned long)FL_CLASSIC_PAGES)
#define BAD_PAGE 100 /* MADV_HWPOISON and MADV_SOFT_OFFLINE, which break the machine's memory */

enum count {
	INPUTS,
	TAKEN,
	MAPPED,
	TOUCHED,
	SIGNALS,
	LIVES,
};

static const char *const names[] = { "inputs",	"taken", "mapped", "touched",
				     "signals", "lives", NULL };

static struct crew_member *me;
static struct dice *dice;
static char *region;
static int files[FILES], ends[2];
static sigjmp_buf back;

static void on_signal(int number)
{
	siglongjmp(back, number);
}

static int file(void)
{
	return files[dice_below(dice, FILES)];
}

static void *address(void)
{
	unsigned long at = dice_below(dice, PLACES) * PLACE + dice_up_to(dice, 2 * HIGHEST) * PAGE;

	if (dice_one_in(dice, 10))
		at += dice_below(dice, PAGE);
	return region + at % REGION;
}

/* Does not reach past the region. */
static size_t length_from(void *at)
{
	size_t length =
		dice_one_in(dice, 3) ? FL_CLASSIC_BYTES : dice_up_to(dice, 2 * HIGHEST) * PAGE;

	if (dice_one_in(dice, 10))
		length += dice_below(dice, PAGE);
	return (char *)at + length > region + REGION ? (size_t)(region + REGION - (char *)at)
						     : length;
}

/* The first file is always good to map. */
static void open_one(void)
{
	static const int modes[] = { O_RDWR, O_RDWR, O_RDWR, O_RDONLY, O_WRONLY, O_PATH, 3 };
	static const int flags[] = { 0, 0, 0, O_APPEND, O_TRUNC, O_NONBLOCK, O_SYNC, O_DIRECT };
	int which = dice_below(dice, FILES);
	int how = which ? modes[dice_below(dice, 7)] | flags[dice_below(dice, 8)] : O_RDWR;

	if (files[which] >= 0)
		close(files[which]);
	files[which] = open(DEVICE, how | O_CLOEXEC);
}

static long map_well(char *at)
{
	unsigned long page = dice_below(dice, HIGHEST);
	size_t length = (1 + dice_below(dice, HIGHEST - page)) * PAGE;

	if (mmap(at, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, files[0],
		 page * PAGE) == MAP_FAILED)
		crew_fail("mmap of %zu bytes at page %lu: %s", length, page, strerror(errno));
	crew_count(me, MAPPED, 1);
	return 0;
}

/* What must not work, and does, is a defect. */
static long map_somehow(char *at)
{
	static const int kinds[] = { MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE, 0 };
	static const int flags[] = {
		0, 0, MAP_POPULATE, MAP_LOCKED, MAP_NORESERVE, MAP_GROWSDOWN, MAP_HUGETLB, MAP_SYNC
	};
	int kind = kinds[dice_below(dice, 4)];
	size_t length = dice_up_to(dice, 2 * HIGHEST) * PAGE;
	unsigned long offset = dice_up_to(dice, 2 * HIGHEST) * PAGE;
	void *got;

	if (dice_one_in(dice, 50))
		offset = dice_bits(dice) & ~(PAGE - 1);
	got = mmap(at, length, dice_below(dice, 8), kind | MAP_FIXED | flags[dice_below(dice, 8)],
		   file(), offset);
	if (got == MAP_FAILED)
		return -1;
	if (kind == MAP_PRIVATE || offset > FL_CLASSIC_BYTES || offset + length > FL_CLASSIC_BYTES)
		crew_fail("mmap took %zu bytes at %#lx, kind %d", length, offset, kind);
	crew_count(me, MAPPED, 1);
	return 0;
}

static long map_one(void)
{
	char *at = region + dice_below(dice, PLACES) * PLACE;

	return dice_one_in(dice, 2) ? map_well(at) : map_somehow(at);
}

static long touch(void)
{
	volatile long *at = address();
	long seen = 0;

	crew_count(me, TOUCHED, 1);
	if (sigsetjmp(back, 1)) {
		crew_count(me, SIGNALS, 1);
		return -1;
	}
	if (dice_one_in(dice, 2))
		at[0] = dice_bits(dice);
	else
		seen = at[0];
	(void)seen;
	return 0;
}

/* A child that has all the mappings, too, and ends this way or that. */
static long bear(void)
{
	pid_t pid = fork();

	if (!pid) {
		for (int i = dice_below(dice, 20); i; i--)
			touch();
		if (dice_one_in(dice, 2))
			munmap(region, REGION);
		if (dice_one_in(dice, 4))
			pause();
		_exit(0);
	}
	if (pid < 0)
		return -1;
	kill(pid, SIGKILL);
	return waitpid(pid, NULL, 0);
}

static long on_memory(void)
{
	void *at = address(), *to = address();
	size_t length = length_from(at), other = length_from(to);
	int advice = dice_one_in(dice, 4) ? (int)dice_up_to(dice, 99) : (int)dice_below(dice, 26);
	unsigned char present[2 * PLACE / PAGE];
	unsigned long nodes = dice_bits(dice);

	if (length > sizeof(present) * PAGE)
		length = sizeof(present) * PAGE;
	switch (dice_below(dice, 16)) {
	case 0:
		return munmap(at, length);
	case 1:
	case 2:
		/* Only to a place of its own: never just anywhere. */
		return (long)mremap(at, dice_one_in(dice, 8) ? 0 : length, other,
				    MREMAP_MAYMOVE | MREMAP_FIXED |
					    (dice_one_in(dice, 8) ? MREMAP_DONTUNMAP : 0),
				    to);
	case 3:
	case 4:
		return mprotect(at, length, dice_below(dice, 8));
	case 5:
	case 6:
		return madvise(at, length, advice < BAD_PAGE ? advice : 0);
	case 7:
		return msync(at, length, dice_below(dice, 8));
	case 8:
		return mlock2(at, length, dice_below(dice, 3));
	case 9:
		return munlock(at, length);
	case 10:
		return mincore(at, length, present);
	case 11:
		return syscall(SYS_remap_file_pages, at, length, 0, dice_up_to(dice, 2 * HIGHEST),
			       0);
	case 12:
		return syscall(SYS_mbind, at, length, dice_below(dice, 8), &nodes,
			       dice_below(dice, 64), dice_below(dice, 8));
	case 13:
		return syscall(SYS_futex, at, FUTEX_WAKE + dice_below(dice, 2) * FUTEX_PRIVATE_FLAG,
			       1, NULL, NULL, 0);
	case 14:
		return syscall(SYS_pkey_mprotect, at, length, dice_below(dice, 8), -1);
	default:
		return mprotect(at, length, PROT_READ | PROT_WRITE);
	}
}

/* The buffer's pages as the source or the target of other calls. */
static long with_memory(void)
{
	void *at = address();
	size_t length = length_from(at);
	struct iovec here = { at, length }, there = { region, dice_up_to(dice, PAGE) };
	static char bin[1 << 16];

	switch (dice_below(dice, 6)) {
	case 0:
		return vmsplice(ends[1], &here, 1, SPLICE_F_NONBLOCK | dice_below(dice, 16));
	case 1:
		return write(ends[1], at, length);
	case 2:
		return read(ends[0], at, length);
	case 3:
		return process_vm_readv(getpid(), &there, 1, &here, 1, 0);
	case 4:
		return process_vm_writev(getpid(), &here, 1, &there, 1, 0);
	default:
		return read(ends[0], bin, sizeof(bin));
	}
}

/* Moves data by descriptor: none of these may get or give a byte. */
static long move_data(int fd)
{
	char text[256];
	struct iovec pieces[2] = { { text, dice_below(dice, 256) }, { address(), PAGE } };
	off_t offset = dice_up_to(dice, INT64_MAX);
	size_t length = dice_up_to(dice, sizeof(text));

	switch (dice_below(dice, 10)) {
	case 0:
		return read(fd, text, length);
	case 1:
		return write(fd, text, length);
	case 2:
		return pread(fd, text, length, offset);
	case 3:
		return pwrite(fd, text, length, offset);
	case 4:
		return readv(fd, pieces, 2);
	case 5:
		return pwritev2(fd, pieces, 2, offset, dice_below(dice, 32));
	case 6:
		return splice(fd, NULL, ends[1], NULL, 1 + length, SPLICE_F_NONBLOCK);
	case 7:
		return splice(ends[0], NULL, fd, NULL, 1 + length, SPLICE_F_NONBLOCK);
	case 8:
		return sendfile(ends[1], fd, &offset, 1 + length);
	default:
		return copy_file_range(fd, NULL, file(), NULL, 1 + length, 0);
	}
}

static long on_file(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd ready = { fd, dice_bits(dice), 0 };
	struct stat st;
	int other;

	switch (dice_below(dice, 13)) {
	case 0:
		return lseek(fd, dice_bits(dice), dice_below(dice, 6));
	case 1:
	case 2:
		return ioctl(fd, dice_up_to(dice, UINT32_MAX), address());
	case 3:
		return ioctl(fd, 0x5400 + dice_below(dice, 256), address());
	case 4:
		return fcntl(fd, dice_one_in(dice, 2) ? F_GETFL : F_SETFL, dice_bits(dice));
	case 5:
		return fsync(fd);
	case 6:
		return ftruncate(fd, dice_up_to(dice, INT64_MAX));
	case 7:
		return fallocate(fd, dice_below(dice, 128), 0, PAGE);
	case 8:
		return flock(fd, LOCK_NB | dice_below(dice, 16));
	case 9:
		return poll(&ready, 1, 0);
	case 10:
		other = epoll_create1(0);
		epoll_ctl(other, EPOLL_CTL_ADD, fd, &event);
		return close(other);
	case 11:
		return posix_fadvise(fd, 0, dice_up_to(dice, PAGE), dice_below(dice, 8));
	default:
		return fstat(fd, &st);
	}
}

static long call(void)
{
	long got;

	switch (dice_below(dice, 12)) {
	case 0:
		open_one();
		return 0;
	case 1:
	case 2:
		return map_one();
	case 3:
	case 4:
		return on_memory();
	case 5:
		return with_memory();
	case 6:
	case 7:
		got = move_data(file());
		if (got > 0)
			crew_fail("a call moved %ld bytes", got);
		return got;
	case 8:
	case 9:
		return on_file(file());
	case 10:
		return touch();
	default:
		return dice_one_in(dice, 30) ? bear() : touch();
	}
}

static void reserve(void)
{
	region = mmap(NULL, REGION, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (region == MAP_FAILED)
		crew_fail("no room: %s", strerror(errno));
}

static void live(void)
{
	signal(SIGBUS, on_signal);
	signal(SIGSEGV, on_signal);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pipe2(ends, O_NONBLOCK))
		crew_fail("pipe: %s", strerror(errno));
	for (int i = 0; i < FILES; i++)
		files[i] = open(DEVICE, O_RDWR | O_CLOEXEC);
	for (int done = 0; done < CALLS; done++) {
		crew_count(me, INPUTS, 1);
		if (call() >= 0)
			crew_count(me, TAKEN, 1);
	}
	_exit(0);
}

static void prod(struct crew_member *member)
{
	int how;

	me = member;
	dice = &member->dice;
	reserve();
	while (crew_goes_on(member)) {
		uint64_t seed = dice_bits(dice);
		pid_t pid = fork();

		if (!pid) {
			dice->state = seed;
			live();
		}
		if (pid < 0 || waitpid(pid, &how, 0) != pid)
			crew_fail("fork: %s", strerror(errno));
		if (WIFEXITED(how) && WEXITSTATUS(how))
			crew_fail("seed %llu failed", (unsigned long long)seed);
		crew_count(member, LIVES, 1);
	}
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: prodder SEED MILLISECONDS\n");
		return 2;
	}
	return crew_run(MEMBERS, crew_number(argv[1]), crew_number(argv[2]), names, prod);
}
