// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "mapping.h"

/* The descriptor has cache lines of its own. */
#define RING_OFFSET ALIGN(sizeof(struct fl_header), 64)

static void fill(struct fl_mapping *mapping, const struct fl_setup *setup, u64 bytes)
{
	*mapping->header = (struct fl_header){
		.magic = FL_HEADER_MAGIC,
		.size = sizeof(struct fl_header),
		.abi_major = FL_ABI_MAJOR,
		.abi_minor = FL_ABI_MINOR,
		.mapping_bytes = bytes,
		.rings = 1,
		.ring_offset = RING_OFFSET,
		.ring_size = sizeof(struct fl_ring),
		.flags = setup->flags,
		.clock = FL_CLOCK_MONOTONIC,
		.page_bytes = PAGE_SIZE,
		.period_ns = setup->period_ns,
	};
	*mapping->ring = (struct fl_ring){
		.kind = FL_RING_SAMPLES,
		.cpu = -1,
		.offset = PAGE_SIZE,
		.bytes = setup->ring_bytes,
	};
}

int fl_mapping_alloc(struct fl_mapping *mapping, const struct fl_setup *setup)
{
	u64 bytes = PAGE_SIZE + PAGE_ALIGN(setup->ring_bytes);
	void *memory;
	int err;

	BUILD_BUG_ON(RING_OFFSET + sizeof(struct fl_ring) > PAGE_SIZE);

	err = account_locked_vm(current->mm, bytes >> PAGE_SHIFT, true);
	if (err)
		return err;
	memory = __vmalloc(bytes, FL_GFP_MAPPED | __GFP_ZERO | __GFP_NOWARN);
	if (!memory) {
		account_locked_vm(current->mm, bytes >> PAGE_SHIFT, false);
		return -ENOMEM;
	}
	mapping->header = memory;
	mapping->ring = memory + RING_OFFSET;
	mapping->bytes = memory + PAGE_SIZE;
	mapping->payer = current->mm;
	mmgrab(mapping->payer);
	fill(mapping, setup, bytes);
	return 0;
}

void fl_mapping_free(struct fl_mapping *mapping)
{
	if (!mapping->header)
		return;
	account_locked_vm(mapping->payer, mapping->header->mapping_bytes >> PAGE_SHIFT, false);
	mmdrop(mapping->payer);
	vfree(mapping->header);
}

static int insert_pages(struct fl_mapping *mapping, struct vm_area_struct *vma)
{
	void *from = (void *)mapping->header + (vma->vm_pgoff << PAGE_SHIFT);
	unsigned long at;
	int err;

	for (at = vma->vm_start; at < vma->vm_end; at += PAGE_SIZE, from += PAGE_SIZE) {
		err = vm_insert_page(vma, at, vmalloc_to_page(from));
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

int fl_mapping_map(struct fl_mapping *mapping, struct vm_area_struct *vma)
{
	u64 pages = mapping->header->mapping_bytes >> PAGE_SHIFT;

	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;
	if (vma->vm_pgoff >= pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;
	fl_vma_protect(vma);
	return insert_pages(mapping, vma);
}
