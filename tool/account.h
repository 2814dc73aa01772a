/* SPDX-License-Identifier: MIT */
/* An ACCOUNT is what `faultline stat` has to tell of a command, or of processes, at its end. */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "child.h"
#include "footing.h"
#include "history.h"
#include "ledger.h"

struct account {
	const struct history *history;
	const struct ledger *ledger;
	const struct footing *footing;
	char *const *command;	   /* NULL: there was none */
	const struct child *child; /* reaped, if there was a command */
	uint64_t elapsed_ns;	   /* of the command, or of the watching */
};

/* What an interval has to tell. */
struct account_interval {
	uint64_t time_ns; /* its end, since the beginning */
	uint64_t length_ns;
	struct fl_counts counts; /* in it; memory at its end */
	size_t processes;	 /* that are followed at its end */
};

#endif
