/* SPDX-License-Identifier: MIT */
/*
 * Numbers for a page, PACKED: what each differs from the one before, in as few bytes as it takes,
 * deflated (zlib), as base64. page/data.js unpacks them.
 */
#ifndef PAGE_PACK_H
#define PAGE_PACK_H

#include <stdint.h>
#include <stdio.h>

struct page_pack;

/** page_pack_new - pack numbers into a file: NULL if there is no memory */
struct page_pack *page_pack_new(FILE *to);

/** page_pack_begin - the next number differs from 0: a column begins */
void page_pack_begin(struct page_pack *pack);

/** page_pack_add - one more; less than 2^53 apart from the one before, which JavaScript can tell */
void page_pack_add(struct page_pack *pack, uint64_t number);

/** page_pack_finish - write what is left and free it; errors of the file show in ferror() */
void page_pack_finish(struct page_pack *pack);

#endif
