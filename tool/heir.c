// SPDX-License-Identifier: MIT
#include "heir.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void heir_become(struct heir *heir)
{
	if (!heir->is_one && !prctl(PR_SET_CHILD_SUBREAPER, 1))
		heir->is_one = true;
}

bool heir_owns(const struct heir *heir, int parent)
{
	return heir->is_one && parent == getpid();
}

/* Is it buried? */
static bool bury(int pid)
{
	if (waitpid(pid, NULL, WNOHANG) > 0)
		return true;
	return kill(pid, 0) && errno == ESRCH;
}

void heir_expect(struct heir *heir, int pid)
{
	size_t room = heir->room ? 2 * heir->room : 64;
	int *zombies;

	if (!heir->is_one || bury(pid))
		return;
	if (heir->number == heir->room) {
		zombies = realloc(heir->zombies, room * sizeof(*zombies));
		/* Then it stays a zombie for as long as this tool runs. */
		if (!zombies)
			return;
		heir->zombies = zombies;
		heir->room = room;
	}
	heir->zombies[heir->number++] = pid;
}

void heir_bury(struct heir *heir)
{
	size_t kept = 0;

	for (size_t i = 0; i < heir->number; i++) {
		if (!bury(heir->zombies[i]))
			heir->zombies[kept++] = heir->zombies[i];
	}
	heir->number = kept;
}

void heir_resign(struct heir *heir)
{
	if (heir->is_one)
		prctl(PR_SET_CHILD_SUBREAPER, 0);
	free(heir->zombies);
	*heir = (struct heir){ 0 };
}
