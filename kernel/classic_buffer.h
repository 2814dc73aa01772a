/* SPDX-License-Identifier: GPL-2.0 */
/* The classic sample buffer and the character device that maps it. */
#ifndef FL_CLASSIC_BUFFER_H
#define FL_CLASSIC_BUFFER_H

#include <linux/cdev.h>
#include <linux/types.h>

#include "faultline_classic.h"

struct device;

/*
 * Readers write into the pages as well (the protocol asks them to), so the kernel only ever writes
 * them and keeps its position here.
 */
struct fl_classic_buffer {
	long *slots;	   /* FL_CLASSIC_BYTES, mapped by readers */
	unsigned int next; /* the slot to fill next, 0 to FL_CLASSIC_SAMPLES - 1 */
	dev_t dev;
	struct cdev cdev;
	struct device *device; /* while it is published */
};

/**
 * fl_classic_buffer_alloc - allocate the empty buffer; may sleep
 * @buffer: all zero
 *
 * Return: 0 or -ENOMEM.
 */
int fl_classic_buffer_alloc(struct fl_classic_buffer *buffer);

/** fl_classic_buffer_free - the mirror of alloc; not published */
void fl_classic_buffer_free(struct fl_classic_buffer *buffer);

/**
 * fl_classic_buffer_publish - make the device appear
 * @buffer: allocated
 * @major: the device's major number, 0 for a free one
 *
 * The last step of loading: whoever opens the device holds the module, which must not fail to load
 * any more. May sleep. Return: 0; -EBUSY if the major number is taken; other errors of the driver
 * core. After an error nothing is left of it.
 */
int fl_classic_buffer_publish(struct fl_classic_buffer *buffer, unsigned int major);

/** fl_classic_buffer_unpublish - its mirror; nobody has it open (the module is in use then) */
void fl_classic_buffer_unpublish(struct fl_classic_buffer *buffer);

/**
 * fl_classic_buffer_put - write the next sample, over an unread one if the buffer is full
 * @buffer: the buffer
 * @sample: FL_CLASSIC_FIELDS longs
 *
 * Does not sleep; the caller serialises.
 */
void fl_classic_buffer_put(struct fl_classic_buffer *buffer, const long *sample);

#endif
