// SPDX-License-Identifier: GPL-2.0
/* Those who watch context switches are told the state of who leaves. */
#include <trace/events/sched.h>

static void watcher(void *data, bool preempt, struct task_struct *prev, struct task_struct *next,
		    unsigned int prev_state)
{
}

void probe(void);

void probe(void)
{
	check_trace_callback_type_sched_switch(watcher);
}
