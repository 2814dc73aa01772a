/* SPDX-License-Identifier: GPL-2.0 */
/* Who may look at whom. */
#ifndef FL_ACCESS_H
#define FL_ACCESS_H

struct file;
struct task_struct;

/**
 * fl_access_check - may the opener of a file look at a process?
 * @file: the file that the request came through; its opener is the one who is judged, so that a
 *	privileged program which was handed the file lends it nothing
 * @task: the process; the caller holds a reference
 *
 * The rule is ptrace's for reading: the opener's user and group id are the process's real,
 * effective and saved ones and the process is dumpable, or the opener has CAP_PERFMON or
 * CAP_SYS_PTRACE in the user namespace of the process. A process may always look at itself.
 *
 * Any context where a spinlock may be taken. Return: 0 or -EPERM.
 */
int fl_access_check(const struct file *file, struct task_struct *task);

/** fl_access_check_rights - the same, but nobody is let off for looking at himself */
int fl_access_check_rights(const struct file *file, struct task_struct *task);

#endif
