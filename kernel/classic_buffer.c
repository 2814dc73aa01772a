// SPDX-License-Identifier: GPL-2.0
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "classic_buffer.h"

static int buffer_open(struct inode *inode, struct file *file)
{
	file->private_data = container_of(inode->i_cdev, struct fl_classic_buffer, cdev);
	return 0;
}

/*
 * The mapping holds the file and the file holds the module, so the pages outlive every reader. A
 * private mapping would never hand a consumed sample back: it is refused.
 */
static int buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct fl_classic_buffer *buffer = file->private_data;

	/* Not VM_SHARED, which the kernel drops for a file that is open for reading only. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	return remap_vmalloc_range(vma, buffer->slots, vma->vm_pgoff);
}

static const struct file_operations buffer_fops = {
	.owner = THIS_MODULE,
	.open = buffer_open,
	.mmap = buffer_mmap,
};

static int allocate_number(struct fl_classic_buffer *buffer, unsigned int major)
{
	if (!major)
		return alloc_chrdev_region(&buffer->dev, 0, 1, FL_CLASSIC_DEVICE);
	buffer->dev = MKDEV(major, 0);
	return register_chrdev_region(buffer->dev, 1, FL_CLASSIC_DEVICE);
}

static void free_device(struct device *device)
{
	kfree(device);
}

/*
 * The device and its node in /dev, which stays root's alone: the sums are about other people's
 * processes. It has no class: class_create() leaks its name on older kernels when memory is short.
 */
static int create_device(struct fl_classic_buffer *buffer)
{
	struct device *device;
	int err;

	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return -ENOMEM;
	device_initialize(device);
	device->devt = buffer->dev;
	device->release = free_device;
	err = dev_set_name(device, FL_CLASSIC_DEVICE);
	if (!err)
		err = device_add(device);
	if (err) {
		put_device(device);
		return err;
	}
	buffer->device = device;
	return 0;
}

static void destroy_device(struct fl_classic_buffer *buffer)
{
	device_del(buffer->device);
	put_device(buffer->device);
}

int fl_classic_buffer_alloc(struct fl_classic_buffer *buffer)
{
	BUILD_BUG_ON(FL_CLASSIC_BYTES != FL_CLASSIC_PAGES * 4096);
	BUILD_BUG_ON(FL_CLASSIC_SAMPLES * FL_CLASSIC_FIELDS * sizeof(long) > FL_CLASSIC_BYTES);

	buffer->slots = vmalloc_user(FL_CLASSIC_BYTES);
	if (!buffer->slots)
		return -ENOMEM;
	memset(buffer->slots, 0xff, FL_CLASSIC_BYTES);
	return 0;
}

void fl_classic_buffer_free(struct fl_classic_buffer *buffer)
{
	vfree(buffer->slots);
}

int fl_classic_buffer_publish(struct fl_classic_buffer *buffer, unsigned int major)
{
	int err;

	err = allocate_number(buffer, major);
	if (err)
		return err;
	err = create_device(buffer);
	if (err)
		goto free_number;
	cdev_init(&buffer->cdev, &buffer_fops);
	buffer->cdev.owner = THIS_MODULE;
	/* From here on it can be opened, through older nodes too: nothing may fail after that. */
	err = cdev_add(&buffer->cdev, buffer->dev, 1);
	if (err)
		goto destroy_device;
	return 0;
destroy_device:
	destroy_device(buffer);
free_number:
	unregister_chrdev_region(buffer->dev, 1);
	return err;
}

void fl_classic_buffer_unpublish(struct fl_classic_buffer *buffer)
{
	cdev_del(&buffer->cdev);
	destroy_device(buffer);
	unregister_chrdev_region(buffer->dev, 1);
}

void fl_classic_buffer_put(struct fl_classic_buffer *buffer, const long *sample)
{
	long *slot = buffer->slots + buffer->next * FL_CLASSIC_FIELDS;
	int field;

	/* Readers stop at an empty first long: they never see half of the old and half of the new
	 * sample. The release pairs with the acquire load in the readers.
	 */
	WRITE_ONCE(slot[0], FL_CLASSIC_EMPTY);
	smp_wmb();
	for (field = 1; field < FL_CLASSIC_FIELDS; field++)
		WRITE_ONCE(slot[field], sample[field]);
	smp_store_release(&slot[0], sample[0]);
	buffer->next = (buffer->next + 1) % FL_CLASSIC_SAMPLES;
}
