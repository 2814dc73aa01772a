// SPDX-License-Identifier: MIT
#include "insight.h"

#include <stdlib.h>

void insights_free(struct insights *insights)
{
	free(insights->all);
	*insights = (struct insights){ 0 };
}

const char *insight_name(enum insight_kind kind)
{
	static const char *const names[] = {
		[INSIGHT_RECORDING] = "recording", [INSIGHT_THRASHING] = "thrashing",
		[INSIGHT_MAJOR] = "major_faults",  [INSIGHT_SWAP] = "swap",
		[INSIGHT_CHURN] = "churn",	   [INSIGHT_GROWTH] = "growth",
		[INSIGHT_BURST] = "burst",	   [INSIGHT_STORM] = "storm",
		[INSIGHT_KILLED] = "killed",
	};

	return names[kind];
}
