/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels. The only file that may test a version: everything else is written
 * for one kernel, the newest way.
 */
#ifndef FL_COMPAT_H
#define FL_COMPAT_H

#include <linux/device/class.h>
#include <linux/sched/coredump.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define fl_class_create(name) class_create(THIS_MODULE, name)
#else
#define fl_class_create(name) class_create(name)
#endif

#endif
