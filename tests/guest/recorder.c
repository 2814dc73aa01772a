// SPDX-License-Identifier: MIT
/*
 * Records a process and what it forks with libfaultline, for the tests, until the last of them has
 * ended; then reads the recording and compares. Says "ready" when it follows, and at the end has a
 * line for each figure: NAME VALUE.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libfaultline_recording.h"

#define PERIOD_NS 5000000
#define WAIT_MS	  100

/* What came out of the ring or of the file. */
struct heap {
	unsigned char *bytes;
	size_t used, room;
	unsigned long long records, gaps, ends, minor, major;
	uint32_t expected; /* sequence number */
};

static int failed(const char *what)
{
	fprintf(stderr, "recorder: %s: %s\n", what, faultline_message());
	return 1;
}

static void say(const char *name, unsigned long long value)
{
	printf("%s %llu\n", name, value);
}

static void keep(struct heap *heap, const struct fl_record *record)
{
	if (!heap->bytes || heap->room - heap->used < record->size) {
		heap->room = 2 * heap->room + record->size;
		heap->bytes = realloc(heap->bytes, heap->room);
		if (!heap->bytes)
			abort();
	}
	memcpy(heap->bytes + heap->used, record, record->size);
	heap->used += record->size;
}

static void take(struct heap *heap, const struct fl_record *record)
{
	const struct fl_exit *end = (const void *)record;

	keep(heap, record);
	heap->records++;
	heap->gaps += record->seq - heap->expected;
	heap->expected = record->seq + 1;
	if (record->type != FL_RECORD_EXIT)
		return;
	heap->ends++;
	heap->minor += end->counts.minor;
	heap->major += end->counts.major;
}

static bool is_same(const struct heap *one, const struct heap *other)
{
	return one->bytes && other->bytes && one->used == other->used &&
	       !memcmp(one->bytes, other->bytes, one->used);
}

/* All that is there now. */
static int drain(struct faultline_session *session, struct faultline_writer *writer,
		 struct heap *heap)
{
	struct faultline_reader *reader = faultline_session_reader(session, 0);
	const struct fl_record *record;
	struct faultline_batch *batch;
	int got;

	while ((got = faultline_reader_read(reader, &batch)) > 0) {
		while ((record = faultline_next(batch))) {
			take(heap, record);
			if (faultline_writer_add(writer, record))
				return failed("add to the recording");
		}
		if (faultline_session_consume(session, reader))
			return failed("consume");
	}
	return got ? failed("read the ring") : 0;
}

/* With a nap after each wait, for a reader that is too slow. */
static int follow(struct faultline_session *session, struct faultline_writer *writer, long nap_ms,
		  struct heap *heap)
{
	struct timespec nap = { .tv_nsec = nap_ms * 1000000 };
	int got;

	while (faultline_session_header(session)->targets) {
		got = faultline_session_wait(session, WAIT_MS);
		if (got < 0)
			return failed("wait");
		nanosleep(&nap, NULL);
		if (got && drain(session, writer, heap))
			return 1;
	}
	return drain(session, writer, heap);
}

static int tell_figures(const struct faultline_session *session, struct faultline_figures *figures)
{
	figures->size = sizeof(*figures);
	if (faultline_session_figures(session, figures))
		return failed("figures");
	say("written", figures->records);
	say("lost", figures->lost);
	say("overwritten", figures->overwritten);
	say("skipped", figures->skipped);
	say("passes", figures->passes);
	return 0;
}

static int record(struct faultline_session *session, const char *path, int pid, long nap_ms,
		  struct heap *heap)
{
	struct faultline_segment segment = { .size = sizeof(segment), .period_ns = PERIOD_NS };
	struct faultline_figures figures;
	struct faultline_writer *writer;

	if (faultline_session_add(session, FL_TARGET_TREE, pid, NULL) ||
	    faultline_session_start(session))
		return failed("follow");
	if (faultline_writer_open(path, 0, &segment, &writer))
		return failed(path);
	puts("ready");
	fflush(stdout);
	if (follow(session, writer, nap_ms, heap) || tell_figures(session, &figures)) {
		faultline_writer_close(writer, NULL);
		return 1;
	}
	return faultline_writer_close(writer, &figures) ? failed("close") : 0;
}

static int tell_end(struct faultline_recording *recording)
{
	const struct faultline_segment *segment = faultline_recording_segment(recording);
	const struct faultline_end *end = faultline_recording_end(recording);
	struct faultline_state state = { .size = sizeof(state) };

	if (!end || faultline_recording_state(recording, &state))
		return failed("the recording's end");
	printf("kernel %s\n", segment->kernel);
	say("period", segment->period_ns);
	say("file_records", end->records);
	say("file_lost", end->lost);
	say("file_skipped", end->skipped);
	say("faulty", state.unfinished + state.damaged + state.ignored_bytes);
	return 0;
}

static int read_back(const char *path, struct heap *heap)
{
	struct faultline_recording *recording;
	const struct fl_record *record;
	struct faultline_batch *batch;
	int part, err;

	if (faultline_recording_open(path, &recording))
		return failed(path);
	while ((part = faultline_recording_read(recording, &batch)) > 0)
		while (part == FAULTLINE_PART_RECORDS && (record = faultline_next(batch)))
			take(heap, record);
	err = part ? failed("read the recording") : tell_end(recording);
	faultline_recording_close(recording);
	return err;
}

int main(int argc, char **argv)
{
	struct faultline_options options = { .size = sizeof(options), .period_ns = PERIOD_NS };
	struct heap ring = {}, file = {};
	struct faultline_session *session;
	int err;

	if (argc != 6) {
		fprintf(stderr, "usage: recorder PID FILE FLAGS RING_BYTES NAP_MS\n");
		return 2;
	}
	options.flags = (uint32_t)strtoul(argv[3], NULL, 10);
	options.ring_bytes = strtoull(argv[4], NULL, 10);
	if (faultline_session_open(&options, &session))
		return failed("open");
	err = record(session, argv[2], (int)strtol(argv[1], NULL, 10), strtol(argv[5], NULL, 10),
		     &ring);
	faultline_session_close(session);
	err = err || read_back(argv[2], &file);
	say("read", ring.records);
	say("gaps", ring.gaps);
	say("ends", ring.ends);
	say("minor", ring.minor);
	say("major", ring.major);
	say("same", is_same(&ring, &file));
	free(ring.bytes);
	free(file.bytes);
	return err;
}
