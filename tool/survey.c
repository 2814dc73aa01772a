// SPDX-License-Identifier: MIT
#include "survey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

#define NS_PER_S INT64_C(1000000000)

static const char magic[] = "FLR";

const char *survey_state(enum survey_state state)
{
	static const char *const words[] = {
		[SURVEY_WHOLE] = "whole",	    [SURVEY_CUT] = "cut off",
		[SURVEY_WRITING] = "being written", [SURVEY_DAMAGED] = "damaged",
		[SURVEY_EMPTY] = "empty",	    [SURVEY_OTHER] = "other version",
	};

	return words[state];
}

bool survey_looks(const char *path)
{
	char begin[sizeof(magic) - 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	bool looks;

	if (fd < 0)
		return false;
	looks = !fstat(fd, &status) && S_ISREG(status.st_mode) &&
		read(fd, begin, sizeof(begin)) == sizeof(begin) &&
		!memcmp(begin, magic, sizeof(begin));
	close(fd);
	return looks;
}

/* Of the latest moment, as reports have it: in what is damaged, time may go back. */
static void note_time(uint64_t *last_ns, uint64_t time_ns)
{
	if (time_ns > *last_ns)
		*last_ns = time_ns;
}

static void count_records(struct survey *survey, struct faultline_batch *batch, uint64_t *last_ns)
{
	const struct fl_record *record;

	while ((record = faultline_next(batch))) {
		note_time(last_ns, record->time_ns);
		switch (record->type) {
		case FL_RECORD_SAMPLE:
			survey->samples++;
			break;
		case FL_RECORD_TARGET:
		case FL_RECORD_FORK:
			survey->processes++;
			break;
		case FL_RECORD_MISSED:
			survey->missed += ((const struct fl_missed *)record)->deadlines;
			survey->shed += ((const struct fl_missed *)record)->shed;
			break;
		case FL_RECORD_LOST:
			survey->lost += ((const struct fl_lost *)record)->records;
			break;
		default:
			break;
		}
	}
}

static int read_parts(struct survey *survey, struct faultline_recording *recording)
{
	const struct faultline_segment *segment = faultline_recording_segment(recording);
	struct faultline_batch *batch;
	uint64_t start_ns = 0, last_ns = 0;
	int part;

	while ((part = faultline_recording_read(recording, &batch)) != FAULTLINE_PART_NONE) {
		if (part == FAULTLINE_PART_RECORDS)
			count_records(survey, batch, &last_ns);
		else if (part == FAULTLINE_PART_END)
			note_time(&last_ns, faultline_recording_end(recording)->end_ns);
		else if (part != FAULTLINE_PART_SEGMENT && part != -EBADMSG)
			return part;
		if (part != FAULTLINE_PART_SEGMENT)
			continue;
		survey->length_ns += last_ns - start_ns;
		start_ns = last_ns = segment->start_ns;
	}
	survey->length_ns += last_ns - start_ns;
	return 0;
}

static int read_all(struct survey *survey, struct faultline_recording *recording)
{
	const struct faultline_segment *segment = faultline_recording_segment(recording);
	struct faultline_state state = { .size = sizeof(state) };
	int err;

	survey->began_ns = (int64_t)(segment->start_ns + (uint64_t)segment->wall_ns);
	survey->source = segment->source;
	survey->command = strdup(segment->command);
	if (!survey->command)
		return -ENOMEM;
	err = read_parts(survey, recording);
	if (err)
		return err;
	faultline_recording_state(recording, &state);
	survey->segments = state.segments;
	survey->state = state.damaged	   ? SURVEY_DAMAGED
			: state.unfinished ? SURVEY_CUT
					   : SURVEY_WHOLE;
	return 0;
}

int survey_read(const char *path, struct survey *survey)
{
	struct faultline_recording *recording;
	struct stat status;
	int err;

	*survey = (struct survey){ .path = strdup(path), .state = SURVEY_EMPTY };
	if (!survey->path)
		return -ENOMEM;
	if (!stat(path, &status)) {
		survey->bytes = (uint64_t)status.st_size;
		survey->written_ns = status.st_mtim.tv_sec * NS_PER_S + status.st_mtim.tv_nsec;
		survey->began_ns = survey->written_ns;
	}
	err = faultline_recording_open(path, &recording);
	if (err == -ENODATA || err == -EPROTONOSUPPORT) {
		survey->state = err == -ENODATA ? SURVEY_EMPTY : SURVEY_OTHER;
		return 0;
	}
	if (err)
		return err;
	err = read_all(survey, recording);
	faultline_recording_close(recording);
	if (!err && survey->state == SURVEY_CUT && files_recorded_into(path))
		survey->state = SURVEY_WRITING;
	return err;
}

void survey_free(struct survey *survey)
{
	free(survey->path);
	free(survey->command);
}
