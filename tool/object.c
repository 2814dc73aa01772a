// SPDX-License-Identifier: MIT
#include "object.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

void object_number(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

void object_number_if(json_t *object, const char *key, bool known, uint64_t number)
{
	if (known)
		object_number(object, key, number);
	else
		json_object_set_new(object, key, json_null());
}

json_t *object_string(const char *text)
{
	size_t room = UTF8_ROOM(strlen(text));
	char *clean = malloc(room);
	json_t *string = clean ? json_string(utf8_clean(clean, room, text)) : NULL;

	free(clean);
	return string;
}

void object_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, object_string(text));
}
