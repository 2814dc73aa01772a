/* SPDX-License-Identifier: MIT */
/* JSON objects of numbers and of text that may be any bytes. Without memory a key is left out. */
#ifndef OBJECT_H
#define OBJECT_H

#include <jansson.h>
#include <stdint.h>

/** object_number - set a key to a number, less than 2^63 or negative as int64_t is */
void object_number(json_t *object, const char *key, uint64_t number);

/** object_text - set a key to a text, which utf8_clean() makes UTF-8 of first */
void object_text(json_t *object, const char *key, const char *text);

#endif
