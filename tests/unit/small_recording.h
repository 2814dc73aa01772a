/* SPDX-License-Identifier: MIT */
/* The small recording, block by block, and what a reader must make of its beginning. */
#ifndef FL_SMALL_RECORDING_H
#define FL_SMALL_RECORDING_H

#include <errno.h>

#include "recording_file.h"

#define SMALL_BLOCKS 4 /* segment, records, records, end */

/* The small recording, and what is whole up to each block's end. */
static _Alignas(8) unsigned char good[FILE_MAX], bad[FILE_MAX];
static size_t good_bytes, ends_at[SMALL_BLOCKS];
static const uint64_t records_to[SMALL_BLOCKS] = { 0, 3, 5, 5 };

static inline int make_small(void **state)
{
	size_t at = 0;

	file_remove(state);
	file_write_small(0);
	good_bytes = file_load(good);
	for (size_t i = 0; i < SMALL_BLOCKS; i++) {
		file_block(good, &at);
		ends_at[i] = at;
	}
	assert_int_equal(at, good_bytes);
	memcpy(bad, good, sizeof(bad));
	return 0;
}

/* How many blocks of the small recording are whole in its first bytes. */
static inline size_t whole_blocks(size_t bytes)
{
	size_t blocks = 0;

	while (blocks < SMALL_BLOCKS && ends_at[blocks] <= bytes)
		blocks++;
	return blocks;
}

/* The recording is whole up to a byte; what is behind is no block, or nothing. */
static inline void assert_ends_at(size_t whole, size_t bytes)
{
	struct seen seen = file_see();
	size_t blocks = whole_blocks(whole);

	if (!blocks) {
		assert_int_equal(seen.opened, -ENODATA);
		return;
	}
	assert_int_equal(seen.opened, 0);
	assert_int_equal(seen.records, records_to[blocks - 1]);
	assert_int_equal(seen.state.ignored_bytes, bytes - ends_at[blocks - 1]);
	assert_int_equal(seen.state.segments, 1);
	assert_int_equal(seen.state.unfinished, blocks < SMALL_BLOCKS);
	assert_int_equal(seen.ends, blocks == SMALL_BLOCKS);
	assert_int_equal(seen.errors + seen.state.damaged, 0);
}

#endif
