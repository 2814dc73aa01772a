/* SPDX-License-Identifier: MIT */
/* What is found in a made history, and what that must say. */
#ifndef FL_FOUND_H
#define FL_FOUND_H

#include <signal.h>
#include <stdbool.h>

#include "insight.h"
#include "made_history.h"

static struct insights found;

static inline int begin(void **state)
{
	found = (struct insights){ 0 };
	return made_new(state);
}

static inline int end(void **state)
{
	insights_free(&found);
	return made_free(state);
}

/* What is found of a kind; NULL if nothing is. */
static inline const struct insight *find(enum insight_kind kind)
{
	insights_free(&found);
	assert_int_equal(insights_find(made, 0, &found), 0);
	for (size_t i = 0; i < found.number; i++)
		if (found.all[i].kind == kind)
			return &found.all[i];
	return NULL;
}

static inline double number(const struct insight *insight, const char *name)
{
	for (size_t i = 0; i < INSIGHT_NUMBERS && insight->numbers[i].name; i++)
		if (!strcmp(insight->numbers[i].name, name))
			return insight->numbers[i].value;
	fail_msg("no number %s", name);
	return 0;
}

static inline void assert_says(const struct insight *insight, const char *words)
{
	assert_non_null(insight);
	if (!strstr(insight->text, words))
		fail_msg("\"%s\" says nothing of \"%s\"", insight->text, words);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

#endif
