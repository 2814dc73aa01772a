// SPDX-License-Identifier: MIT
/*
 * A program as it was compiled with the first version of the library: structs have the sizes that
 * they had then, as numbers. However they grow, these are taken for ever, and less never is.
 */
#include <errno.h>
#include <libfaultline_recording.h>
#include <stdio.h>
#include <string.h>

#define OPTIONS_FIRST 40
#define FIGURES_FIRST 88
#define SEGMENT_FIRST 96
#define STATE_FIRST   40

static int failures;

static void expect(int found, int wanted, const char *what, unsigned int size)
{
	if (found == wanted)
		return;
	printf("%s of %u bytes: %d instead of %d\n", what, size, found, wanted);
	failures++;
}

/* Room for a struct that says that it is so long; what is behind its size is 0. */
static void *of_size(unsigned int size)
{
	static uint64_t memory[64];

	memset(memory, 0, sizeof(memory));
	memcpy(memory, &size, sizeof(size));
	return memory;
}

static void try_options(unsigned int size, int wanted)
{
	struct faultline_options *options = of_size(size);
	struct faultline_session *session;

	options->device = "/no/such/device"; /* so that it gets no further than the options */
	expect(faultline_session_open(options, &session), wanted ? wanted : -ENOENT, "options",
	       size);
}

static void try_segment(const char *path, unsigned int size, int wanted)
{
	struct faultline_writer *writer;

	expect(faultline_writer_open(path, FAULTLINE_WRITER_REPLACE, of_size(size), &writer),
	       wanted, "segment", size);
	faultline_writer_close(writer, NULL);
}

static void try_figures(const char *path, unsigned int size, int wanted)
{
	struct faultline_writer *writer;

	faultline_writer_open(path, FAULTLINE_WRITER_REPLACE, NULL, &writer);
	expect(faultline_writer_close(writer, of_size(size)), wanted, "figures", size);
}

static void try_state(const char *path, unsigned int size, int wanted)
{
	struct faultline_recording *recording;

	faultline_recording_open(path, &recording);
	expect(faultline_recording_state(recording, of_size(size)), wanted, "state", size);
	faultline_recording_close(recording);
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "";

	for (int more = -8; more <= 64; more += 8) {
		int wanted = more < 0 ? -EINVAL : 0;

		try_options(OPTIONS_FIRST + more, wanted);
		try_segment(path, SEGMENT_FIRST + more, wanted);
		try_figures(path, FIGURES_FIRST + more, wanted);
		try_state(path, STATE_FIRST + more, wanted);
	}
	printf("%d failures with version %s\n", failures, faultline_version());
	return failures != 0;
}
