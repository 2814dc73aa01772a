// SPDX-License-Identifier: MIT
#include "page_pack.h"

#include <stdlib.h>
#include <zlib.h>

#define PLAIN_BYTES  (64U << 10)
#define PACKED_BYTES (48U << 10) /* a multiple of 3, which base64 makes 4 characters of */
#define NUMBER_BYTES 10		 /* of the longest one */

struct page_pack {
	FILE *to;
	z_stream stream;
	uint64_t last;
	size_t used; /* of plain */
	unsigned char plain[PLAIN_BYTES];
	unsigned char packed[PACKED_BYTES];
};

struct page_pack *page_pack_new(FILE *to)
{
	struct page_pack *pack = calloc(1, sizeof(*pack));

	if (!pack)
		return NULL;
	pack->to = to;
	if (deflateInit(&pack->stream, Z_DEFAULT_COMPRESSION) != Z_OK) {
		free(pack);
		return NULL;
	}
	pack->stream.next_out = pack->packed;
	pack->stream.avail_out = PACKED_BYTES;
	return pack;
}

static void write_base64(FILE *to, const unsigned char *bytes, size_t number)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < number; i += 3) {
		size_t left = number - i;
		unsigned int group = (unsigned int)bytes[i] << 16;

		group |= left > 1 ? (unsigned int)bytes[i + 1] << 8 : 0;
		group |= left > 2 ? bytes[i + 2] : 0;
		putc(digits[group >> 18], to);
		putc(digits[group >> 12 & 63], to);
		putc(left > 1 ? digits[group >> 6 & 63] : '=', to);
		putc(left > 2 ? digits[group & 63] : '=', to);
	}
}

static void write_packed(struct page_pack *pack)
{
	write_base64(pack->to, pack->packed, PACKED_BYTES - pack->stream.avail_out);
	pack->stream.next_out = pack->packed;
	pack->stream.avail_out = PACKED_BYTES;
}

/* Deflate what there is; with Z_FINISH all that zlib has kept, too. */
static void deflate_plain(struct page_pack *pack, int flush)
{
	int state = Z_OK;

	pack->stream.next_in = pack->plain;
	pack->stream.avail_in = pack->used;
	while (pack->stream.avail_in || (flush == Z_FINISH && state != Z_STREAM_END)) {
		if (!pack->stream.avail_out)
			write_packed(pack);
		state = deflate(&pack->stream, flush);
	}
	pack->used = 0;
}

void page_pack_begin(struct page_pack *pack)
{
	pack->last = 0;
}

/* Small ones are short, whichever way they go: 0, -1, 1, -2... as 0, 1, 2, 3... */
void page_pack_add(struct page_pack *pack, uint64_t number)
{
	int64_t step = (int64_t)(number - pack->last);
	uint64_t bits = (uint64_t)step << 1 ^ (step < 0 ? UINT64_MAX : 0);

	pack->last = number;
	if (pack->used + NUMBER_BYTES > PLAIN_BYTES)
		deflate_plain(pack, Z_NO_FLUSH);
	for (; bits > 127; bits >>= 7)
		pack->plain[pack->used++] = bits | 128;
	pack->plain[pack->used++] = bits;
}

void page_pack_finish(struct page_pack *pack)
{
	deflate_plain(pack, Z_FINISH);
	write_packed(pack);
	deflateEnd(&pack->stream);
	free(pack);
}
