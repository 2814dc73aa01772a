/* SPDX-License-Identifier: MIT */
/* One record, and a batch of them, wherever they are: in a ring, in a copy, in a file. */
#ifndef FL_RECORD_H
#define FL_RECORD_H

#include "libfaultline.h"

/**
 * record_bytes - how long a record is
 * @record: aligned to 8 bytes
 * @left: bytes that may be read, from its first on; a multiple of 8, not 0
 *
 * Return: bytes up to the next record, 8 to @left, a multiple of 8; 0 if it is malformed: its size
 * is none, or less than its type needs. A pad needs 8 bytes, an unknown type a struct fl_record.
 */
size_t record_bytes(const struct fl_record *record, size_t left);

/* What a batch needs beside the fields that faultline_next() knows. */
struct record_batch {
	struct faultline_batch batch; /* the first: one is cast into the other */
	/*
	 * Called when the batch is used up: sets it to the next part and returns true, or returns
	 * false at the end. NULL: there is one part only.
	 */
	bool (*turn)(struct record_batch *batch);
	bool malformed; /* it ends before a record that is none; next stays there */
};

#endif
