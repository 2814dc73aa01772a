/* SPDX-License-Identifier: GPL-2.0 */
/* One pass of a session over its targets. */
#ifndef FL_PASS_H
#define FL_PASS_H

#include "sampler.h"
#include "target.h"

struct fl_session;

/* Makes a pass at each deadline, and answers calls when kicked. */
extern const struct fl_sampler_ops fl_pass_clock;

/**
 * fl_pass - sample all targets, or those that ran
 * @session: locked
 * @missed: deadlines before this pass that had none, to be told
 * @budget_ns: after which it is to end early and shed the rest
 *
 * May sleep.
 */
void fl_pass(struct fl_session *session, u64 missed, u64 budget_ns);

/** fl_pass_answer_calls - look at all who called; locked, may sleep */
void fl_pass_answer_calls(struct fl_session *session);

/** fl_pass_show - after records were written: what the header says, who waits for them; locked */
void fl_pass_show(struct fl_session *session);

#endif
