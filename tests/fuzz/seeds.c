// SPDX-License-Identifier: MIT
/*
 * Makes what the fuzzers begin with: recordings and mappings as they should be. usage: seeds FOLDER
 * writes FOLDER/recording/N and FOLDER/ring/N.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/fake_mapping.h"
#include "libfaultline_recording.h"

#define RING_BYTES 4096

static const struct faultline_segment segment = {
	.size = sizeof(segment),
	.cpus = 2,
	.page_bytes = 4096,
	.start_ns = 1,
	.wall_ns = 2,
	.node = "node",
	.machine = "x86_64",
	.kernel = "6.1",
	.source_version = "1.0",
	.blind = "nothing",
	.command = "seeds",
};

static int failed(const char *what)
{
	fprintf(stderr, "seeds: %s: %s\n", what, faultline_message());
	return 1;
}

/* A few records of each type. */
static int add_records(struct faultline_writer *writer, uint32_t count)
{
	static const uint16_t sizes[] = {
		16,
		0,
		sizeof(struct fl_sample),
		sizeof(struct fl_join),
		sizeof(struct fl_join),
		sizeof(struct fl_exec),
		sizeof(struct fl_exit),
		sizeof(struct fl_left),
		sizeof(struct fl_missed),
		sizeof(struct fl_lost),
		24,
	};
	uint64_t record[FL_RECORD_MAX_BYTES / 8];

	for (uint32_t seq = 0; seq < count; seq++) {
		uint16_t type = 2 + seq % 9;

		fake_fill(record, type, sizes[type], seq);
		if (faultline_writer_add(writer, (void *)record))
			return -1;
	}
	return 0;
}

/* Number n: so many segments, of which the last has an end if n is even. */
static int write_recording(const char *path, int n)
{
	const struct faultline_figures figures = { .size = sizeof(figures) };

	for (int i = 0; i <= n / 2; i++) {
		struct faultline_writer *writer;

		if (faultline_writer_open(path, FAULTLINE_WRITER_APPEND, &segment, &writer))
			return -1;
		if (add_records(writer, 5) || faultline_writer_flush(writer, false) ||
		    add_records(writer, 12) ||
		    faultline_writer_close(writer, n % 2 && i == n / 2 ? NULL : &figures))
			return -1;
	}
	return 0;
}

static int store(const char *path, const void *bytes, size_t count)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	ssize_t put;

	if (fd < 0)
		return -1;
	put = write(fd, bytes, count);
	close(fd);
	return put == (ssize_t)count ? 0 : -1;
}

/* Number n: how full, and which way when full. Small: nothing is between descriptor and ring. */
static int write_ring(const char *path, int n)
{
	struct fake fake;
	void *memory = calloc(1, FAKE_HEAD_BYTES + RING_BYTES);
	int err;

	if (!memory)
		return -1;
	fake_lay_out(&fake, memory, RING_BYTES, n % 2 ? FL_SETUP_OVERWRITE : 0);
	for (int i = 0; i < 20 * n; i++) {
		fake_put(&fake, FL_RECORD_SAMPLE, sizeof(struct fl_sample) + i % 4 * 8UL);
		if (n < 3 && fake.ring->head - fake.ring->tail > RING_BYTES / 2)
			fake_consume(&fake, fake.ring->head);
	}
	fake.ring->offset = 512;
	memmove(fake.memory + 512, fake.memory + FAKE_HEAD_BYTES, RING_BYTES);
	fake.header->mapping_bytes = 512 + RING_BYTES;
	err = store(path, memory, 512 + RING_BYTES);
	free(memory);
	return err;
}

int main(int argc, char **argv)
{
	char path[4096];

	if (argc != 2) {
		fprintf(stderr, "usage: seeds FOLDER\n");
		return 2;
	}
	for (int n = 0; n < 6; n++) {
		snprintf(path, sizeof(path), "%s/recording/%d", argv[1], n);
		if (write_recording(path, n))
			return failed(path);
		snprintf(path, sizeof(path), "%s/ring/%d", argv[1], n);
		if (write_ring(path, n))
			return failed(path);
	}
	return 0;
}
