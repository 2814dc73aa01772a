// SPDX-License-Identifier: GPL-2.0
/* A thread's state is called __state, as it is not to be read just so. */
#include <linux/sched.h>

unsigned int probe(struct task_struct *task);

unsigned int probe(struct task_struct *task)
{
	return task->__state;
}
