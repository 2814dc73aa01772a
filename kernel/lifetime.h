/* SPDX-License-Identifier: GPL-2.0 */
/* Sessions begin, are set up and end. */
#ifndef FL_LIFETIME_H
#define FL_LIFETIME_H

struct file;
struct fl_session;
struct fl_setup;

/**
 * fl_session_create - the session of a file that is being opened
 * @file: the file
 *
 * May sleep. Return: it; or ERR_PTR: -EMFILE the opener has too many; -ENOMEM.
 */
struct fl_session *fl_session_create(struct file *file);

/** fl_session_destroy - its mirror; nobody else uses it any more; sleeps */
void fl_session_destroy(struct fl_session *session);

/** fl_session_setup - FL_IOC_SETUP, with its errors; may sleep */
int fl_session_setup(struct fl_session *session, struct fl_setup *setup);

#endif
