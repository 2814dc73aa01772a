// SPDX-License-Identifier: MIT
#include "protobuf.h"

#include <string.h>

#define VARINT_BYTES 10 /* at most */

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_64_BITS = 1,
	WIRE_LENGTH = 2
};

static size_t write_varint(unsigned char *to, uint64_t number)
{
	size_t length = 0;

	for (; number >= 0x80; number >>= 7)
		to[length++] = (unsigned char)(number | 0x80);
	to[length++] = (unsigned char)number;
	return length;
}

static void append(struct protobuf *message, const void *bytes, size_t length)
{
	memcpy(message->bytes + message->length, bytes, length);
	message->length += length;
}

/* Begins a field, if it fits with as many bytes: 1, or 0. */
static int begin(struct protobuf *message, uint32_t field, enum wire_type type, size_t bytes)
{
	unsigned char tag[VARINT_BYTES];
	size_t length = write_varint(tag, (uint64_t)field << 3 | type);

	if (bytes > PROTOBUF_BYTES || message->length + length + bytes > PROTOBUF_BYTES)
		return 0;
	append(message, tag, length);
	return 1;
}

void protobuf_number(struct protobuf *message, uint32_t field, uint64_t number)
{
	unsigned char value[VARINT_BYTES];
	size_t length = write_varint(value, number);

	if (begin(message, field, WIRE_VARINT, length))
		append(message, value, length);
}

void protobuf_double(struct protobuf *message, uint32_t field, double number)
{
	uint64_t bits;
	unsigned char value[sizeof(bits)];

	memcpy(&bits, &number, sizeof(bits));
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (unsigned char)(bits >> 8 * i);
	if (begin(message, field, WIRE_64_BITS, sizeof(value)))
		append(message, value, sizeof(value));
}

void protobuf_bytes(struct protobuf *message, uint32_t field, const void *bytes, size_t length)
{
	unsigned char prefix[VARINT_BYTES];
	size_t prefixed = write_varint(prefix, length);

	if (length > PROTOBUF_BYTES || !begin(message, field, WIRE_LENGTH, prefixed + length))
		return;
	append(message, prefix, prefixed);
	append(message, bytes, length);
}

void protobuf_text(struct protobuf *message, uint32_t field, const char *text)
{
	protobuf_bytes(message, field, text, strlen(text));
}

void protobuf_message(struct protobuf *message, uint32_t field, const struct protobuf *inner)
{
	protobuf_bytes(message, field, inner->bytes, inner->length);
}
