// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "libfaultline.h"
#include "message.h"

static _Thread_local char message[MESSAGE_BYTES];

int message_fail(int err, const char *format, ...)
{
	int before = errno;
	va_list words;

	va_start(words, format);
	vsnprintf(message, sizeof(message), format, words);
	va_end(words);
	errno = before;
	return err;
}

int message_fail_at(int err, const char *what)
{
	char why[128];

	if (strerror_r(-err, why, sizeof(why)))
		snprintf(why, sizeof(why), "error %d", -err);
	return message_fail(err, "%s: %s", what, why);
}

const char *faultline_message(void)
{
	return message;
}

const char *faultline_version(void)
{
	return FL_VERSION;
}
