// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) "faultline: " fmt

#include <linux/init.h>
#include <linux/module.h>

#include "chardev.h"
#include "classic.h"
#include "watch.h"

static unsigned int major;
module_param(major, uint, 0444);
MODULE_PARM_DESC(major, "major number of the classic device (0: a free one)");

static int __init faultline_init(void)
{
	int err;

	pr_info("MP3 MODULE LOADING\n");
	err = fl_watch_find();
	if (err)
		goto fail;
	err = fl_chardev_create();
	if (err)
		goto fail;
	/* From its last step on it can be opened: nothing may fail after that. */
	err = fl_classic_create(major);
	if (err)
		goto destroy_chardev;
	fl_chardev_allow();
	pr_info("MP3 MODULE LOADED\n");
	return 0;
destroy_chardev:
	fl_chardev_destroy();
fail:
	pr_err("loading failed: error %d\n", err);
	return err;
}

static void __exit faultline_exit(void)
{
	pr_info("MP3 MODULE UNLOADING\n");
	fl_classic_destroy();
	fl_chardev_destroy();
	fl_watch_leave();
	pr_info("MP3 MODULE UNLOADED\n");
}

module_init(faultline_init);
module_exit(faultline_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(FL_VERSION);
MODULE_AUTHOR("the faultline authors");
MODULE_DESCRIPTION("page profiler: counts page faults and CPU time of chosen processes");
