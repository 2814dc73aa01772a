// SPDX-License-Identifier: MIT
/*
 * Hostile calls on the device of sessions: every request with good, odd and bad arguments, every
 * way to map what it has, on processes that come and go. What the contract says must be refused and
 * is taken, is a defect; so is a ring that does not hold together. It lives some hundred calls,
 * then a new one takes its place, and all its sessions end as they are.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "faultline.h"

#define MEMBERS	 2
#define CALLS	 400 /* in a life */
#define PAGE	 4096UL
#define SESSIONS 4
#define CHILDREN 4
#define PLACES	 8
#define PLACE	 (2UL << 20)
#define REGION	 (PLACES * PLACE) /* where all is mapped, so that nothing of ours is unmapped */
#define IDS	 20		  /* that a session hardly gets beyond */

enum count {
	INPUTS,
	TAKEN,
	SET_UP,
	ADDED,
	MAPPED,
	WALKED,
	SIGNALS,
	LIVES,
};

static const char *const names[] = { "inputs", "taken",	  "set_up", "added", "mapped",
				     "walked", "signals", "lives",  NULL };

/* A descriptor; what it has, if it was set up. */
struct session {
	uint64_t mapping, ring;
	uint64_t boundary; /* where a record begins */
	int fd;
	bool wild; /* what is no boundary was consumed: nobody knows any more where they are */
};

static struct crew_member *me;
static struct dice *dice;
static struct session sessions[SESSIONS];
static pid_t children[CHILDREN];
static char *region;
static int cgroup; /* the root of version 2, if it is mounted */
static sigjmp_buf back;

static void on_signal(int number)
{
	siglongjmp(back, number);
}

static struct session *any_session(void)
{
	return &sessions[dice_below(dice, SESSIONS)];
}

/* Of memory that is there, that is not, that may only be read, and none at all. */
static void *address(void)
{
	if (dice_one_in(dice, 20))
		return (void *)(uintptr_t)dice_bits(dice);
	return region + dice_below(dice, REGION / 8) * 8UL;
}

static uint64_t number(uint64_t usual, uint64_t most)
{
	if (!dice_one_in(dice, 4))
		return usual;
	return dice_one_in(dice, 4) ? dice_bits(dice) : dice_up_to(dice, most);
}

static long reopen(void)
{
	static const int modes[] = { O_RDWR, O_RDWR, O_RDWR, O_RDONLY, O_WRONLY, O_PATH };
	struct session *session = any_session();

	if (session->fd >= 0)
		close(session->fd);
	*session = (struct session){
		.fd = open(FL_DEVICE, modes[dice_below(dice, 6)] | O_CLOEXEC),
	};
	return session->fd;
}

static bool is_good(const struct fl_setup *setup)
{
	uint64_t ring = setup->ring_bytes;

	return !(setup->flags & ~(FL_SETUP_OVERWRITE | FL_SETUP_RAN)) &&
	       (!ring ||
		(ring >= FL_RING_MIN_BYTES && ring <= FL_RING_MAX_BYTES && !(ring & (ring - 1)))) &&
	       (!setup->period_ns ||
		(setup->period_ns >= FL_PERIOD_MIN_NS && setup->period_ns <= FL_PERIOD_MAX_NS));
}

static long set_up(struct session *session)
{
	struct fl_setup setup = {
		.size = sizeof(setup),
		.flags = number(dice_below(dice, 4), 8),
		.period_ns = number(FL_PERIOD_MIN_NS << dice_below(dice, 10), FL_PERIOD_MAX_NS * 2),
		.ring_bytes = number(FL_RING_MIN_BYTES << dice_below(dice, 9), 1 << 24),
		.wake_bytes = number(0, 1 << 16),
	};
	bool good = is_good(&setup);

	if (dice_one_in(dice, 10))
		setup.size = dice_up_to(dice, 2 * sizeof(setup));
	if (ioctl(session->fd, FL_IOC_SETUP, &setup))
		return -1;
	if (!good || session->mapping)
		crew_fail("a setup was taken: flags %#x, period %llu, ring %llu%s", setup.flags,
			  (unsigned long long)setup.period_ns, (unsigned long long)setup.ring_bytes,
			  good ? ", twice" : "");
	session->mapping = setup.mapping_bytes;
	session->ring = setup.ring_bytes ?: FL_RING_BYTES;
	if (session->mapping < session->ring + PAGE)
		crew_fail("a mapping of %llu bytes", (unsigned long long)session->mapping);
	crew_count(me, SET_UP, 1);
	return 0;
}

