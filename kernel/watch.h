/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Watches the kernel's tracepoints for what happens to targets, and tells their sets: who runs,
 * forks, executes, ends, changes its cgroup.
 */
#ifndef FL_WATCH_H
#define FL_WATCH_H

/**
 * fl_watch_find - find the tracepoints; once, when the module is loaded; may sleep
 *
 * Return: 0, or -ENOENT if this kernel lacks one, which is logged.
 */
int fl_watch_find(void);

/**
 * fl_watch_start - watch, from now on, if nobody does; may sleep
 *
 * Each call needs a fl_watch_stop(). Return: 0 or -ENOMEM.
 */
int fl_watch_start(void);

/**
 * fl_watch_stop - its mirror; may sleep
 *
 * Ten seconds after the last one nothing is called any more, and nothing costs: to begin and to end
 * watching the kernel's code is changed under all CPUs, which is not to be done for every short
 * session. Until then probes find no targets.
 */
void fl_watch_stop(void);

/** fl_watch_leave - nothing is called any more, now; the module is being unloaded; sleeps */
void fl_watch_leave(void);

#endif
