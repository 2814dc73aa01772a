// SPDX-License-Identifier: MIT
#include "tree.h"

#include <errno.h>
#include <stdlib.h>

struct node {
	size_t child;	/* the first; TREE_ROOT: none */
	size_t sibling; /* the next; likewise */
};

/* Nodes of all things, and behind them the one that all roots are children of. */
static struct node *link_up(const size_t *parents, size_t number)
{
	struct node *nodes = calloc(number + 1, sizeof(*nodes));

	if (!nodes)
		return NULL;
	for (size_t i = 0; i <= number; i++)
		nodes[i] = (struct node){ TREE_ROOT, TREE_ROOT };
	for (size_t i = number; i-- > 0;) {
		size_t parent = parents[i] == TREE_ROOT ? number : parents[i];

		nodes[i].sibling = nodes[parent].child;
		nodes[parent].child = i;
	}
	return nodes;
}

int tree_order(const size_t *parents, size_t number, size_t *order, unsigned int *depths)
{
	struct node *nodes = link_up(parents, number);
	unsigned int depth = 0;
	size_t at;

	if (!nodes)
		return -ENOMEM;
	at = nodes[number].child;
	for (size_t i = 0; i < number && at != TREE_ROOT; i++) {
		order[i] = at;
		depths[i] = depth;
		if (nodes[at].child != TREE_ROOT) {
			at = nodes[at].child;
			depth++;
			continue;
		}
		while (nodes[at].sibling == TREE_ROOT && parents[at] != TREE_ROOT) {
			at = parents[at];
			depth--;
		}
		at = nodes[at].sibling;
	}
	free(nodes);
	return 0;
}
