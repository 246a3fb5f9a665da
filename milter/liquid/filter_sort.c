/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter_sort: sort, sort_natural, uniq
 *
 * The order is stable and sorting asks only the arena: a merge sort from the bottom
 * up over pairs of element and key.
 *
 * Threads: see filter.h.
 */
#include "liquid/compare.h"
#include "liquid/list.h"

/* Data from outside is nested 100 deep at most. */
#define DEPTH_MAX 128
/* Looking at an element counts as this many bytes. */
#define ELEMENT_WORK 16

struct keyed {
	struct liquid_value item;
	struct liquid_value key;
};

/* -1 when two keys have no order. */
typedef int order_fn(struct render *render, const struct liquid_value *a,
    const struct liquid_value *b, int *order_r);

/* nil goes last. */
static bool
order_nil(const struct liquid_value *a, const struct liquid_value *b, int *order_r)
{
	*order_r = (a->type == LIQUID_NIL) - (b->type == LIQUID_NIL);
	return a->type == LIQUID_NIL || b->type == LIQUID_NIL;
}

/* As Ruby's <=>: lists by their first elements that differ, then by length. False if
 * the two have no order. */
static bool
order_any(struct render *render, const struct liquid_value *a, const struct liquid_value *b,
    int depth, int *order_r)
{
	size_t n;

	if (compare_order(a, b, order_r, &render->work))
		return true;
	*order_r = 0;
	if (a->type != LIQUID_ARRAY || b->type != LIQUID_ARRAY)
		return compare_equal(a, b, &render->work);
	if (depth > DEPTH_MAX)
		return false;
	n = a->array->count < b->array->count ? a->array->count : b->array->count;
	for (size_t i = 0; i < n && *order_r == 0; i++) {
		render->work += ELEMENT_WORK;
		if (!order_any(render, &a->array->at[i], &b->array->at[i], depth + 1, order_r))
			return false;
	}
	if (*order_r == 0)
		*order_r = (a->array->count > n) - (b->array->count > n);
	return true;
}

static int
order_plain(
    struct render *render, const struct liquid_value *a, const struct liquid_value *b, int *order_r)
{
	if (order_nil(a, b, order_r) || order_any(render, a, b, 0, order_r))
		return render_charge(render, 0);
	return render_err(render, ERR_TEMPLATE, "cannot sort values of incompatible types");
}

static int
order_natural(
    struct render *render, const struct liquid_value *a, const struct liquid_value *b, int *order_r)
{
	if (!order_nil(a, b, order_r))
		compare_order(a, b, order_r, &render->work);
	return render_charge(render, 0);
}

static int
merge(struct render *render, const struct keyed *from, struct keyed *to, size_t left, size_t right,
    size_t end, order_fn *order)
{
	size_t middle = right;

	for (size_t at = left; at < end; at++) {
		struct keyed next;
		int sign = 1;

		if (left < middle && right < end &&
		    order(render, &from[left].key, &from[right].key, &sign) < 0)
			return -1;
		if (left < middle && (right >= end || sign <= 0))
			next = from[left++];
		else
			next = from[right++];
		to[at] = next;
	}
	return 0;
}

static int
sort(struct render *render, struct keyed **keyed, size_t count, order_fn *order)
{
	struct keyed *from = *keyed;
	struct keyed *to = render_alloc(render, count * sizeof *to);
	struct keyed *swap;

	if (to == NULL)
		return -1;
	for (size_t width = 1; width < count; width *= 2) {
		if (render_charge(render, count * 16) < 0)
			return -1;
		for (size_t left = 0; left < count; left += 2 * width) {
			size_t right = left + width < count ? left + width : count;
			size_t end = right + width < count ? right + width : count;

			if (merge(render, from, to, left, right, end, order) < 0)
				return -1;
		}
		swap = from;
		from = to;
		to = swap;
	}
	*keyed = from;
	return 0;
}

/* Items with what they are sorted or compared by: themselves or a property, for which
 * nobody asks where there is but one. */
static int
with_keys(struct filter_call *call, struct keyed **keyed_r, size_t *count_r)
{
	struct list list;

	if (list_of(call, &list) < 0)
		return -1;
	*keyed_r = render_alloc(call->render, list.count * sizeof **keyed_r);
	if (*keyed_r == NULL)
		return -1;
	*count_r = list.count;
	for (size_t i = 0; i < list.count; i++) {
		struct keyed *keyed = &(*keyed_r)[i];

		keyed->item = keyed->key = list.at[i];
		if (list.count > 1 && call->args > 0 && call->arg[0].type != LIQUID_NIL &&
		    list_property(call->render, &list.at[i], &call->arg[0], &keyed->key) < 0)
			return -1;
	}
	return 0;
}

static int
result(struct filter_call *call, const struct keyed *keyed, size_t count)
{
	struct liquid_value *to = render_alloc(call->render, count * sizeof *to);

	if (to == NULL)
		return -1;
	for (size_t i = 0; i < count; i++)
		to[i] = keyed[i].item;
	return list_result(call, to, count);
}

static int
run_sort(struct filter_call *call)
{
	struct keyed *keyed;
	size_t count;

	if (with_keys(call, &keyed, &count) < 0 ||
	    sort(call->render, &keyed, count, order_plain) < 0)
		return -1;
	return result(call, keyed, count);
}

static int
run_sort_natural(struct filter_call *call)
{
	struct keyed *keyed;
	struct str text;
	size_t count;

	if (with_keys(call, &keyed, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		char *p;

		if (keyed[i].key.type == LIQUID_NIL)
			continue;
		if (render_text(call->render, &keyed[i].key, &text) < 0)
			return -1;
		p = render_alloc(call->render, text.n);
		if (p == NULL)
			return -1;
		if (text.n > 0)
			memcpy(p, text.p, text.n);
		str_lower_ascii(p, text.n);
		keyed[i].key = liquid_string((struct str){p, text.n});
	}
	if (sort(call->render, &keyed, count, order_natural) < 0)
		return -1;
	return result(call, keyed, count);
}

/* Equal in the sense of a key: 1 and 1.0 differ. */
static bool
same(const struct liquid_value *a, const struct liquid_value *b, size_t *work)
{
	return a->type == b->type && compare_equal(a, b, work);
}

static int
run_uniq(struct filter_call *call)
{
	struct keyed *keyed;
	uint32_t *table;
	size_t count, kept = 0;
	size_t width = 8;

	if (with_keys(call, &keyed, &count) < 0)
		return -1;
	while (width < count * 2)
		width *= 2;
	table = arena_zalloc(call->render->arena, width, sizeof *table);
	if (table == NULL)
		return render_full(call->render);
	for (size_t i = 0; i < count; i++) {
		struct liquid_value *key = &keyed[i].key;
		size_t at = compare_hash(key) & (width - 1);

		if (key->type == LIQUID_STRING && render_charge(call->render, key->string.n) < 0)
			return -1;

		while (table[at] != 0 &&
		    !same(&keyed[table[at] - 1].key, &keyed[i].key, &call->render->work)) {
			if (render_charge(call->render, 0) < 0)
				return -1;
			at = (at + 1) & (width - 1);
		}
		if (table[at] != 0)
			continue;
		keyed[kept++] = keyed[i];
		table[at] = (uint32_t)kept;
	}
	return result(call, keyed, kept);
}

const struct filter filter_sort_table[] = {
    {"sort", run_sort, 0, 1, FILTER_OWN, false, false},
    {"sort_natural", run_sort_natural, 0, 1, FILTER_OWN, false, false},
    {"uniq", run_uniq, 0, 1, FILTER_OWN, false, false},
    {.name = NULL},
};
