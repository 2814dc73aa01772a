/* SPDX-License-Identifier: MIT */
/* What faultline_message() says. */
#ifndef FL_MESSAGE_H
#define FL_MESSAGE_H

#define MESSAGE_BYTES 512 /* longer ones are cut */

/**
 * message_fail - set the calling thread's message
 * @err: -errno
 * @format: as printf; the message may end with strerror(), so errno is not changed
 *
 * Return: @err, so that a caller can fail and say why in one line.
 */
int message_fail(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** message_fail_at - the same, in the form "WHAT: strerror(-err)" */
int message_fail_at(int err, const char *what);

#endif
