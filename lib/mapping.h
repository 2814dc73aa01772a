/* SPDX-License-Identifier: MIT */
/*
 * The mapping of a session: whether it is what faultline.h describes, and where its rings are. All
 * that is fixed is read once, checked and kept here: nothing that is checked is read again.
 */
#ifndef FL_MAPPING_H
#define FL_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "faultline.h"

struct mapping {
	const unsigned char *memory;
	size_t bytes;
	uint32_t rings;
	uint32_t ring_offset;
	uint32_t ring_size;
	bool overwrite;
};

/* A ring whose bytes are all inside the mapping. */
struct mapping_ring {
	const struct fl_ring *ring; /* for what changes */
	const unsigned char *first;
	uint64_t bytes; /* a power of two, 8 at least */
};

/**
 * mapping_check - see that memory is a mapping
 * @mapping: needs no release; not to be used on error
 * @memory: @bytes bytes, which must outlive it
 *
 * Return: 0, or -EINVAL, -EPROTO, -EPROTONOSUPPORT as faultline_reader_open(); the message says
 * what is wrong.
 */
int mapping_check(struct mapping *mapping, const void *memory, size_t bytes);

/** mapping_ring - find a ring: 0, or -ENOENT, -EOPNOTSUPP, -EPROTO as faultline_reader_open() */
int mapping_ring(const struct mapping *mapping, uint32_t number, struct mapping_ring *ring);

#endif
