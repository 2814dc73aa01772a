// SPDX-License-Identifier: MIT
#include "checkup.h"

#include <stdarg.h>
#include <stdio.h>

void checkup_add(struct checkup *checkup, const char *about, enum checkup_verdict verdict,
		 const char *mend, const char *format, ...)
{
	struct checkup_finding *finding = &checkup->findings[checkup->number];
	va_list words;

	if (checkup->number == CHECKUP_MAX)
		return;
	checkup->number++;
	finding->about = about;
	finding->verdict = verdict;
	snprintf(finding->mend, sizeof(finding->mend), "%s", mend ? mend : "");
	va_start(words, format);
	vsnprintf(finding->text, sizeof(finding->text), format, words);
	va_end(words);
}

void checkup_run(struct checkup *checkup, const char *root)
{
	*checkup = (struct checkup){ 0 };
	machine_look(&checkup->machine, root);
	checkup->loaded = machine_has(&checkup->machine, "/sys/module/faultline");
	checkup_kernel(checkup);
	checkup_module(checkup);
	checkup_rights(checkup);
}
