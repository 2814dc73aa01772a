// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) "faultline: " fmt

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/uaccess.h>

#include "classic.h"
#include "classic_buffer.h"
#include "classic_command.h"
#include "sampler.h"
#include "target.h"

/*
 * What the registered processes did that is in no sample yet. CPU time is kept in nanoseconds and
 * given out in whole jiffies: the rest stays, so rounding loses nothing over a run.
 */
struct sums {
	u64 minor;
	u64 major;
	u64 cpu_ns;
};

struct classic {
	struct mutex lock; /* targets, pending, and the writing side of buffer */
	struct fl_targets targets;
	struct sums pending;
	struct fl_sampler sampler;
	struct fl_classic_buffer buffer;
	struct proc_dir_entry *dir;
};

static struct classic *the_classic;

/* Adds what the process did since it was last looked at. Returns whether it is over. */
static bool collect(struct classic *classic, struct fl_target *target)
{
	bool over = fl_target_is_over(target);
	struct fl_totals now;

	fl_target_read(target, &now);
	/* A running thread's may differ backwards by some nanoseconds. */
	now.cpu_ns = max(now.cpu_ns, target->last.cpu_ns);
	classic->pending.minor += now.minor - target->last.minor;
	classic->pending.major += now.major - target->last.major;
	classic->pending.cpu_ns += now.cpu_ns - target->last.cpu_ns;
	target->last = now;
	return over;
}

static void write_sample(struct classic *classic)
{
	struct sums *pending = &classic->pending;
	u64 cpu_jiffies = nsecs_to_jiffies(pending->cpu_ns);
	long sample[FL_CLASSIC_FIELDS] = {
		[FL_CLASSIC_JIFFIES] = jiffies,
		[FL_CLASSIC_MINOR] = pending->minor,
		[FL_CLASSIC_MAJOR] = pending->major,
		[FL_CLASSIC_CPU] = cpu_jiffies,
	};

	fl_classic_buffer_put(&classic->buffer, sample);
	pending->minor = 0;
	pending->major = 0;
	pending->cpu_ns -= cpu_jiffies * TICK_NSEC;
}

/*
 * Counts everybody, sends the dead away and writes the sample. The one that finds nobody left
 * closes the run: it has the last counts of who left since the one before.
 */
static void classic_tick(struct fl_sampler *sampler, u64 missed)
{
	struct classic *classic = container_of(sampler, struct classic, sampler);
	struct fl_target *target, *next;

	mutex_lock(&classic->lock);
	fl_targets_each_safe(target, next, &classic->targets)
		if (collect(classic, target))
			fl_targets_remove(&classic->targets, target);
	write_sample(classic);
	if (!classic->targets.count)
		fl_sampler_stop(&classic->sampler);
	mutex_unlock(&classic->lock);
}

static const struct fl_sampler_ops classic_clock = { .tick = classic_tick };

static int register_pid(struct classic *classic, int pid, const struct file *file)
{
	static const struct fl_target_wish plain;
	struct fl_target *target = fl_targets_add_pid(&classic->targets, pid, file, &plain);

	if (IS_ERR(target))
		return PTR_ERR(target);
	fl_sampler_start(&classic->sampler);
	return 0;
}

/* What it did up to now goes into the next sample. */
static int unregister_pid(struct classic *classic, int pid, const struct file *file)
{
	struct fl_target *target = fl_targets_find_pid(&classic->targets, pid, file);

	if (IS_ERR(target))
		return PTR_ERR(target);
	collect(classic, target);
	fl_targets_remove(&classic->targets, target);
	return 0;
}

static int execute(struct classic *classic, const struct fl_classic_command *cmd,
		   const struct file *file)
{
	int err;

	mutex_lock(&classic->lock);
	if (cmd->verb == FL_CLASSIC_REGISTER)
		err = register_pid(classic, cmd->pid, file);
	else
		err = unregister_pid(classic, cmd->pid, file);
	mutex_unlock(&classic->lock);
	return err;
}

/* Returns how many bytes were worked off, or the error if the first line was refused. */
static ssize_t execute_all(struct classic *classic, const char *text, unsigned int len,
			   const struct file *file)
{
	struct fl_classic_command cmd;
	int done = 0, used, err;

	for (;;) {
		used = fl_classic_command_next(text + done, len - done, &cmd);
		if (!used && done)
			return len;
		err = used > 0 ? execute(classic, &cmd, file) : used ?: -EINVAL;
		if (err)
			return done ?: err;
		done += used;
	}
}

static ssize_t status_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	ssize_t done;
	char *text;

	if (!len)
		return 0;
	if (len > FL_CLASSIC_WRITE_MAX)
		return -EINVAL;
	text = memdup_user(from, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	done = execute_all(the_classic, text, len, file);
	kfree(text);
	return done;
}

/* A process that the reader's PID namespace has no number for is not for it to see. */
static int status_show(struct seq_file *seq, void *unused)
{
	struct classic *classic = the_classic;
	struct fl_target *target;
	pid_t nr;

	mutex_lock(&classic->lock);
	fl_targets_each(target, &classic->targets) {
		nr = pid_vnr(target->pid);
		if (nr)
			seq_printf(seq, "%d\n", nr);
	}
	mutex_unlock(&classic->lock);
	return 0;
}

static int status_open(struct inode *inode, struct file *file)
{
	return single_open(file, status_show, NULL);
}

static const struct proc_ops status_ops = {
	.proc_open = status_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
	.proc_write = status_write,
};

static int create_proc(struct classic *classic)
{
	classic->dir = proc_mkdir(FL_CLASSIC_DIR, NULL);
	if (!classic->dir) {
		pr_err("/proc/" FL_CLASSIC_DIR " cannot be made: is another module using it?\n");
		return -ENOMEM;
	}
	if (!proc_create(FL_CLASSIC_FILE, 0666, classic->dir, &status_ops)) {
		proc_remove(classic->dir);
		return -ENOMEM;
	}
	return 0;
}

int fl_classic_create(unsigned int major)
{
	struct classic *classic;
	int err = -ENOMEM;

	classic = kzalloc(sizeof(*classic), GFP_KERNEL);
	if (!classic)
		return err;
	mutex_init(&classic->lock);
	fl_targets_init(&classic->targets, UINT_MAX, NULL, false);
	err = fl_classic_buffer_alloc(&classic->buffer);
	if (err)
		goto free;
	err = fl_sampler_init(&classic->sampler, "faultline/mp3",
			      FL_CLASSIC_PERIOD_MS * (u64)NSEC_PER_MSEC, true, &classic_clock);
	if (err)
		goto free_buffer;
	/* With the file there anyone may come in; removing it waits for them. */
	the_classic = classic;
	err = create_proc(classic);
	if (err)
		goto destroy_sampler;
	err = fl_classic_buffer_publish(&classic->buffer, major);
	if (err)
		goto remove_proc;
	return 0;
remove_proc:
	proc_remove(classic->dir);
destroy_sampler:
	fl_sampler_destroy(&classic->sampler);
	fl_targets_close(&classic->targets);
free_buffer:
	fl_classic_buffer_free(&classic->buffer);
free:
	kfree(classic);
	return err;
}

void fl_classic_destroy(void)
{
	struct classic *classic = the_classic;

	fl_classic_buffer_unpublish(&classic->buffer);
	/* Waits for reads and writes in flight; then for the tick in flight. */
	proc_remove(classic->dir);
	fl_sampler_destroy(&classic->sampler);
	fl_targets_close(&classic->targets);
	fl_classic_buffer_free(&classic->buffer);
	kfree(classic);
}
