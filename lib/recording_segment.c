// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "message.h"
#include "options.h"
#include "recording_format.h"
#include "recording_segment.h"

/* Where each string is, in memory and in the file. */
static const struct {
	size_t in_memory, in_file;
} strings[] = {
	{ offsetof(struct faultline_segment, node), offsetof(struct recording_segment, node) },
	{ offsetof(struct faultline_segment, machine),
	  offsetof(struct recording_segment, machine) },
	{ offsetof(struct faultline_segment, kernel), offsetof(struct recording_segment, kernel) },
	{ offsetof(struct faultline_segment, source_version),
	  offsetof(struct recording_segment, source_version) },
	{ offsetof(struct faultline_segment, blind), offsetof(struct recording_segment, blind) },
	{ offsetof(struct faultline_segment, command),
	  offsetof(struct recording_segment, command) },
};

#define STRINGS (sizeof(strings) / sizeof(strings[0]))

static const char **string_in(struct faultline_segment *segment, size_t i)
{
	return (const char **)((char *)segment + strings[i].in_memory);
}

static struct recording_string *place_in(struct recording_segment *packed, size_t i)
{
	return (struct recording_string *)((char *)packed + strings[i].in_file);
}

static int64_t now(clockid_t clock)
{
	struct timespec time = { 0 };

	clock_gettime(clock, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void complete_numbers(struct faultline_segment *segment)
{
	if (!segment->source)
		segment->source = FAULTLINE_SOURCE_MODULE;
	if (!segment->clock)
		segment->clock = FL_CLOCK_MONOTONIC;
	if (!segment->page_bytes)
		segment->page_bytes = sysconf(_SC_PAGESIZE);
	if (!segment->cpus)
		segment->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (!segment->start_ns)
		segment->start_ns = now(CLOCK_MONOTONIC);
	if (!segment->wall_ns)
		segment->wall_ns = now(CLOCK_REALTIME) - now(CLOCK_MONOTONIC);
}

int segment_complete(struct faultline_segment *segment, const struct faultline_segment *given,
		     struct utsname *about)
{
	int err;

	*segment = (struct faultline_segment){ 0 };
	err = given ? options_take(segment, sizeof(*segment), sizeof(*segment), given) : 0;
	if (err)
		return err;
	if (uname(about))
		return message_fail_at(-errno, "asking for the machine's name");
	complete_numbers(segment);
	if (!segment->node)
		segment->node = about->nodename;
	if (!segment->machine)
		segment->machine = about->machine;
	if (!segment->kernel)
		segment->kernel = about->release;
	for (size_t i = 0; i < STRINGS; i++)
		if (!*string_in(segment, i))
			*string_in(segment, i) = "";
	return 0;
}

static void pack_numbers(const struct faultline_segment *segment, struct recording_segment *packed)
{
	*packed = (struct recording_segment){
		.size = sizeof(*packed),
		.major = RECORDING_MAJOR,
		.minor = RECORDING_MINOR,
		.abi_major = FL_ABI_MAJOR,
		.abi_minor = FL_ABI_MINOR,
		.source = segment->source,
		.clock = segment->clock,
		.ring_flags = segment->ring_flags,
		.page_bytes = segment->page_bytes,
		.cpus = segment->cpus,
		.period_ns = segment->period_ns,
		.start_ns = segment->start_ns,
		.wall_ns = segment->wall_ns,
	};
}

int segment_pack(const struct faultline_segment *segment, void **payload, uint32_t *bytes)
{
	struct faultline_segment from = *segment;
	size_t at = sizeof(struct recording_segment), total = at;
	char *made;

	for (size_t i = 0; i < STRINGS; i++)
		total += strlen(*string_in(&from, i)) + 1;
	total = (total + 7) / 8 * 8;
	if (total > RECORDING_PAYLOAD_MAX)
		return message_fail(-EINVAL, "the command line, or another string, is too long "
					     "for a recording");
	made = calloc(1, total);
	if (!made)
		return message_fail(-ENOMEM, "no memory to begin a segment");
	pack_numbers(&from, (void *)made);
	for (size_t i = 0; i < STRINGS; i++) {
		uint32_t length = strlen(*string_in(&from, i));

		memcpy(made + at, *string_in(&from, i), length);
		*place_in((void *)made, i) = (struct recording_string){ at, length };
		at += length + 1;
	}
	*payload = made;
	*bytes = total;
	return 0;
}

static int malformed(void)
{
	return message_fail(-EBADMSG, "what a segment of the recording begins with is damaged");
}

/* A string of the payload, or NULL if it is not inside and ended by a NUL. */
static const char *unpack_string(const char *payload, uint32_t bytes, struct recording_string place)
{
	if (!place.offset)
		return "";
	if (place.offset >= bytes || place.length >= bytes - place.offset ||
	    payload[place.offset + place.length])
		return NULL;
	return payload + place.offset;
}

int segment_unpack(struct faultline_segment *segment, const void *payload, uint32_t bytes)
{
	struct recording_segment packed;

	if (bytes < sizeof(packed))
		return malformed();
	memcpy(&packed, payload, sizeof(packed));
	if (packed.size < sizeof(packed) || packed.size > bytes || packed.major != RECORDING_MAJOR)
		return malformed();
	if (packed.abi_major != FL_ABI_MAJOR)
		return message_fail(-EPROTONOSUPPORT,
				    "the recording has records of ABI %u, this library reads %u: "
				    "install the release that wrote it",
				    packed.abi_major, FL_ABI_MAJOR);
	*segment = (struct faultline_segment){
		.size = sizeof(*segment),
		.source = packed.source,
		.clock = packed.clock,
		.ring_flags = packed.ring_flags,
		.page_bytes = packed.page_bytes,
		.cpus = packed.cpus,
		.period_ns = packed.period_ns,
		.start_ns = packed.start_ns,
		.wall_ns = packed.wall_ns,
	};
	for (size_t i = 0; i < STRINGS; i++) {
		*string_in(segment, i) = unpack_string(payload, bytes, *place_in(&packed, i));
		if (!*string_in(segment, i))
			return malformed();
	}
	return 0;
}
