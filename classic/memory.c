// SPDX-License-Identifier: MIT
#include <errno.h>
#include <sys/mman.h>

#include "memory.h"

static int map_block(unsigned char **block, bool huge_pages)
{
	void *at = mmap(NULL, MEMORY_BLOCK_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err;

	if (at == MAP_FAILED)
		return -errno;
	/* A kernel built without huge pages does not know the advice, and does not need it. */
	if (!huge_pages && madvise(at, MEMORY_BLOCK_BYTES, MADV_NOHUGEPAGE) && errno != EINVAL) {
		err = -errno;
		munmap(at, MEMORY_BLOCK_BYTES);
		return err;
	}
	*block = at;
	return 0;
}

int memory_map(struct memory *m, size_t blocks, bool huge_pages)
{
	int err;

	for (m->blocks = 0; m->blocks < blocks; m->blocks++) {
		err = map_block(&m->block[m->blocks], huge_pages);
		if (err) {
			memory_unmap(m);
			return err;
		}
	}
	return 0;
}

void memory_unmap(struct memory *m)
{
	while (m->blocks)
		munmap(m->block[--m->blocks], MEMORY_BLOCK_BYTES);
}
