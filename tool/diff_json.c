// SPDX-License-Identifier: MIT
#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "diff_text.h"
#include "object.h"

#define DIGITS 9 /* of numbers with fractions */

/* Programs get seconds and bytes. */
static double scale_of(enum compare_figure figure)
{
	switch (figure) {
	case COMPARE_ELAPSED:
	case COMPARE_CPU:
	case COMPARE_SYSTEM:
		return 1e-9;
	default:
		return 1;
	}
}

static const char *const keys[COMPARE_FIGURES] = {
	[COMPARE_ELAPSED] = "elapsed_s",
	[COMPARE_MINOR] = "minor_faults",
	[COMPARE_MAJOR] = "major_faults",
	[COMPARE_CPU] = "cpu_s",
	[COMPARE_SYSTEM] = "system_s",
	[COMPARE_RESIDENT] = "peak_resident_bytes",
	[COMPARE_SWAPPED] = "peak_swapped_bytes",
	[COMPARE_SWITCHES] = "switches",
	[COMPARE_PROCESSES] = "processes",
};

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *statistics(const struct statistics *of, double scale)
{
	return json_pack("{so, so}", "mean", of->number ? json_real(of->mean * scale) : json_null(),
			 "deviation",
			 of->number > 1 ? json_real(of->deviation * scale) : json_null());
}

static json_t *change(const struct compare_change *of, double scale)
{
	return json_pack("{so, so, so, so, so, so}", "before", statistics(&of->before, scale),
			 "after", statistics(&of->after, scale), "difference",
			 number(of->difference * scale), "percent", number(of->percent), "p",
			 of->chance < 0 ? json_null() : json_real(of->chance), "beyond_noise",
			 of->chance < 0 ? json_null() : json_boolean(compare_is_beyond(of)));
}

static json_t *subject(const struct diff_view *view, const struct compare_subject *of)
{
	json_t *object = json_object();
	json_t *figures = json_object();

	if (*of->name)
		object_text(object, "name", of->name);
	if (of->nth)
		json_object_set_new(object, "nth", json_integer(of->nth));
	for (enum compare_figure i = 0; i < COMPARE_FIGURES; i++) {
		struct compare_change changed = compare_change(view->compare, of, i);

		if (view->figures & 1U << i)
			json_object_set_new(figures, keys[i], change(&changed, scale_of(i)));
	}
	json_object_set_new(object, "figures", figures);
	return object;
}

int diff_json(FILE *to, const struct diff_view *view)
{
	const struct compare *compare = view->compare;
	json_t *names = json_array();
	json_t *whole;
	int error = 0;

	for (size_t i = 1; i < compare->number && i <= view->number; i++)
		json_array_append_new(names, subject(view, &compare->subjects[i]));
	whole = json_pack("{sI, sI, sf, so, so}", "runs_before", (json_int_t)compare->runs[0],
			  "runs_after", (json_int_t)compare->runs[1], "noise_p", COMPARE_CHANCE,
			  "all", subject(view, &compare->subjects[0]), "names", names);
	if (!whole)
		return -ENOMEM;
	if (json_dumpf(whole, to, JSON_INDENT(1) | JSON_REAL_PRECISION(DIGITS)) ||
	    fputc('\n', to) == EOF)
		error = -EIO;
	json_decref(whole);
	return error;
}
