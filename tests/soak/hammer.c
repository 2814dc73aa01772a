// SPDX-License-Identifier: MIT
/*
 * Uses a module that comes and goes: opens its files, registers itself, lists, maps, follows
 * itself in a session, and takes whatever error says that the module is not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "faultline.h"
#include "faultline_classic.h"

enum count {
	WRITTEN,
	LISTED,
	MAPPED,
	FOLLOWED,
	ABSENT,
};

static const char *const names[] = { "written", "listed", "mapped", "followed", "absent", NULL };

static void check(int err, const char *what)
{
	if (err && err != EEXIST && err != ENOENT && err != EIO)
		crew_fail("%s: %s", what, strerror(err));
}

static void use_status(struct crew_member *member, int fd)
{
	char list[256];

	for (unsigned int turns = 1 + dice_up_to(&member->dice, 20); turns; turns--) {
		int err = crew_send(fd, REGISTER, getpid());

		check(err, "R of itself");
		crew_count(member, WRITTEN, !err);
		if (pread(fd, list, sizeof(list), 0) > 0)
			crew_count(member, LISTED, 1);
		if (dice_one_in(&member->dice, 2))
			check(crew_send(fd, UNREGISTER, getpid()), "U of itself");
	}
}

static void use_device(struct crew_member *member, int fd)
{
	size_t length = FL_CLASSIC_BYTES >> dice_below(&member->dice, 8);
	long *buffer = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (buffer == MAP_FAILED)
		crew_fail("the device does not map: %s", strerror(errno));
	close(fd);
	for (size_t at = 0; at < length / sizeof(long); at++)
		buffer[at] = FL_CLASSIC_EMPTY;
	crew_count(member, MAPPED, 1);
	if (dice_one_in(&member->dice, 4))
		usleep(dice_up_to(&member->dice, 5000));
	munmap(buffer, length);
	usleep(dice_below(&member->dice, 5000));
}

/* Follows itself and what it forks, and leaves all of it as it is. */
static void use_session(struct crew_member *member, int fd)
{
	struct fl_setup setup = { .size = sizeof(setup), .period_ns = FL_PERIOD_MIN_NS * 10 };
	struct fl_add add = { .size = sizeof(add), .kind = FL_TARGET_TREE, .number = getpid() };
	struct fl_header *header;

	if (ioctl(fd, FL_IOC_SETUP, &setup) || ioctl(fd, FL_IOC_ADD, &add) ||
	    ioctl(fd, FL_IOC_START))
		crew_fail("a session was refused: %s", strerror(errno));
	header = mmap(NULL, setup.mapping_bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (header == MAP_FAILED)
		crew_fail("a session does not map: %s", strerror(errno));
	if (!fork())
		_exit(0);
	close(fd);
	usleep(dice_below(&member->dice, 5000));
	if (header->magic != FL_HEADER_MAGIC || header->targets == 0)
		crew_fail("a session lost its target");
	munmap(header, setup.mapping_bytes);
	while (waitpid(-1, NULL, 0) > 0)
		;
	usleep(dice_below(&member->dice, 5000));
	crew_count(member, FOLLOWED, 1);
}

static void use_status_and_close(struct crew_member *member, int fd)
{
	use_status(member, fd);
	close(fd);
}

static const struct part {
	const char *path;
	void (*use)(struct crew_member *member, int fd); /* closes it */
} parts[] = {
	{ FL_CLASSIC_STATUS, use_status_and_close },
	{ FL_CLASSIC_STATUS, use_status_and_close },
	{ "/dev/" FL_CLASSIC_DEVICE, use_device },
	{ FL_DEVICE, use_session },
};

static void hammer(struct crew_member *member)
{
	const struct part *part = &parts[member->number];

	while (crew_goes_on(member)) {
		int fd = open(part->path, O_RDWR);

		if (fd >= 0) {
			part->use(member, fd);
			continue;
		}
		if (errno != ENOENT && errno != ENXIO && errno != ENODEV)
			crew_fail("%s: %s", part->path, strerror(errno));
		crew_count(member, ABSENT, 1);
		member->rounds--;
		usleep(200);
	}
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: hammer SEED MILLISECONDS\n");
		return 2;
	}
	return crew_run(sizeof(parts) / sizeof(*parts), crew_number(argv[1]), crew_number(argv[2]),
			names, hammer);
}
