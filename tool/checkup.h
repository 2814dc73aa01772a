/* SPDX-License-Identifier: MIT */
/* A CHECKUP finds what of faultline works on a machine, what does not, and what mends it. */
#ifndef CHECKUP_H
#define CHECKUP_H

#include "machine.h"

#define CHECKUP_MAX 16

enum checkup_verdict {
	CHECKUP_OK,
	CHECKUP_NOTE,  /* it works, but not all of it, or not for long */
	CHECKUP_WRONG, /* the module cannot be used for that */
};

struct checkup_finding {
	const char *about; /* a word or two */
	enum checkup_verdict verdict;
	char text[240];
	char mend[320]; /* a command, to be copied; "": none does */
};

struct checkup {
	struct machine machine;
	bool loaded; /* the module is */
	bool works;  /* it answers, and speaks our language */
	bool never;  /* this kernel can never run it */
	struct checkup_finding findings[CHECKUP_MAX];
	size_t number;
};

/** checkup_run - look at all of it; @root is kept */
void checkup_run(struct checkup *checkup, const char *root);

/**
 * checkup_add - add a finding, for the parts of a checkup
 * @mend: not a format; NULL: none
 */
void checkup_add(struct checkup *checkup, const char *about, enum checkup_verdict verdict,
		 const char *mend, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The parts, in their order. */
void checkup_kernel(struct checkup *checkup); /* could it run the module? */
void checkup_module(struct checkup *checkup); /* does it? */
void checkup_rights(struct checkup *checkup); /* and who may use it, or a stand-in? */

#endif
