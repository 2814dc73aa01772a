// SPDX-License-Identifier: MIT
#include <string.h>

#include "record.h"

size_t record_bytes(const struct fl_record *record, size_t left)
{
	if (faultline_record_usual(record, (const char *)record + left))
		return record->size;
	if (record->size % 8 || record->size > left)
		return 0;
	if (record->type == FL_RECORD_PAD)
		return record->size;
	if (record->type > FL_RECORD_PAD && record->type <= FL_RECORD_LOST)
		return 0;
	return record->size < sizeof(*record) ? 0 : record->size;
}

const struct fl_record *faultline_next_seldom(struct faultline_batch *batch)
{
	struct record_batch *self = (struct record_batch *)batch;

	for (;;) {
		const struct fl_record *record = (const void *)batch->next;
		size_t left = batch->end - batch->next;
		size_t bytes;

		if (!left) {
			if (!self->turn || !self->turn(self))
				return NULL;
			continue;
		}
		bytes = record_bytes(record, left);
		if (!bytes) {
			self->malformed = true;
			return NULL;
		}
		batch->next += bytes;
		if (record->type == FL_RECORD_PAD)
			continue;
		batch->last_size = bytes;
		memcpy(&batch->last_kind, record, sizeof(batch->last_kind));
		return record;
	}
}
