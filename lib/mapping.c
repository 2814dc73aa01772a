// SPDX-License-Identifier: MIT
#include <errno.h>

#include "mapping.h"
#include "message.h"

static int malformed(const char *what)
{
	return message_fail(-EPROTO,
			    "the mapping contradicts itself (%s): are module and library of one "
			    "release?",
			    what);
}

int mapping_check(struct mapping *mapping, const void *memory, size_t bytes)
{
	const struct fl_header *header = memory;
	uint64_t end;

	if ((uintptr_t)memory % 8)
		return message_fail(-EINVAL, "a mapping must be aligned to 8 bytes");
	if (bytes < sizeof(*header) || header->magic != FL_HEADER_MAGIC)
		return malformed("its magic number");
	if (header->abi_major != FL_ABI_MAJOR)
		return message_fail(-EPROTONOSUPPORT,
				    "the mapping is of ABI %u.%u, this library speaks %u.%u",
				    header->abi_major, header->abi_minor, FL_ABI_MAJOR,
				    FL_ABI_MINOR);
	*mapping = (struct mapping){
		.memory = memory,
		.bytes = bytes,
		.rings = header->rings,
		.ring_offset = header->ring_offset,
		.ring_size = header->ring_size,
		.overwrite = header->flags & FL_SETUP_OVERWRITE,
	};
	if (header->mapping_bytes > bytes)
		return malformed("its size");
	if (header->size < sizeof(*header) || header->size > mapping->ring_offset)
		return malformed("its header's size");
	if (mapping->ring_size < sizeof(struct fl_ring) || mapping->ring_size % 8 ||
	    mapping->ring_offset % 8)
		return malformed("its ring descriptors' size or place");
	end = mapping->ring_offset + (uint64_t)mapping->rings * mapping->ring_size;
	if (end > bytes)
		return malformed("how many rings it has");
	return 0;
}

int mapping_ring(const struct mapping *mapping, uint32_t number, struct mapping_ring *ring)
{
	const struct fl_ring *found;
	uint64_t offset, bytes;

	if (number >= mapping->rings)
		return message_fail(-ENOENT, "the session has %u rings, there is no ring %u",
				    mapping->rings, number);
	found = (const void *)(mapping->memory + mapping->ring_offset +
			       (size_t)number * mapping->ring_size);
	if (found->kind != FL_RING_SAMPLES)
		return message_fail(-EOPNOTSUPP,
				    "ring %u is of a kind that only a newer "
				    "libfaultline can read",
				    number);
	offset = found->offset;
	bytes = found->bytes;
	if (bytes < 8 || (bytes & (bytes - 1)) || bytes > mapping->bytes)
		return malformed("the size of a ring");
	if (offset % 8 || offset > mapping->bytes - bytes)
		return malformed("the place of a ring");
	*ring = (struct mapping_ring){ found, mapping->memory + offset, bytes };
	return 0;
}
