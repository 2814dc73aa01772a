/* SPDX-License-Identifier: MIT */
/*
 * Messages in the wire format of protocol buffers, to be written only. Five functions take less
 * than what a generator of code would be needed with.
 */
#ifndef PROTOBUF_H
#define PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

#define PROTOBUF_BYTES 4096

/* A message while it grows; length is 0 at first. A field that does not fit is left out. */
struct protobuf {
	size_t length;
	unsigned char bytes[PROTOBUF_BYTES];
};

/** protobuf_number - a field of type uint64, int64 (not sint64), uint32, int32, bool or enum */
void protobuf_number(struct protobuf *message, uint32_t field, uint64_t number);

/** protobuf_double - a field of type double */
void protobuf_double(struct protobuf *message, uint32_t field, double number);

/** protobuf_bytes - a field of type bytes or string, or a message that is in wire format already */
void protobuf_bytes(struct protobuf *message, uint32_t field, const void *bytes, size_t length);

/** protobuf_text - a field of type string; @text is UTF-8 */
void protobuf_text(struct protobuf *message, uint32_t field, const char *text);

/** protobuf_message - a field that is a message itself */
void protobuf_message(struct protobuf *message, uint32_t field, const struct protobuf *inner);

#endif
