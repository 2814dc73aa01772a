// SPDX-License-Identifier: GPL-2.0
/*
 * A module that makes one mistake while it is loaded: `insmod planted.ko mistake=NAME`. The test
 * bench must notice each; one that it does not notice could hide in faultline.ko.
 */
#include <linux/debug_locks.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>

static char *mistake = "none";
module_param(mistake, charp, 0444);
MODULE_PARM_DESC(mistake, "which one to make");

#define BYTES 32

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_SPINLOCK(spin);
static volatile int index = BYTES; /* the compiler does not know it */
static int shared;

static void none(void)
{
}

static void out_of_bounds(void)
{
	char *bytes = kmalloc(BYTES, GFP_KERNEL);

	if (bytes)
		bytes[index] = 1;
	kfree(bytes);
}

static void use_after_free(void)
{
	char *bytes = kmalloc(BYTES, GFP_KERNEL);

	kfree(bytes);
	if (bytes)
		WRITE_ONCE(bytes[0], 1);
}

static void inversion(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void sleep_in_atomic(void)
{
	spin_lock(&spin);
	msleep(1);
	spin_unlock(&spin);
}

static void leak(void)
{
	int i;

	/* Several: a stale pointer in a register or on a stack may hide one. */
	for (i = 0; i < 10; i++)
		memset(kmalloc(BYTES, GFP_KERNEL | __GFP_NOFAIL), i, BYTES);
}

static void ignore(struct timer_list *timer)
{
}

static void free_active(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, ignore, 0);
	mod_timer(timer, jiffies + 1000 * HZ);
	kfree(timer);
}

static void shift(void)
{
	shared = 1 << index;
}

static void blind(void)
{
	debug_locks_off();
}

static int count(void *unused)
{
	while (!kthread_should_stop()) {
		shared++;
		cond_resched();
	}
	return 0;
}

static void race(void)
{
	struct task_struct *one = kthread_run(count, NULL, "planted/1");
	struct task_struct *two = kthread_run(count, NULL, "planted/2");

	msleep(5000);
	if (!IS_ERR(one))
		kthread_stop(one);
	if (!IS_ERR(two))
		kthread_stop(two);
}

static void spin_forever(void *unused)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

static void hang(void)
{
	on_each_cpu(spin_forever, NULL, 0);
	spin_forever(NULL);
}

static const struct {
	const char *name;
	void (*make)(void);
} mistakes[] = {
	{ "none", none },
	{ "out-of-bounds", out_of_bounds },
	{ "use-after-free", use_after_free },
	{ "inversion", inversion },
	{ "sleep-in-atomic", sleep_in_atomic },
	{ "leak", leak },
	{ "free-active", free_active },
	{ "shift", shift },
	{ "blind", blind },
	{ "race", race },
	{ "hang", hang },
};

static int __init planted_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		if (!strcmp(mistake, mistakes[i].name)) {
			pr_info("making the mistake %s\n", mistake);
			mistakes[i].make();
			return 0;
		}
	}
	return -EINVAL;
}

static void __exit planted_exit(void)
{
}

module_init(planted_init);
module_exit(planted_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("makes one mistake, for the test bench to find");
