/* SPDX-License-Identifier: MIT */
/* JSON objects of numbers and of text that may be any bytes. Without memory a key is left out. */
#ifndef OBJECT_H
#define OBJECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/** object_number - set a key to a number, less than 2^63 or negative as int64_t is */
void object_number(json_t *object, const char *key, uint64_t number);

/** object_number_if - the same, or null if it is not known */
void object_number_if(json_t *object, const char *key, bool known, uint64_t number);

/** object_string - text that may be any bytes as a string, made UTF-8 by utf8_clean(); or NULL */
json_t *object_string(const char *text);

/** object_text - set a key to a text, as object_string() */
void object_text(json_t *object, const char *key, const char *text);

#endif
