// SPDX-License-Identifier: MIT
#include "events.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Of a ring: what an ordinary user may lock for each CPU is eight times as much. */
#define RING_PAGES   16
#define RECORD_BYTES 256

/* A record of PERF_RECORD_FORK and _EXIT. */
struct task_record {
	struct perf_event_header header;
	uint32_t pid, parent;
	uint32_t tid, parent_tid;
	uint64_t time_ns;
};

/* PERF_RECORD_COMM; the time follows behind the name, which is padded to 8 bytes. */
struct comm_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	char comm[];
};

struct lost_record {
	struct perf_event_header header;
	uint64_t id, lost;
};

static int open_event(int tid, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TIME,
		.inherit = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
		.task = 1,
		.comm = 1,
		.comm_exec = 1,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = 1,
		.wakeup_watermark = 1,
	};
	long file = syscall(SYS_perf_event_open, &attr, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return file < 0 ? -errno : (int)file;
}

int events_permitted(void)
{
	int file = open_event(0, -1);

	if (file < 0)
		return file;
	close(file);
	return 0;
}

static size_t ring_bytes(void)
{
	return RING_PAGES * sysconf(_SC_PAGESIZE);
}

static size_t mapping_bytes(void)
{
	return ring_bytes() + sysconf(_SC_PAGESIZE);
}