static pid_t anybody(void)
{
	switch (dice_below(dice, 8)) {
	case 0:
		return getpid();
	case 1:
		return getppid();
	case 2:
		return dice_up_to(dice, 1 << 22);
	case 3:
		return dice_bits(dice);
	default:
		return children[dice_below(dice, CHILDREN)];
	}
}

static long add(const struct session *session)
{
	struct fl_add add = {
		.size = sizeof(add),
		.flags = number(0, 2),
		.kind = number(1 + dice_below(dice, 4), 6),
		.reserved = number(0, 1),
	};

	add.number = add.kind == FL_TARGET_CGROUP && !dice_one_in(dice, 4) ? cgroup : anybody();
	if (ioctl(session->fd, FL_IOC_ADD, &add))
		return -1;
	if (add.flags || add.reserved || add.kind - 1 > 3 || !add.target || !session->mapping)
		crew_fail("an addition was taken: flags %#x, kind %u, id %u", add.flags, add.kind,
			  add.target);
	crew_count(me, ADDED, 1);
	return 0;
}

static long consume(struct session *session)
{
	struct fl_consume consume = {
		.size = sizeof(consume),
		.ring = number(0, 1),
		.position = number(session->boundary, 1 << 20),
	};
	long got = ioctl(session->fd, FL_IOC_CONSUME, &consume);

	if (!got && (consume.ring || consume.position % 8))
		crew_fail("position %llu of ring %u was taken",
			  (unsigned long long)consume.position, consume.ring);
	session->wild |= !got && consume.position != session->boundary;
	return got;
}

/* The kernel may write as much there as it likes. */
static long ask_for_anything(const struct session *session)
{
	char bytes[4096 + 8];
	uint32_t size = dice_up_to(dice, 4096);
	unsigned long request = FL_IOC_VERSION + dice_below(dice, 10);
	bool junk = dice_one_in(dice, 2);

	memset(bytes, 0, sizeof(bytes));
	for (size_t at = 0; junk && at < 64; at += 8)
		*(uint64_t *)(bytes + at) = dice_up_to(dice, UINT64_MAX);
	memcpy(bytes, &size, sizeof(size));
	/* What is taken here is not kept account of. */
	if (request == FL_IOC_SETUP || request == FL_IOC_CONSUME)
		return -1;
	return ioctl(session->fd, request, dice_one_in(dice, 2) ? bytes : address());
}

static long request(struct session *session)
{
	struct fl_remove remove = { sizeof(remove), number(1 + dice_below(dice, IDS), 1 << 16) };

	switch (dice_below(dice, 12)) {
	case 0:
	case 1:
	case 2:
		return add(session);
	case 3:
		return ioctl(session->fd, FL_IOC_REMOVE, &remove);
	case 4:
	case 5:
		return ioctl(session->fd, FL_IOC_START, number(0, 2));
	case 6:
		return ioctl(session->fd, FL_IOC_STOP, number(0, 2));
	case 7:
	case 8:
		return ioctl(session->fd, FL_IOC_SAMPLE, number(0, 2));
	case 9:
		return consume(session);
	case 10:
		return ioctl(session->fd, dice_up_to(dice, UINT32_MAX) | 0x10000, address());
	default:
		return ask_for_anything(session);
	}
}

