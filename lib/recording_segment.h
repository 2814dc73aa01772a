/* SPDX-License-Identifier: MIT */
/* What a segment begins with: struct faultline_segment to and from the payload of its block. */
#ifndef FL_RECORDING_SEGMENT_H
#define FL_RECORDING_SEGMENT_H

#include <stddef.h>
#include <sys/utsname.h>

#include "libfaultline_recording.h"

/**
 * segment_complete - fill in what the program left to the library
 * @segment: complete on return, also its strings
 * @given: the program's, or NULL
 * @about: where strings about this machine are kept; as long as @segment
 *
 * Return: 0, or -EINVAL, -E2BIG for its size.
 */
int segment_complete(struct faultline_segment *segment, const struct faultline_segment *given,
		     struct utsname *about);

/**
 * segment_pack - make a payload of a complete segment
 * @payload: to be freed
 * @bytes: of it, a multiple of 8
 *
 * Return: 0, -EINVAL if the strings are too long, -ENOMEM.
 */
int segment_pack(const struct faultline_segment *segment, void **payload, uint32_t *bytes);

/**
 * segment_unpack - read a payload
 * @payload: @bytes bytes, aligned to 8; the segment's strings point into it
 *
 * Return: 0, -EBADMSG if it contradicts itself, or -EPROTONOSUPPORT if its records are of another
 * major version of the ABI.
 */
int segment_unpack(struct faultline_segment *segment, const void *payload, uint32_t bytes);

#endif
