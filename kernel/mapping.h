/* SPDX-License-Identifier: GPL-2.0 */
/* The memory of a session that user space maps: header, descriptor, ring. */
#ifndef FL_MAPPING_H
#define FL_MAPPING_H

#include <linux/types.h>

#include "faultline.h"

struct mm_struct;
struct vm_area_struct;

struct fl_mapping {
	struct fl_header *header; /* its beginning; all of it is one piece of memory */
	struct fl_ring *ring;
	void *bytes;		 /* of the ring */
	struct mm_struct *payer; /* whose locked memory it counts as; pinned, not in use */
};

/**
 * fl_mapping_alloc - allocate it and fill in what never changes
 * @mapping: all zero
 * @setup: what was asked for, checked
 *
 * It counts as locked memory of the caller, by RLIMIT_MEMLOCK. May sleep. Return: 0 or -ENOMEM.
 */
int fl_mapping_alloc(struct fl_mapping *mapping, const struct fl_setup *setup);

/** fl_mapping_free - its mirror, also of what was never allocated; nobody maps it; may sleep */
void fl_mapping_free(struct fl_mapping *mapping);

/**
 * fl_mapping_map - map a part of it, for reading, into user space
 * @mapping: allocated
 * @vma: where, and which part
 *
 * The mapping holds the file, and the file the memory. May sleep. Return: 0; -EINVAL: private, or
 * past the end; -EPERM: not only for reading; -ENOMEM.
 */
int fl_mapping_map(struct fl_mapping *mapping, struct vm_area_struct *vma);

#endif
