/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a session that is set up is asked for: the requests of the contract, with their errors. All
 * may sleep; all take the session's lock.
 */
#ifndef FL_REQUEST_H
#define FL_REQUEST_H

#include <linux/types.h>

struct fl_add;
struct fl_consume;
struct fl_session;

int fl_session_add(struct fl_session *session, struct fl_add *add);
int fl_session_remove(struct fl_session *session, u32 id);
int fl_session_start(struct fl_session *session);
int fl_session_stop(struct fl_session *session);
int fl_session_sample(struct fl_session *session);
int fl_session_consume(struct fl_session *session, const struct fl_consume *consume);

#endif
