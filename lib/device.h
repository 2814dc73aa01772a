/* SPDX-License-Identifier: MIT */
/* The module's device: system calls on it, and what their errors mean to people. */
#ifndef FL_DEVICE_H
#define FL_DEVICE_H

/** device_open - open the device: its descriptor, to be closed by the caller, or -errno */
int device_open(const char *path);

/**
 * device_call - an ioctl, again after each signal
 * @request: FL_IOC_...
 * @argument: its struct, or NULL if it takes none
 *
 * Return: 0, or -errno; the message says what it means for that request.
 */
int device_call(int fd, unsigned long request, void *argument);

/** device_shake_hands - 0 if the module's ABI is of our major version, or -EPROTONOSUPPORT... */
int device_shake_hands(int fd);

#endif
