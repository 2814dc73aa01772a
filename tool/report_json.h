/* SPDX-License-Identifier: MIT */
/* The report as JSON: one object, with all that the text has, and for all processes. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <stdio.h>

#include "report_text.h"

/** report_json - write it, a newline behind it: 0, -ENOMEM, or -EIO if it cannot be written */
int report_json(FILE *to, const struct report *report);

#endif
