/* SPDX-License-Identifier: BSD-2-Clause
 *
 * list: see list.h
 */
#include "liquid/list.h"

#include "liquid/compare.h"

#define DEPTH_MAX 128

static bool
is_flat(const struct liquid_array *array)
{
	for (size_t i = 0; i < array->count; i++) {
		if (array->at[i].type == LIQUID_ARRAY)
			return false;
	}
	return true;
}

static int
count_flat(struct render *render, const struct liquid_array *array, int depth, size_t *count)
{
	if (depth > DEPTH_MAX)
		return render_err(render, ERR_LIMIT, "lists are nested too deep");
	if (render_charge(render, array->count * 16) < 0)
		return -1;
	for (size_t i = 0; i < array->count; i++) {
		if (array->at[i].type != LIQUID_ARRAY)
			++*count;
		else if (count_flat(render, array->at[i].array, depth + 1, count) < 0)
			return -1;
	}
	return 0;
}

static size_t
copy_flat(const struct liquid_array *array, struct liquid_value *to)
{
	size_t count = 0;

	for (size_t i = 0; i < array->count; i++) {
		if (array->at[i].type == LIQUID_ARRAY)
			count += copy_flat(array->at[i].array, to + count);
		else
			to[count++] = array->at[i];
	}
	return count;
}

static int
flatten(struct render *render, const struct liquid_array *array, struct list *list_r)
{
	struct liquid_value *to;
	size_t count = 0;

	if (count_flat(render, array, 0, &count) < 0)
		return -1;
	to = render_alloc(render, count * sizeof *to);
	if (to == NULL)
		return -1;
	*list_r = (struct list){to, copy_flat(array, to)};
	return 0;
}

static int
spread(struct render *render, const struct liquid_value *range, struct list *list_r)
{
	int64_t count = value_range_count(range);
	struct liquid_value *to;

	if ((uint64_t)count > SIZE_MAX / sizeof *to)
		return render_full(render);
	if (render_charge(render, (size_t)count * 16) < 0)
		return -1;
	to = render_alloc(render, (size_t)count * sizeof *to);
	if (to == NULL)
		return -1;
	for (int64_t i = 0; i < count; i++)
		to[i] = liquid_int(range->range.first + i);
	*list_r = (struct list){to, (size_t)count};
	return 0;
}

int
list_from(struct render *render, const struct liquid_value *value, struct list *list_r)
{
	struct liquid_value *one;

	*list_r = (struct list){NULL, 0};
	switch (value->type) {
	case LIQUID_NIL:
		return 0;
	case LIQUID_RANGE:
		return spread(render, value, list_r);
	case LIQUID_ARRAY:
		if (!is_flat(value->array))
			return flatten(render, value->array, list_r);
		*list_r = (struct list){value->array->at, value->array->count};
		return render_charge(render, value->array->count * 16);
	default:
		one = render_alloc(render, sizeof *one);
		if (one == NULL)
			return -1;
		*one = *value;
		*list_r = (struct list){one, 1};
		return 0;
	}
}

int
list_of(struct filter_call *call, struct list *list_r)
{
	return list_from(call->render, call->input, list_r);
}

int
list_result(struct filter_call *call, const struct liquid_value *at, size_t count)
{
	struct liquid_array *array = render_alloc(call->render, sizeof *array);

	if (array == NULL)
		return -1;
	*array = (struct liquid_array){.at = at, .count = count};
	call->result = (struct liquid_value){.type = LIQUID_ARRAY, .array = array};
	return 0;
}

/* a.b.c as one name, member by member. */
static int
dotted(struct render *render, const struct liquid_value *item, struct str name,
    struct liquid_value *value_r)
{
	struct liquid_value value = *item;
	struct str part;

	while (str_split(&name, '.', &part)) {
		if (value.type != LIQUID_OBJECT && value.type != LIQUID_LAZY)
			continue;
		if (render_member(render, &value, part, value_r) < 0)
			return -1;
		value = *value_r;
	}
	*value_r = value;
	return 0;
}

int
list_property(struct render *render, const struct liquid_value *item,
    const struct liquid_value *name, struct liquid_value *value_r)
{
	struct str key;

	*value_r = LIQUID_NIL_VALUE;
	if (render_text(render, name, &key) < 0 || render_charge(render, key.n) < 0)
		return -1;
	switch (item->type) {
	case LIQUID_OBJECT:
	case LIQUID_LAZY:
		if (render_member(render, item, key, value_r) < 0)
			return -1;
		if (value_r->type == LIQUID_NIL && memchr(key.p, '.', key.n) != NULL)
			return dotted(render, item, key, value_r);
		return 0;
	case LIQUID_STRING: /* Ruby's "text"["ex"]: the part, if it is one */
		if (render_charge(render, item->string.n) < 0)
			return -1;
		if (str_has(item->string, key))
			*value_r = liquid_string(key);
		return 0;
	case LIQUID_INT:
		return render_err(
		    render, ERR_TEMPLATE, "cannot select the property '%.*s'", STR_F(key));
	default:
		return 0;
	}
}

bool
list_has_properties(const struct liquid_value *item)
{
	switch (item->type) {
	case LIQUID_OBJECT:
	case LIQUID_LAZY:
	case LIQUID_STRING:
	case LIQUID_INT:
		return true;
	default:
		return false;
	}
}
