/* SPDX-License-Identifier: MIT */
/* Accounts as JSON, each an object on a line; faultline-stat(1) has the keys. */
#ifndef ACCOUNT_JSON_H
#define ACCOUNT_JSON_H

#include <stdio.h>

#include "account.h"

/** account_json_write - the whole of it: 0, -ENOMEM, or -errno as write(2) */
int account_json_write(FILE *to, const struct account *account);

/** account_json_interval - an interval; as above */
int account_json_interval(FILE *to, const struct account *account,
			  const struct account_interval *interval);

#endif
