// SPDX-License-Identifier: MIT
/*
 * A process whose io_uring has threads that the kernel made, for the tests. A step for each line on
 * its input, after which it says so:
 *
 *	uring read PAGES	workers read so many zeroes each into fresh memory, and fault
 *	uring poll MS		for so long a thread polls the queue while all others sleep
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE	4096UL
#define ENTRIES 4U

struct uring {
	int fd;
	struct io_uring_params params;
	unsigned char *submissions, *completions; /* the rings */
	struct io_uring_sqe *entries;
};

static void die(const char *what)
{
	fprintf(stderr, "uring: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *map(int fd, size_t bytes, off_t offset)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, offset);

	if (memory == MAP_FAILED)
		die("mmap");
	return memory;
}

static void set_up(struct uring *uring, uint32_t flags, uint32_t idle_ms)
{
	struct io_uring_params *params = &uring->params;

	memset(params, 0, sizeof(*params));
	params->flags = flags;
	params->sq_thread_idle = idle_ms;
	uring->fd = (int)syscall(SYS_io_uring_setup, ENTRIES, params);
	if (uring->fd < 0)
		die("io_uring_setup");
	uring->submissions = map(uring->fd, params->sq_off.array + ENTRIES * sizeof(uint32_t),
				 IORING_OFF_SQ_RING);
	uring->completions =
		map(uring->fd,
		    params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe),
		    IORING_OFF_CQ_RING);
	uring->entries =
		map(uring->fd, ENTRIES * sizeof(struct io_uring_sqe), (off_t)IORING_OFF_SQES);
}

static uint32_t *word(unsigned char *ring, uint32_t offset)
{
	return (uint32_t *)(void *)(ring + offset);
}

/* Puts it in as entry number, of a queue that is empty. */
static void put(struct uring *uring, uint32_t number, const struct io_uring_sqe *entry)
{
	const struct io_sqring_offsets *at = &uring->params.sq_off;
	uint32_t tail = *word(uring->submissions, at->tail);

	uring->entries[number] = *entry;
	word(uring->submissions, at->array)[tail % ENTRIES] = number;
	__atomic_store_n(word(uring->submissions, at->tail), tail + 1, __ATOMIC_RELEASE);
}

/* Hands in what is there and waits until all of it was done, each with the result wanted. */
static void complete(struct uring *uring, uint32_t count, uint32_t flags, int wanted)
{
	const struct io_cqring_offsets *at = &uring->params.cq_off;
	uint32_t *head = word(uring->completions, at->head);
	const struct io_uring_cqe *entries = (const void *)(uring->completions + at->cqes);

	if (syscall(SYS_io_uring_enter, uring->fd, count, count, flags | IORING_ENTER_GETEVENTS,
		    NULL, 0) < 0)
		die("io_uring_enter");
	for (; count; count--) {
		if (*head ==
			    __atomic_load_n(word(uring->completions, at->tail), __ATOMIC_ACQUIRE) ||
		    entries[*head % uring->params.cq_entries].res != wanted) {
			errno = EIO;
			die("io_uring");
		}
		__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	}
}

/* IOSQE_ASYNC: by a worker, also if it need not wait. */
static void read_by_workers(struct uring *uring, unsigned long pages)
{
	struct io_uring_sqe entry = { .opcode = IORING_OP_READ, .flags = IOSQE_ASYNC };
	char *memory = map(-1, ENTRIES * pages * PAGE, 0);

	madvise(memory, ENTRIES * pages * PAGE, MADV_NOHUGEPAGE);
	entry.fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (entry.fd < 0)
		die("/dev/zero");
	entry.len = (uint32_t)(pages * PAGE);
	for (uint32_t number = 0; number < ENTRIES; number++) {
		entry.addr = (uintptr_t)(memory + number * pages * PAGE);
		put(uring, number, &entry);
	}
	complete(uring, ENTRIES, 0, (int)entry.len);
	close(entry.fd);
}

/* The thread that polls goes on to do so after what wakes it. */
static void let_poll(struct uring *uring)
{
	struct io_uring_sqe entry = { .opcode = IORING_OP_NOP };

	put(uring, 0, &entry);
	complete(uring, 1, IORING_ENTER_SQ_WAKEUP, 0);
}

int main(int argc, char **argv)
{
	struct uring uring;
	unsigned long number;
	char line[8];
	int polls;

	if (argc != 3) {
		fprintf(stderr, "usage: uring read PAGES | uring poll MS\n");
		return 2;
	}
	polls = !strcmp(argv[1], "poll");
	number = strtoul(argv[2], NULL, 10);
	set_up(&uring, polls ? IORING_SETUP_SQPOLL : 0, polls ? (uint32_t)number : 0);
	while (fgets(line, sizeof(line), stdin)) {
		if (polls)
			let_poll(&uring);
		else
			read_by_workers(&uring, number);
		puts("done");
		fflush(stdout);
	}
	return 0;
}
