// SPDX-License-Identifier: GPL-2.0
/* Pages that are charged to a memory cgroup are marked so that they cannot be mapped. */
#include <linux/page-flags.h>

int probe(struct page *page);

int probe(struct page *page)
{
	return PageKmemcg(page);
}
