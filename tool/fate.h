/* SPDX-License-Identifier: MIT */
/* How processes ended, in a word or two. */
#ifndef FATE_H
#define FATE_H

#include "history.h"

#define FATE_BYTES 24

/** fate_of_status - "exit 0", "SIGKILL", "signal 34" of a status as wait4(2); as fate() */
const char *fate_of_status(char *text, int status);

/** fate - "exit 0", "SIGKILL", "alive", "denied"; text of FATE_BYTES, which is returned */
const char *fate(char *text, const struct history_process *process);

#endif
