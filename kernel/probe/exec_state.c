// SPDX-License-Identifier: GPL-2.0
/* Whether a process may be dumped is said by what its last exec left, not by its memory. */
#include <linux/sched.h>
#include <linux/sched/exec_state.h>

int probe(struct task_struct *task);

int probe(struct task_struct *task)
{
	return task->exec_state->dumpable == TASK_DUMPABLE_OWNER;
}