static long map_somehow(const struct session *session)
{
	static const int kinds[] = { MAP_SHARED, MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE };
	static const int flags[] = { 0, 0, 0, MAP_POPULATE, MAP_LOCKED, MAP_HUGETLB };
	int kind = kinds[dice_below(dice, 4)];
	int protection = dice_one_in(dice, 2) ? PROT_READ : (int)dice_below(dice, 8);
	uint64_t offset = dice_up_to(dice, 8) * PAGE, length = dice_up_to(dice, PLACE);
	char *at = region + dice_below(dice, PLACES) * PLACE;
	uint64_t pages = (length + PAGE - 1) / PAGE;

	if (mmap(at, length, protection, kind | MAP_FIXED | flags[dice_below(dice, 6)], session->fd,
		 offset) == MAP_FAILED)
		return -1;
	if (kind == MAP_PRIVATE || protection & ~PROT_READ ||
	    offset + pages * PAGE > session->mapping)
		crew_fail("mmap took %llu bytes at %llu of %llu, kind %d, protection %d",
			  (unsigned long long)length, (unsigned long long)offset,
			  (unsigned long long)session->mapping, kind, protection);
	crew_count(me, MAPPED, 1);
	return 0;
}

static long on_memory(void)
{
	size_t from = dice_below(dice, REGION / PAGE - 64),
	       to = dice_below(dice, REGION / PAGE - 64);
	size_t length = dice_up_to(dice, 64) * PAGE;
	char *at = region + from * PAGE;

	switch (dice_below(dice, 8)) {
	case 0:
		return munmap(at, length);
	case 1:
		return (long)mremap(at, length, length, MREMAP_MAYMOVE | MREMAP_FIXED,
				    region + to * PAGE);
	case 2:
		return mprotect(at, length, dice_below(dice, 8));
	case 3:
		return madvise(at, length, dice_below(dice, 22));
	case 4:
		return msync(at, length, dice_below(dice, 8));
	case 5:
		return dice_one_in(dice, 2) ? mlock(at, length) : munlock(at, length);
	default:
		if (sigsetjmp(back, 1)) {
			crew_count(me, SIGNALS, 1);
			return -1;
		}
		return *(volatile long *)at;
	}
}

/* Whatever was mapped, moved and protected: nobody can write what a session has written. */
static void look_at_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[256];

	while (maps && fgets(line, sizeof(line), maps)) {
		if (!strstr(line, FL_DEVICE))
			continue;
		if (strcspn(line, "wx") < strcspn(line, "/"))
			crew_fail("a mapping has too many rights: %s", line);
	}
	if (maps)
		fclose(maps);
}

/* Every record from the tail on, in a mapping of its own: one that nobody else consumes. */
static long walk(struct session *session)
{
	const struct fl_header *header =
		mmap(NULL, session->mapping, PROT_READ, MAP_SHARED, session->fd, 0);
	const struct fl_ring *ring;
	const char *bytes;
	uint64_t at, head;

	if (header == MAP_FAILED)
		return -1;
	ring = (const void *)((const char *)header + header->ring_offset);
	bytes = (const char *)header + ring->offset;
	head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
	at = ring->tail;
	if (header->magic != FL_HEADER_MAGIC || ring->bytes != session->ring || at > head)
		crew_fail("a header that says no truth");
	while (at < head) {
		struct fl_record record =
			*(const struct fl_record *)(bytes + (at & (ring->bytes - 1)));

		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		/* A consumer or an overwriting kernel may have come by. */
		if (at < __atomic_load_n(&ring->tail, __ATOMIC_RELAXED))
			break;
		if (record.size % 8 || !record.size || record.size > FL_RECORD_MAX_BYTES ||
		    !record.type || record.type > FL_RECORD_LOST)
			crew_fail("at %llu a record of type %u and %u bytes",
				  (unsigned long long)at, record.type, record.size);
		at += record.size;
		crew_count(me, WALKED, 1);
		if (dice_one_in(dice, 4))
			session->boundary = at;
	}
	return munmap((void *)header, session->mapping);
}

