/* SPDX-License-Identifier: MIT */
/* Accounts as text for people. What could not be written, ferror(3) of the file tells. */
#ifndef ACCOUNT_TEXT_H
#define ACCOUNT_TEXT_H

#include <stdio.h>

#include "account.h"

/** account_text_write - the whole of it */
void account_text_write(FILE *to, const struct account *account);

/** account_text_head - the names of the columns of intervals */
void account_text_head(FILE *to);

/** account_text_interval - a line */
void account_text_interval(FILE *to, const struct account *account,
			   const struct account_interval *interval);

/** account_text_total - what intervals add up to, and the footing */
void account_text_total(FILE *to, const struct account *account);

#endif
