/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The classic page profiler: what the module and its users agree on.
 *
 * Registering. A process is registered by writing "R PID" to FL_CLASSIC_STATUS and leaves by "U
 * PID" or by exiting. Several commands may come in one write, one a line; blanks around a command
 * and empty lines are ignored. Reading the file lists the registered PIDs, one a line. Both are
 * PIDs of processes (not of single threads) as the caller's own PID namespace numbers them.
 *
 * A write is worked off line by line. A line that is refused changes nothing and ends the write: if
 * it was the first that is not empty, the write fails with the line's error, otherwise the write is
 * short and returns the number of bytes up to the end of the last command before it, so that
 * writing the rest again meets the error. Each write stands for itself: a line must not be spread
 * over two.
 *
 *	EINVAL	not a command, more than FL_CLASSIC_LINE_MAX bytes in a line, more than
 *		FL_CLASSIC_WRITE_MAX bytes in a write, or no command in the whole write
 *	ESRCH	no such process, or it is dead already
 *	EEXIST	"R": registered already
 *	ENOENT	"U": not registered
 *	EPERM	the opener of the file has not the rights that reading the process with ptrace needs
 *	ENOMEM	no memory; nothing was changed
 *
 * Sampling. While anyone is registered, a sample is taken every FL_CLASSIC_PERIOD_MS milliseconds,
 * at start + n * period; the one after the last process left closes the run. One sample is
 * FL_CLASSIC_FIELDS longs: jiffies, which is the kernel's count of ticks, HZ a second; then minor
 * faults, major faults, and CPU time (user + system, in jiffies). The last three are sums over all
 * registered processes, each with all its threads, and count since the sample before. A process's
 * first sample counts from the process's birth, its last one, also when it exits by itself, up to
 * its end: added up over a life they are what wait4(2) reports of it, faults to the fault and CPU
 * time to the jiffy but for the last instants of an exit. (wait4 adds what the process's own
 * children used, once it has waited for them; faultline counts a child only if it is registered.)
 *
 * The buffer. FL_CLASSIC_BYTES bytes, mapped from the character device FL_CLASSIC_DEVICE (dynamic
 * major, minor 0) with MAP_SHARED. FL_CLASSIC_SAMPLES slots of FL_CLASSIC_FIELDS longs; all longs
 * are FL_CLASSIC_EMPTY at first. The writer fills slot after slot and goes round, whether or not
 * they were read. A slot's first long is written last, with release semantics: read it first, and
 * if it is not FL_CLASSIC_EMPTY the three behind it are valid. A reader skips to the first slot
 * that is not empty, takes slots from there until an empty one, and sets every long it took back to
 * FL_CLASSIC_EMPTY. The kernel only writes this memory: whatever a reader leaves in it harms nobody
 * but the readers. mmap fails with EINVAL if the mapping is not MAP_SHARED or reaches past the end.
 */
#ifndef _UAPI_FAULTLINE_CLASSIC_H
#define _UAPI_FAULTLINE_CLASSIC_H

#define FL_CLASSIC_DIR	  "mp3"
#define FL_CLASSIC_FILE	  "status"
#define FL_CLASSIC_STATUS "/proc/" FL_CLASSIC_DIR "/" FL_CLASSIC_FILE
#define FL_CLASSIC_DEVICE "mp3_chrdev"

#define FL_CLASSIC_LINE_MAX  64	  /* bytes, without the newline */
#define FL_CLASSIC_WRITE_MAX 4096 /* bytes */

#define FL_CLASSIC_PERIOD_MS 50

#define FL_CLASSIC_PAGES   128	  /* of 4 KiB */
#define FL_CLASSIC_BYTES   524288 /* FL_CLASSIC_PAGES * 4096 */
#define FL_CLASSIC_SAMPLES 12000  /* ten minutes */
#define FL_CLASSIC_EMPTY   (-1L)

/* The longs of one sample, in their order. */
enum fl_classic_field {
	FL_CLASSIC_JIFFIES,
	FL_CLASSIC_MINOR,
	FL_CLASSIC_MAJOR,
	FL_CLASSIC_CPU,
	FL_CLASSIC_FIELDS,
};

#endif
