// SPDX-License-Identifier: MIT
/* A history from a recording. */
#include "history.h"

#include <errno.h>
#include <sys/stat.h>

/* A part that was read. Returns 0 or -ENOMEM. */
static int take(struct history *history, struct faultline_recording *recording,
		enum faultline_part part, struct faultline_batch *batch)
{
	const struct fl_record *record;
	int error = 0;

	if (part == FAULTLINE_PART_SEGMENT)
		return history_begin(history, faultline_recording_segment(recording));
	if (part == FAULTLINE_PART_END)
		history_finish(history, faultline_recording_end(recording));
	if (part != FAULTLINE_PART_RECORDS)
		return 0;
	while (!error && (record = faultline_next(batch)))
		error = history_add(history, record);
	return error;
}

int history_read(const char *path, void (*progress)(double share), struct history **history)
{
	struct faultline_recording *recording;
	struct faultline_batch *batch;
	struct history *fresh;
	struct stat file = { 0 };
	uint64_t bytes = 0;
	int part;
	int error;

	*history = NULL;
	error = faultline_recording_open(path, &recording);
	if (error)
		return error;
	if (progress && stat(path, &file))
		progress = NULL;
	fresh = history_new();
	error = fresh ? 0 : -ENOMEM;
	while (!error && (part = faultline_recording_read(recording, &batch)) != 0) {
		if (part == -EBADMSG) /* left out; its state counts it */
			continue;
		error = part < 0 ? part : take(fresh, recording, part, batch);
		if (progress && fresh->records * sizeof(struct fl_sample) > bytes + (4U << 20)) {
			bytes = fresh->records * sizeof(struct fl_sample);
			progress(file.st_size ? (double)bytes / file.st_size : 1);
		}
	}
	if (!error) {
		fresh->state.size = sizeof(fresh->state);
		error = faultline_recording_state(recording, &fresh->state);
	}
	faultline_recording_close(recording);
	if (error)
		history_free(fresh);
	else
		*history = fresh;
	return error;
}
