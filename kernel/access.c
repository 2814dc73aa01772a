// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>

#include "access.h"
#include "compat.h"
#include "task.h"

static bool same_ids(const struct cred *opener, const struct cred *theirs)
{
	return uid_eq(opener->uid, theirs->uid) && uid_eq(opener->uid, theirs->euid) &&
	       uid_eq(opener->uid, theirs->suid) && gid_eq(opener->gid, theirs->gid) &&
	       gid_eq(opener->gid, theirs->egid) && gid_eq(opener->gid, theirs->sgid);
}

static bool may_trace_in(const struct file *file, struct user_namespace *ns)
{
	return file_ns_capable(file, ns, CAP_PERFMON) || file_ns_capable(file, ns, CAP_SYS_PTRACE);
}

/* A process without memory (a zombie, a kernel thread) has nothing that dumping could show. */
static bool may_dump(const struct file *file, struct task_struct *task)
{
	struct mm_struct *mm = fl_task_get_mm(task);
	struct user_namespace *ns = fl_get_undumpable_ns(task, mm);
	bool may;

	if (mm)
		mmput_async(mm);
	if (!ns)
		return true;
	may = may_trace_in(file, ns);
	put_user_ns(ns);
	return may;
}

int fl_access_check_rights(const struct file *file, struct task_struct *task)
{
	const struct cred *theirs;
	bool may;

	theirs = get_task_cred(task);
	may = same_ids(file->f_cred, theirs) || may_trace_in(file, theirs->user_ns);
	put_cred(theirs);
	return may && may_dump(file, task) ? 0 : -EPERM;
}

int fl_access_check(const struct file *file, struct task_struct *task)
{
	return same_thread_group(task, current) ? 0 : fl_access_check_rights(file, task);
}
