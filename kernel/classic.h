/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The original interface: a proc file to register processes with, and a buffer of their sums. The
 * contract with its users is in faultline_classic.h.
 */
#ifndef FL_CLASSIC_H
#define FL_CLASSIC_H

/**
 * fl_classic_create - make the proc file, the device and the stopped clock
 * @major: of the device, 0 for a free one
 *
 * Once, at module load. May sleep. Return: 0; -ENOMEM; -EBUSY if the major number is taken; other
 * errors of the driver core. After an error nothing is left.
 */
int fl_classic_create(unsigned int major);

/** fl_classic_destroy - the mirror, at module unload, whoever is registered still; may sleep */
void fl_classic_destroy(void);

#endif