/* A child that faults, forks, has threads' worth of time, and ends. */
static void live_as_child(void)
{
	dice->state ^= getpid();
	for (int left = dice_up_to(dice, 30); left; left--) {
		volatile char *memory = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (int page = 0; (void *)memory != MAP_FAILED && page < 16; page++)
			memory[page * PAGE] = 1;
		usleep(dice_below(dice, 500));
		if (dice_one_in(dice, 8) && !fork())
			_exit(dice_below(dice, 256));
		munmap((void *)memory, 16 * PAGE);
	}
	while (dice_one_in(dice, 2) && waitpid(-1, NULL, WNOHANG) > 0)
		;
	_exit(0);
}

static long bear(void)
{
	pid_t *child = &children[dice_below(dice, CHILDREN)];

	if (*child > 0) {
		kill(*child, SIGKILL);
		waitpid(*child, NULL, 0);
	}
	*child = fork();
	if (!*child)
		live_as_child();
	return *child;
}

static long on_descriptor(struct session *session)
{
	struct pollfd ready = { session->fd, dice_bits(dice), 0 };
	char text[64];
	int copy;

	switch (dice_below(dice, 5)) {
	case 0:
		return poll(&ready, 1, dice_below(dice, 3));
	case 1:
		if (read(session->fd, text, sizeof(text)) > 0 ||
		    write(session->fd, text, sizeof(text)) > 0)
			crew_fail("a call moved bytes");
		return -1;
	case 2:
		copy = dup(session->fd);
		if (copy < 0)
			return -1;
		close(session->fd);
		session->fd = copy;
		return 0;
	case 3:
		return lseek(session->fd, dice_bits(dice), dice_below(dice, 5));
	default:
		return fcntl(session->fd, F_SETFL, dice_bits(dice) & (O_NONBLOCK | O_ASYNC));
	}
}

static long call(void)
{
	struct session *session = any_session();

	switch (dice_below(dice, 14)) {
	case 0:
		return reopen();
	case 1:
	case 2:
		return set_up(session);
	case 3:
		return bear();
	case 4:
	case 5:
		return map_somehow(session);
	case 6:
	case 7:
		return on_memory();
	case 8:
		return on_descriptor(session);
	case 9:
		return session->mapping && !session->wild ? walk(session) : -1;
	default:
		return request(session);
	}
}

static void live(void)
{
	signal(SIGBUS, on_signal);
	signal(SIGSEGV, on_signal);
	signal(SIGIO, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < SESSIONS; i++)
		sessions[i].fd = open(FL_DEVICE, O_RDWR | O_CLOEXEC);
	for (int done = 0; done < CALLS; done++) {
		crew_count(me, INPUTS, 1);
		if (call() >= 0)
			crew_count(me, TAKEN, 1);
	}
	look_at_mappings();
	/* Its children lose their parent and their followers at once. */
	if (dice_one_in(dice, 2))
		kill(getpid(), SIGKILL);
	_exit(0);
}

static void prod(struct crew_member *member)
{
	int how;

	me = member;
	dice = &member->dice;
	region = mmap(NULL, REGION, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (region == MAP_FAILED)
		crew_fail("no room: %s", strerror(errno));
	while (crew_goes_on(member)) {
		uint64_t seed = dice_bits(dice);
		pid_t pid = fork();

		if (!pid) {
			dice->state = seed;
			live();
		}
		if (pid < 0 || waitpid(pid, &how, 0) != pid)
			crew_fail("fork: %s", strerror(errno));
		if ((WIFEXITED(how) && WEXITSTATUS(how)) ||
		    (WIFSIGNALED(how) && WTERMSIG(how) != SIGKILL))
			crew_fail("seed %llu failed: status %#x", (unsigned long long)seed, how);
		crew_count(member, LIVES, 1);
	}
}

static void become(uid_t user)
{
	if (setresgid(user, user, user) || setresuid(user, user, user))
		crew_fail("cannot become user %u: %s", user, strerror(errno));
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: sessions SEED MILLISECONDS USER CGROUP\n");
		return 2;
	}
	cgroup = open(argv[4], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		crew_fail("%s: %s", argv[4], strerror(errno));
	if (crew_number(argv[3]))
		become(crew_number(argv[3]));
	return crew_run(MEMBERS, crew_number(argv[1]), crew_number(argv[2]), names, prod);
}
