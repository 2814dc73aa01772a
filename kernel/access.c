// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "access.h"
#include "compat.h"

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

/* A leader may have exited and its threads still have the memory. */
static struct mm_struct *get_process_mm(struct task_struct *task)
{
	struct mm_struct *mm = NULL;
	struct task_struct *thread;

	rcu_read_lock();
	__for_each_thread(task->signal, thread) {
		mm = get_task_mm(thread);
		if (mm)
			break;
	}
	rcu_read_unlock();
	return mm;
}

/* A process without memory (a zombie, a kernel thread) has nothing that dumping could show. */
static bool may_dump(const struct file *file, struct task_struct *task)
{
	struct mm_struct *mm = get_process_mm(task);
	bool may;

	if (!mm)
		return true;
	may = get_dumpable(mm) == SUID_DUMP_USER || may_trace_in(file, mm->user_ns);
	/* Not mmput(): tearing down what a dying process leaves is not for our lock to wait for. */
	mmput_async(mm);
	return may;
}

int fl_access_check(const struct file *file, struct task_struct *task)
{
	const struct cred *theirs;
	bool may;

	if (same_thread_group(task, current))
		return 0;
	theirs = get_task_cred(task);
	may = same_ids(file->f_cred, theirs) || may_trace_in(file, theirs->user_ns);
	put_cred(theirs);
	return may && may_dump(file, task) ? 0 : -EPERM;
}
