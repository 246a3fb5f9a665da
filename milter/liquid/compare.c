/* SPDX-License-Identifier: BSD-2-Clause
 *
 * compare: see compare.h
 */
#include "liquid/compare.h"

#include "liquid/lex.h"

/* Data from outside is nested 100 deep at most; templates add little. */
#define DEPTH_MAX 128
/* Looking at an element counts as this many bytes. */
#define ELEMENT_WORK 16

static bool equal(
    const struct liquid_value *a, const struct liquid_value *b, int depth, size_t *work);

bool
compare_is_empty(const struct liquid_value *value)
{
	switch (value->type) {
	case LIQUID_STRING:
		return value->string.n == 0;
	case LIQUID_ARRAY:
		return value->array->count == 0;
	case LIQUID_OBJECT:
		return value->object->count == 0;
	default:
		return false;
	}
}

bool
compare_is_blank(const struct liquid_value *value)
{
	switch (value->type) {
	case LIQUID_NIL:
		return true;
	case LIQUID_BOOL:
		return !value->boolean;
	case LIQUID_STRING:
		return lex_trim_right(value->string).n == 0;
	default:
		return compare_is_empty(value);
	}
}

static bool
equal_number(const struct liquid_value *a, const struct liquid_value *b)
{
	if (a->type == LIQUID_INT && b->type == LIQUID_INT)
		return a->integer == b->integer;
	if (a->type == LIQUID_INT)
		return (double)a->integer == b->real;
	if (b->type == LIQUID_INT)
		return a->real == (double)b->integer;
	return a->real == b->real;
}

static bool
is_number(const struct liquid_value *value)
{
	return value->type == LIQUID_INT || value->type == LIQUID_FLOAT;
}

static bool
equal_array(const struct liquid_array *a, const struct liquid_array *b, int depth, size_t *work)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!equal(&a->at[i], &b->at[i], depth, work))
			return false;
	}
	return true;
}

static bool
equal_object(const struct liquid_object *a, const struct liquid_object *b, int depth, size_t *work)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct liquid_value *other = liquid_object_get(b, a->member[i].key);

		if (other == NULL || !equal(&a->member[i].value, other, depth, work))
			return false;
	}
	return true;
}

static bool
equal(const struct liquid_value *a, const struct liquid_value *b, int depth, size_t *work)
{
	*work += ELEMENT_WORK;
	if (is_number(a) && is_number(b))
		return equal_number(a, b);
	if (a->type != b->type || depth > DEPTH_MAX)
		return false;
	switch (a->type) {
	case LIQUID_BOOL:
		return a->boolean == b->boolean;
	case LIQUID_STRING:
		*work += a->string.n == b->string.n ? a->string.n : 0;
		return str_eq(a->string, b->string);
	case LIQUID_ARRAY:
		return a->array == b->array || equal_array(a->array, b->array, depth + 1, work);
	case LIQUID_OBJECT:
		return a->object == b->object ||
		    equal_object(a->object, b->object, depth + 1, work);
	case LIQUID_LAZY:
		return a->lazy == b->lazy;
	case LIQUID_RANGE:
		return a->range.first == b->range.first && a->range.last == b->range.last;
	default:
		return true;
	}
}

static bool
equal_blank(const struct liquid_value *value, size_t *work)
{
	*work += value->type == LIQUID_STRING ? value->string.n : 0;
	return compare_is_blank(value);
}

bool
compare_equal(const struct liquid_value *a, const struct liquid_value *b, size_t *work)
{
	*work += ELEMENT_WORK;
	if (a->type == LIQUID_EMPTY)
		return compare_is_empty(b);
	if (b->type == LIQUID_EMPTY)
		return compare_is_empty(a);
	if (a->type == LIQUID_BLANK)
		return equal_blank(b, work);
	if (b->type == LIQUID_BLANK)
		return equal_blank(a, work);
	return equal(a, b, 0, work);
}

bool
compare_contains(const struct liquid_value *in, struct str text_of_item,
    const struct liquid_value *item, size_t *work)
{
	switch (in->type) {
	case LIQUID_STRING:
		*work += in->string.n * 2; /* few texts make a search slower than this */
		return str_has(in->string, text_of_item);
	case LIQUID_ARRAY:
		for (size_t i = 0; i < in->array->count; i++) {
			if (equal(&in->array->at[i], item, 0, work))
				return true;
		}
		return false;
	case LIQUID_OBJECT:
		return item->type == LIQUID_STRING &&
		    liquid_object_get(in->object, item->string) != NULL;
	case LIQUID_RANGE:
		return item->type == LIQUID_INT && item->integer >= in->range.first &&
		    item->integer <= in->range.last;
	default:
		return false;
	}
}

static int
order_text(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	if (order == 0)
		return (a.n > b.n) - (a.n < b.n);
	return order < 0 ? -1 : 1;
}

bool
compare_order(
    const struct liquid_value *a, const struct liquid_value *b, int *order_r, size_t *work)
{
	double x, y;

	if (a->type == LIQUID_STRING && b->type == LIQUID_STRING) {
		*work += a->string.n < b->string.n ? a->string.n : b->string.n;
		*order_r = order_text(a->string, b->string);
		return true;
	}
	if (!is_number(a) || !is_number(b))
		return false;
	if (a->type == LIQUID_INT && b->type == LIQUID_INT) {
		*order_r = (a->integer > b->integer) - (a->integer < b->integer);
		return true;
	}
	x = a->type == LIQUID_INT ? (double)a->integer : a->real;
	y = b->type == LIQUID_INT ? (double)b->integer : b->real;
	*order_r = (x > y) - (x < y);
	return x == x && y == y;
}

/* Lists and objects by their size alone: those are seldom told apart by it, but what
 * is compared after is counted. */
uint32_t
compare_hash(const struct liquid_value *value)
{
	struct str s = {(const char *)&value->integer, sizeof value->integer};

	switch (value->type) {
	case LIQUID_STRING:
		return value_hash(value->string);
	case LIQUID_INT:
	case LIQUID_FLOAT:
		return value_hash(s);
	case LIQUID_BOOL:
		return 1 + value->boolean;
	default:
		return 16 + (uint32_t)value->type;
	}
}

bool
compare_has_order(const struct liquid_value *value)
{
	return is_number(value) || value->type == LIQUID_STRING;
}

const char *
compare_type_name(const struct liquid_value *value)
{
	switch (value->type) {
	case LIQUID_NIL:
		return "nil";
	case LIQUID_BOOL:
		return value->boolean ? "true" : "false";
	case LIQUID_INT:
		return "Integer";
	case LIQUID_FLOAT:
		return "Float";
	case LIQUID_STRING:
		return "String";
	case LIQUID_ARRAY:
		return "Array";
	case LIQUID_OBJECT:
	case LIQUID_LAZY:
		return "Hash";
	case LIQUID_RANGE:
		return "Range";
	case LIQUID_EMPTY:
		return "empty";
	case LIQUID_BLANK:
		return "blank";
	}
	return "?";
}