static int map(struct events_ring *ring, int file)
{
	void *memory = mmap(NULL, mapping_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*ring = (struct events_ring){ .file = file, .memory = memory };
	return 0;
}

static int make_rings(struct events *events, int tid, int (*watch)(void *context, int file),
		      void *context)
{
	size_t cpus = sysconf(_SC_NPROCESSORS_CONF);
	int file, error;

	events->rings = calloc(cpus, sizeof(*events->rings));
	if (!events->rings)
		return -ENOMEM;
	events->number = cpus;
	for (size_t cpu = 0; cpu < cpus; cpu++) {
		file = open_event(tid, (int)cpu);
		if (file == -ENODEV)
			continue;
		if (file < 0)
			return file;
		error = map(&events->rings[cpu], file);
		if (error) {
			close(file);
			return error;
		}
		error = watch(context, file);
		if (error)
			return error;
	}
	return 0;
}

static void close_files(struct events *events, size_t from)
{
	while (events->file_number > from)
		close(events->files[--events->file_number]);
}

static int join_rings(struct events *events, int tid)
{
	size_t before = events->file_number;
	int file, *files;

	files = realloc(events->files, (before + events->number) * sizeof(*files));
	if (!files)
		return -ENOMEM;
	events->files = files;
	for (size_t cpu = 0; cpu < events->number; cpu++) {
		if (!events->rings[cpu].memory)
			continue;
		file = open_event(tid, (int)cpu);
		if (file < 0) {
			close_files(events, before);
			return file;
		}
		files[events->file_number++] = file;
		if (ioctl(file, PERF_EVENT_IOC_SET_OUTPUT, events->rings[cpu].file)) {
			file = -errno;
			close_files(events, before);
			return file;
		}
	}
	return 0;
}

static void close_rings(struct events *events)
{
	for (size_t cpu = 0; cpu < events->number; cpu++) {
		if (!events->rings[cpu].memory)
			continue;
		munmap(events->rings[cpu].memory, mapping_bytes());
		close(events->rings[cpu].file);
	}
	free(events->rings);
	events->rings = NULL;
	events->number = 0;
}

int events_follow(struct events *events, int tid, int (*watch)(void *context, int file),
		  void *context)
{
	int error;

	if (events->rings)
		return join_rings(events, tid);
	error = make_rings(events, tid, watch, context);
	if (error)
		close_rings(events);
	return error;
}

static struct event *add(struct events *events)
{
	size_t room = events->room ? 2 * events->room : 64;
	struct event *all;

	if (events->found == events->room) {
		all = realloc(events->all, room * sizeof(*all));
		if (!all) {
			events->lost++;
			return NULL;
		}
		events->all = all;
		events->room = room;
	}
	return &events->all[events->found++];
}

static void take_task(struct events *events, const struct task_record *record)
{
	struct event *event;

	/* A thread of a process that is known. */
	if (record->header.type == PERF_RECORD_FORK && record->pid != record->tid)
		return;
	event = add(events);
	if (!event)
		return;
	*event = (struct event){ .time_ns = record->time_ns, .number = record->pid };
	if (record->header.type == PERF_RECORD_FORK) {
		event->kind = EVENT_FORK;
		event->other = record->parent;
	} else {
		event->kind = EVENT_EXIT;
		event->other = record->tid;
	}
}

static void take_comm(struct events *events, const struct comm_record *record)
{
	bool exec = record->header.misc & PERF_RECORD_MISC_COMM_EXEC;
	size_t length = record->header.size - sizeof(*record) - sizeof(uint64_t);
	struct event *event;

	/* A process has the name of its first thread. */
	if (record->pid != record->tid)
		return;
	event = add(events);
	if (!event)
		return;
	*event = (struct event){ .kind = exec ? EVENT_EXEC : EVENT_NAME, .number = record->pid };
	memcpy(&event->time_ns, record->comm + length, sizeof(uint64_t));
	if (length >= FL_COMM_BYTES)
		length = FL_COMM_BYTES - 1;
	strncpy(event->comm, record->comm, length);
}

static void take(struct events *events, const void *record)
{
	const struct perf_event_header *header = record;

	switch (header->type) {
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		if (header->size >= sizeof(struct task_record))
			take_task(events, record);
		break;
	case PERF_RECORD_COMM:
		if (header->size > sizeof(struct comm_record) + sizeof(uint64_t))
			take_comm(events, record);
		break;
	case PERF_RECORD_LOST:
		if (header->size >= sizeof(struct lost_record))
			events->lost += ((const struct lost_record *)record)->lost;
		break;
	}
}

/* Copies what may go round the ring's end; returns the size, 0 if there is no whole record. */
static size_t copy(const struct events_ring *ring, uint64_t from, uint64_t head, void *to)
{
	const struct perf_event_mmap_page *page = ring->memory;
	const unsigned char *bytes = (const unsigned char *)ring->memory + page->data_offset;
	struct perf_event_header header;

	if (head - from < sizeof(header))
		return 0;
	/* A multiple of 8 bytes: a header is in one piece. */
	memcpy(&header, bytes + from % page->data_size, sizeof(header));
	if (header.size < sizeof(header) || header.size > head - from || header.size > RECORD_BYTES)
		return 0;
	for (size_t i = 0; i < header.size; i++)
		((unsigned char *)to)[i] = bytes[(from + i) % page->data_size];
	return header.size;
}

static void read_ring(struct events *events, const struct events_ring *ring)
{
	struct perf_event_mmap_page *page = ring->memory;
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	uint64_t at = page->data_tail;
	uint64_t record[RECORD_BYTES / sizeof(uint64_t)];
	size_t size;

	while (at != head) {
		size = copy(ring, at, head, record);
		if (!size) {
			events->lost++;
			at = head;
			break;
		}
		take(events, record);
		at += size;
	}
	__atomic_store_n(&page->data_tail, at, __ATOMIC_RELEASE);
}

static int compare(const void *a, const void *b)
{
	const struct event *first = a, *second = b;

	return (first->time_ns > second->time_ns) - (first->time_ns < second->time_ns);
}

void events_read(struct events *events)
{
	events->found = 0;
	for (size_t cpu = 0; cpu < events->number; cpu++) {
		if (events->rings[cpu].memory)
			read_ring(events, &events->rings[cpu]);
	}
	if (events->found)
		qsort(events->all, events->found, sizeof(*events->all), compare);
}

void events_close(struct events *events)
{
	close_files(events, 0);
	close_rings(events);
	free(events->files);
	free(events->all);
	*events = (struct events){ 0 };
}
