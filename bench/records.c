// SPDX-License-Identifier: MIT
/*
 * What it costs to read one record: out of faultline's mapping, out of perf's, and as a line of
 * text that the kernel writes. The place of what was read is given back each time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crowd.h"
#include "meter.h"
#include "report.h"
#include "session.h"

#define RECORDS	   1000U
#define CROWD	   100
#define ROUNDS	   21
#define PAGE	   4096UL
#define PERF_BYTES (32 * PAGE)
#define TRACING	   "/sys/kernel/debug/tracing/"
#define EVENT	   "events/exceptions/page_fault_user/enable"

static uint64_t sum;	 /* what a reader reads must go somewhere */
static unsigned int met; /* records, in the last round */

/* Faultline. */

static struct session session;

static void write_samples(void)
{
	for (unsigned int pass = 0; pass < RECORDS / CROWD; pass++)
		session_sample(&session);
}

static void read_samples(void)
{
	struct faultline_batch *batch;
	const struct fl_record *record;

	met = 0;
	while ((batch = session_read(&session))) {
		while ((record = faultline_next(batch))) {
			const struct fl_counts *counts =
				&((const struct fl_sample *)record)->counts;

			if (record->type != FL_RECORD_SAMPLE)
				continue;
			sum += counts->minor + counts->major + counts->cpu_ns;
			met++;
		}
		session_consume(&session);
	}
}

/* Perf. */

struct fault {
	struct perf_event_header header;
	uint64_t ip;
	uint32_t process, thread;
	uint64_t time;
	uint64_t address;
};

static char *fresh; /* RECORDS pages */
static struct perf_event_mmap_page *ring;

static void fault(void)
{
	madvise(fresh, RECORDS * PAGE, MADV_DONTNEED);
	for (unsigned int page = 0; page < RECORDS; page++)
		sum += *(volatile char *)&fresh[page * PAGE];
}

/* A record that goes round the ring's end is put together first: perf does not avoid that. */
static const struct fault *whole(const char *records, uint64_t at, size_t bytes)
{
	static struct fault copy;
	size_t start = at & (PERF_BYTES - 1), before_end = PERF_BYTES - start;

	if (bytes <= before_end)
		return (const void *)(records + start);
	if (bytes > sizeof(copy))
		return NULL;
	memcpy(&copy, records + start, before_end);
	memcpy((char *)&copy + before_end, records, bytes - before_end);
	return &copy;
}

/* The protocol is in linux/perf_event.h. A header does not go round the end. */
static void read_perf(void)
{
	const char *records = (const char *)ring + PAGE;
	uint64_t head = __atomic_load_n(&ring->data_head, __ATOMIC_ACQUIRE);
	uint64_t at = ring->data_tail;
	const struct fault *record;

	met = 0;
	while (at != head) {
		const struct perf_event_header *header =
			(const void *)(records + (at & (PERF_BYTES - 1)));

		if (header->type == PERF_RECORD_SAMPLE) {
			record = whole(records, at, header->size);
			if (!record)
				report_fail("perf has a record of %u bytes", header->size);
			sum += record->ip + record->time + record->address;
			met++;
		}
		at += header->size;
	}
	__atomic_store_n(&ring->data_tail, at, __ATOMIC_RELEASE);
}

static int open_perf(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS,
		.sample_period = 1,
		.sample_type =
			PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR,
		.disabled = 1,
	};
	int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		report_fail("perf_event_open: %s", strerror(errno));
	ring = mmap(NULL, PAGE + PERF_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED)
		report_fail("perf's ring: %s", strerror(errno));
	return fd;
}

/* Text. */

static int pipe_of_text;

static void switch_event(const char *value)
{
	int file = open(TRACING EVENT, O_WRONLY | O_CLOEXEC);

	if (file < 0 || write(file, value, 1) != 1)
		report_fail("%s: %s", TRACING EVENT, strerror(errno));
	close(file);
}

static void fault_in_text(void)
{
	switch_event("1");
	fault();
	switch_event("0");
}

static void take_in_line(const char *line)
{
	const char *address = strstr(line, "address=");

	if (!address)
		return;
	sum += strtoull(address + strlen("address="), NULL, 16);
	met++;
}

static void read_text(void)
{
	static char text[64 << 10];
	char *line, *end;
	ssize_t length;

	met = 0;
	while ((length = read(pipe_of_text, text, sizeof(text) - 1)) > 0) {
		text[length] = '\0';
		for (line = text; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			take_in_line(line);
		}
	}
}

static void measure(const char *name, void (*prepare)(void), void (*work)(void))
{
	uint64_t cost = meter_median(ROUNDS, prepare, work);

	if (met < RECORDS)
		report_fail("%s: %u records, not %u", name, met, RECORDS);
	report_reading((double)cost / met, "record-%s", name);
}

static void measure_ours(void)
{
	struct crowd crowd;

	crowd_gather(&crowd, CROWD, 1);
	session_open(&session, 0, 0, 0);
	session_add_crowd(&session, &crowd);
	measure("ours", write_samples, read_samples);
	session_check_whole(&session);
	session_close(&session);
	crowd_dismiss(&crowd);
}

static void measure_perf(void)
{
	int fd = open_perf();

	ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
	measure("perf", fault, read_perf);
	close(fd);
	munmap(ring, PAGE + PERF_BYTES);
}

static void measure_text(void)
{
	pipe_of_text = open(TRACING "trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (pipe_of_text < 0)
		report_fail("%strace_pipe: %s", TRACING, strerror(errno));
	measure("text", fault_in_text, read_text);
	close(pipe_of_text);
}

int main(void)
{
	meter_begin();
	fresh = mmap(NULL, RECORDS * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fresh == MAP_FAILED)
		report_fail("no memory");
	madvise(fresh, RECORDS * PAGE, MADV_NOHUGEPAGE);
	measure_ours();
	measure_perf();
	measure_text();
	return 0;
}
