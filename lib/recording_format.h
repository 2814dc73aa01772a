/* SPDX-License-Identifier: MIT */
/*
 * The file format of recordings, version 1. This header is its manual.
 *
 * A FILE is a row of blocks without a gap. All numbers are little-endian and aligned to 8 bytes
 * from the beginning of the file, as each block is a multiple of 8 bytes long.
 *
 * A BLOCK is a struct recording_block and as many bytes of payload as that says. Its CRC is zlib's
 * crc32() over the 12 bytes before the field crc, then over the payload. Blocks are written once,
 * in order, and never changed.
 *
 *	SEGMENT	struct recording_segment, then its strings. The first block of a file; again
 *		wherever somebody began to append. Segments are numbered from 0.
 *	RECORDS	whole records, as struct fl_record of the ABI that the segment names, pads left
 *		out: whole ones, so a block explains itself.
 *	END	struct recording_end: the segment ended well. What follows, if anything, is the
 *		next segment.
 *
 * Every block has the number of its segment. So a block of records is never taken for one of
 * another segment, even if the block that began its own is damaged: then it is left out.
 *
 * READING. A block is whole if its header and payload are all there and its CRC is right. Where one
 * is not, look for the next one that is, at every multiple of 8 bytes behind its beginning. If
 * there is one, what is between is damaged; if there is none, the writer ended here without having
 * finished, and what is behind is to be ignored.
 *
 * APPENDING. Cut off what is to be ignored, then add a segment. A file that is damaged, as above,
 * is not appended to.
 *
 * HOW THIS GROWS. Within a major version, fields are appended to the structs below, and what they
 * say of their sizes tells whether a field is there; absent, it is 0. Readers skip blocks of a kind
 * that they do not know. Whatever else changes raises the major version, which is part of the
 * magic number, and readers of another one are to refuse.
 */
#ifndef FL_RECORDING_FORMAT_H
#define FL_RECORDING_FORMAT_H

#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error recordings are little-endian: numbers would have to be turned round here
#endif

#define RECORDING_MAJOR 1
#define RECORDING_MINOR 0

/* "FLR" and the major version; turned round, the file was made by a big-endian machine. */
#define RECORDING_MAGIC(major) (0x524c46U | (uint32_t)(major) << 24)

#define RECORDING_PAYLOAD_MAX  (1U << 20) /* bytes; a header that says more is no header */
#define RECORDING_SEGMENTS_MAX 65535U

enum recording_kind {
	RECORDING_SEGMENT = 1,
	RECORDING_RECORDS = 2,
	RECORDING_END = 3,
};

struct recording_block {
	uint32_t magic;	  /* RECORDING_MAGIC(RECORDING_MAJOR) */
	uint16_t kind;	  /* enum recording_kind */
	uint16_t segment; /* its number, from 0 */
	uint32_t length;  /* of the payload, a multiple of 8, RECORDING_PAYLOAD_MAX at most */
	uint32_t crc;
};

/* A string: where in the payload it begins and how long it is without the NUL that ends it. */
struct recording_string {
	uint32_t offset; /* 0: there is none, which is "" */
	uint32_t length;
};

/* The payload of a SEGMENT; strings behind it. See struct faultline_segment. */
struct recording_segment {
	uint32_t size; /* of this struct */
	uint16_t major;
	uint16_t minor;
	uint16_t abi_major; /* of the records */
	uint16_t abi_minor;
	uint32_t source; /* enum faultline_source */
	uint32_t clock;	 /* enum fl_clock */
	uint32_t ring_flags;
	uint32_t page_bytes;
	uint32_t cpus;
	uint64_t period_ns;
	uint64_t start_ns;
	int64_t wall_ns;
	struct recording_string node;
	struct recording_string machine;
	struct recording_string kernel;
	struct recording_string source_version;
	struct recording_string blind;
	struct recording_string command;
};

/* The payload of an END is a struct faultline_end. */

#endif
