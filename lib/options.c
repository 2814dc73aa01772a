// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "message.h"
#include "options.h"

static uint32_t size_of(const void *options)
{
	uint32_t size;

	memcpy(&size, options, sizeof(size));
	return size;
}

static int check_least(uint32_t size, size_t least)
{
	if (size >= least)
		return 0;
	return message_fail(-EINVAL, "a struct says that it has %u bytes: set its size to sizeof",
			    size);
}

int options_take(void *to, size_t known, size_t least, const void *from)
{
	const unsigned char *bytes = from;
	uint32_t size = size_of(from);
	size_t common = size < known ? size : known;
	int err = check_least(size, least);

	if (err)
		return err;
	for (size_t i = known; i < size; i++)
		if (bytes[i])
			return message_fail(-E2BIG, "the program wants what only a newer "
						    "libfaultline can do: install that");
	memcpy(to, from, common);
	memset((unsigned char *)to + common, 0, known - common);
	return 0;
}

int options_give(void *to, size_t least, const void *from, size_t known)
{
	uint32_t size = size_of(to);
	size_t common = size < known ? size : known;
	int err = check_least(size, least);

	if (err)
		return err;
	memcpy(to, from, common);
	memset((unsigned char *)to + common, 0, size - common);
	memcpy(to, &size, sizeof(size));
	return 0;
}
