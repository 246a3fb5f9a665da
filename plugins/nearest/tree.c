/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tree: see tree.h
 *
 * Threads: any.
 */
#include "tree.h"

/* --- building --- */

static bool
is_less(const struct tree_node *a, const struct tree_node *b, int axis)
{
	if (a->at.v[axis] != b->at.v[axis])
		return a->at.v[axis] < b->at.v[axis];
	return a->item < b->item;
}

static void
swap(struct tree_node *a, struct tree_node *b)
{
	struct tree_node kept = *a;

	*a = *b;
	*b = kept;
}

/* Puts what is less than the middle one before it; where that one is then. */
static size_t
divide(struct tree_node *nodes, size_t count, int axis)
{
	size_t at = 0;

	swap(&nodes[count / 2], &nodes[count - 1]);
	for (size_t i = 0; i + 1 < count; i++) {
		if (is_less(&nodes[i], &nodes[count - 1], axis))
			swap(&nodes[i], &nodes[at++]);
	}
	swap(&nodes[at], &nodes[count - 1]);
	return at;
}

/* Hoare's selection: afterwards nodes[wanted] is where sorting would put it. */
static void
select_node(struct tree_node *nodes, size_t count, size_t wanted, int axis)
{
	while (count > 1) {
		size_t at = divide(nodes, count, axis);

		if (at == wanted)
			return;
		if (wanted < at) {
			count = at;
		} else {
			nodes += at + 1;
			count -= at + 1;
			wanted -= at + 1;
		}
	}
}

static void
build(struct tree_node *nodes, size_t count, int axis)
{
	size_t middle = count / 2;

	if (count < 2)
		return;
	select_node(nodes, count, middle, axis);
	build(nodes, middle, (axis + 1) % 3);
	build(nodes + middle + 1, count - middle - 1, (axis + 1) % 3);
}

void
tree_build(struct tree_node *nodes, size_t count)
{
	build(nodes, count, 0);
}

/* --- searching --- */

static bool
is_nearer(const struct tree_found *a, const struct tree_found *b)
{
	return a->chord2 != b->chord2 ? a->chord2 < b->chord2 : a->item < b->item;
}

static void
consider(struct tree_search *search, const struct tree_node *node)
{
	const struct tree_found new = {geo_chord2(&search->at, &node->at), node->item};
	bool full = search->count == search->room;
	size_t i;

	if (new.chord2 > search->chord2 ||
	    (full && !is_nearer(&new, &search->found[search->room - 1])) ||
	    (search->accepts != NULL && !search->accepts(search->closure, node->item)))
		return;
	i = full ? search->room - 1 : search->count++;
	for (; i > 0 && is_nearer(&new, &search->found[i - 1]); i--)
		search->found[i] = search->found[i - 1];
	search->found[i] = new;
}

/* No point beyond this is wanted. */
static double
bound(const struct tree_search *search)
{
	return search->count < search->room ? search->chord2
					    : search->found[search->room - 1].chord2;
}

static void
descend(const struct tree_node *nodes, size_t count, int axis, struct tree_search *search)
{
	size_t middle = count / 2;
	const struct tree_node *node = &nodes[middle];
	double off;
	bool right;

	if (count == 0)
		return;
	off = search->at.v[axis] - node->at.v[axis];
	right = off > 0;
	axis = (axis + 1) % 3;
	descend(right ? node + 1 : nodes, right ? count - middle - 1 : middle, axis, search);
	consider(search, node);
	if (off * off <= bound(search))
		descend(
		    right ? nodes : node + 1, right ? middle : count - middle - 1, axis, search);
}

void
tree_search(const struct tree_node *nodes, size_t count, struct tree_search *search)
{
	search->count = 0;
	if (search->room > 0)
		descend(nodes, count, 0, search);
}
