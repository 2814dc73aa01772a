/* SPDX-License-Identifier: MIT */
/* Registering a process with the module and taking it off again, as a writer of its proc file. */
#ifndef FL_TARGET_H
#define FL_TARGET_H

/**
 * target_register - have a process sampled
 * @status: path of the proc file, FL_CLASSIC_STATUS
 * @pid: of the process, as the caller's PID namespace numbers it
 *
 * Return: 0, or -errno: -ENODEV if there is no such file, hence no module; what opening it said; or
 * what faultline_classic.h says of a refused line.
 */
int target_register(const char *status, int pid);

/** target_unregister - no longer have it sampled; arguments and errors as target_register() */
int target_unregister(const char *status, int pid);

/**
 * target_explain - what an error of the two above means and what to do next
 * @err: -errno
 *
 * Return: half a line without a full stop, to follow "cannot register: "; never to be freed, valid
 * until the next call.
 */
const char *target_explain(int err);

#endif
