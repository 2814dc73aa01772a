/* SPDX-License-Identifier: MIT */
/* The order of a TREE: each thing followed by its children, and theirs, before its next sibling. */
#ifndef TREE_H
#define TREE_H

#include <stddef.h>

#define TREE_ROOT ((size_t)-1)

/**
 * tree_order - in which order to show things so that children stand below their parents
 * @parents: of each thing the index of its parent, TREE_ROOT if it has none; no circles
 * @order: which thing comes first, second...; siblings stay in the order they are in
 * @depths: of each in @order; 0: a root
 *
 * Return: 0 or -ENOMEM.
 */
int tree_order(const size_t *parents, size_t number, size_t *order, unsigned int *depths);

#endif
