/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tree: which points are nearest, by a k-d tree
 *
 * The tree is one array: the node in its middle divides the rest by one of the three
 * coordinates, which take turns, and each half is a tree again. On vectors in space neither the
 * date line nor the poles are special.
 *
 * Threads: any may search at once; nothing changes after tree_build.
 */
#ifndef NEAREST_TREE_H
#define NEAREST_TREE_H

#include "geo.h"

#include <stddef.h>
#include <stdint.h>

struct tree_node {
	struct geo_unit at;
	uint32_t item;
};

struct tree_found {
	double chord2; /* geo_chord2 */
	uint32_t item;
};

struct tree_search {
	struct geo_unit at;
	double chord2; /* none that is further away */
	/* NULL: all count. */
	bool (*accepts)(const void *closure, uint32_t item);
	const void *closure;
	/* The nearest so many, the nearest first; of two at one distance the lower item. */
	struct tree_found *found;
	size_t room;
	size_t count;
};

void tree_build(struct tree_node *nodes, size_t count);
void tree_search(const struct tree_node *nodes, size_t count, struct tree_search *search);

#endif
