// SPDX-License-Identifier: MIT
/*
 * Uses a module that comes and goes: opens its files, registers itself, lists, maps, and takes
 * whatever error says that the module is not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crew.h"
#include "faultline_classic.h"

#define MEMBERS 3 /* the last one maps, the others register */

enum count {
	WRITTEN,
	LISTED,
	MAPPED,
	ABSENT,
};

static const char *const names[] = { "written", "listed", "mapped", "absent", NULL };

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

static void hammer(struct crew_member *member)
{
	bool maps = member->number == MEMBERS - 1;
	const char *path = maps ? "/dev/" FL_CLASSIC_DEVICE : FL_CLASSIC_STATUS;

	while (crew_goes_on(member)) {
		int fd = open(path, O_RDWR);

		if (fd < 0) {
			if (errno != ENOENT && errno != ENXIO)
				crew_fail("%s: %s", path, strerror(errno));
			crew_count(member, ABSENT, 1);
			member->rounds--;
			usleep(200);
		} else if (maps) {
			use_device(member, fd);
		} else {
			use_status(member, fd);
			close(fd);
		}
	}
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: hammer SEED MILLISECONDS\n");
		return 2;
	}
	return crew_run(MEMBERS, crew_number(argv[1]), crew_number(argv[2]), names, hammer);
}
