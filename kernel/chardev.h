/* SPDX-License-Identifier: GPL-2.0 */
/* The character device of sessions: what comes from user space becomes calls on a session. */
#ifndef FL_CHARDEV_H
#define FL_CHARDEV_H

/**
 * fl_chardev_create - make the device appear; it refuses to be opened (ENODEV) for now; may sleep
 *
 * Return: 0 or an error of misc_register().
 */
int fl_chardev_create(void);

/** fl_chardev_allow - it may be opened from now on; loading cannot fail any more */
void fl_chardev_allow(void);

/** fl_chardev_destroy - nobody has it open; waits for those that were refused; sleeps */
void fl_chardev_destroy(void);

#endif
