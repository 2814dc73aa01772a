/* SPDX-License-Identifier: MIT */
/* Readers, for the session that owns some. */
#ifndef FL_READER_H
#define FL_READER_H

#include "libfaultline.h"
#include "mapping.h"

/** reader_new - faultline_reader_open() for a mapping that was checked already */
int reader_new(const struct mapping *mapping, uint32_t ring, uint32_t flags,
	       struct faultline_reader **reader);

/** reader_error - 0, or -EPROTO if the reader gives nothing any more; sets the message */
int reader_error(const struct faultline_reader *reader);

#endif
