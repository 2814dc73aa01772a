// SPDX-License-Identifier: GPL-2.0
#include <linux/compat.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "chardev.h"
#include "lifetime.h"
#include "request.h"
#include "session.h"

/* The least that a caller must know of an argument: all of its first version. */
#define SIZE_OF_FIRST(type) sizeof(type)

static bool allowed;

static int device_open(struct inode *inode, struct file *file)
{
	struct fl_session *session;

	if (!smp_load_acquire(&allowed))
		return -ENODEV;
	session = fl_session_create(file);
	if (IS_ERR(session))
		return PTR_ERR(session);
	file->private_data = session;
	return nonseekable_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	fl_session_destroy(file->private_data);
	return 0;
}

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct fl_session *session = file->private_data;

	if (!fl_session_is_set_up(session))
		return -ENXIO;
	return fl_mapping_map(&session->mapping, vma);
}

static __poll_t device_poll(struct file *file, poll_table *table)
{
	struct fl_session *session = file->private_data;

	if (!fl_session_is_set_up(session))
		return EPOLLERR;
	poll_wait(file, &session->wait, table);
	return fl_session_is_readable(session) ? EPOLLIN | EPOLLRDNORM : 0;
}

/* An argument of any version: @first is the size of the oldest. */
static int take(void *argument, size_t size, size_t first, const void __user *from, u32 *theirs)
{
	if (get_user(*theirs, (const u32 __user *)from))
		return -EFAULT;
	if (*theirs < first)
		return -EINVAL;
	if (*theirs > PAGE_SIZE)
		return -E2BIG;
	return copy_struct_from_user(argument, size, from, *theirs);
}

static int give(void __user *to, u32 theirs, const void *argument, size_t size)
{
	return copy_to_user(to, argument, min_t(size_t, theirs, size)) ? -EFAULT : 0;
}

static int tell_version(void __user *user)
{
	struct fl_version version;
	u32 theirs;
	int err;

	err = take(&version, sizeof(version), SIZE_OF_FIRST(version), user, &theirs);
	if (err)
		return err;
	version = (struct fl_version){
		.size = theirs,
		.abi_major = FL_ABI_MAJOR,
		.abi_minor = FL_ABI_MINOR,
	};
	strscpy(version.module, THIS_MODULE->version ?: "", sizeof(version.module));
	return give(user, theirs, &version, sizeof(version));
}

static int setup(struct fl_session *session, void __user *user)
{
	struct fl_setup setup;
	u32 theirs;
	int err;

	err = take(&setup, sizeof(setup), SIZE_OF_FIRST(setup), user, &theirs)
		      ?: fl_session_setup(session, &setup);
	return err ?: give(user, theirs, &setup, sizeof(setup));
}

static int add(struct fl_session *session, void __user *user)
{
	struct fl_add add;
	u32 theirs;
	int err;

	err = take(&add, sizeof(add), SIZE_OF_FIRST(add), user, &theirs)
		      ?: fl_session_add(session, &add);
	return err ?: give(user, theirs, &add, sizeof(add));
}

static int remove(struct fl_session *session, void __user *user)
{
	struct fl_remove remove;
	u32 theirs;

	return take(&remove, sizeof(remove), SIZE_OF_FIRST(remove), user, &theirs)
		       ?: fl_session_remove(session, remove.target);
}

static int consume(struct fl_session *session, void __user *user)
{
	struct fl_consume consume;
	u32 theirs;

	return take(&consume, sizeof(consume), SIZE_OF_FIRST(consume), user, &theirs)
		       ?: fl_session_consume(session, &consume);
}

static int request(struct fl_session *session, unsigned int number, void __user *user)
{
	switch (number) {
	case FL_IOC_ADD:
		return add(session, user);
	case FL_IOC_REMOVE:
		return remove(session, user);
	case FL_IOC_CONSUME:
		return consume(session, user);
	case FL_IOC_START:
		return user ? -EINVAL : fl_session_start(session);
	case FL_IOC_STOP:
		return user ? -EINVAL : fl_session_stop(session);
	case FL_IOC_SAMPLE:
		return user ? -EINVAL : fl_session_sample(session);
	default:
		return -ENOTTY;
	}
}

static long device_ioctl(struct file *file, unsigned int number, unsigned long argument)
{
	struct fl_session *session = file->private_data;
	void __user *user = (void __user *)argument;

	if (number == FL_IOC_VERSION)
		return tell_version(user);
	if (number == FL_IOC_SETUP)
		return setup(session, user);
	if (_IOC_TYPE(number) != FL_IOC_TYPE)
		return -ENOTTY;
	return fl_session_is_set_up(session) ? request(session, number, user) : -ENXIO;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.mmap = device_mmap,
	.poll = device_poll,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/* Everyone may ask; who may look at whom is judged by target. */
static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = FL_DEVICE_NAME,
	.mode = 0666,
	.fops = &device_fops,
};

int fl_chardev_create(void)
{
	return misc_register(&device);
}

void fl_chardev_allow(void)
{
	smp_store_release(&allowed, true);
}

/*
 * If loading fails, the kernel frees the module whoever holds it: those who were just refused, too.
 * All others have let go of it before it may be unloaded.
 */
void fl_chardev_destroy(void)
{
	misc_deregister(&device);
	if (!allowed)
		while (module_refcount(THIS_MODULE) > 1)
			usleep_range(50, 200);
}
