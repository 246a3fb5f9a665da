/* SPDX-License-Identifier: BSD-2-Clause
 *
 * value_impl: what the files of liquid/ know about values beyond value.h
 *
 * Threads: see value.c.
 */
#ifndef LIQUID_VALUE_IMPL_H
#define LIQUID_VALUE_IMPL_H

#include "liquid/value.h"

struct value_member {
	struct str key;
	uint32_t hash;
	struct liquid_value value;
};

struct liquid_object {
	struct value_member *member; /* in the order they were put in */
	size_t count;
	size_t size;
	uint32_t *index; /* position + 1 by hash; NULL while there are few members */
	uint32_t mask;
};

/* Of a key; differs from one process to the next. */
uint32_t value_hash(struct str s);
/* liquid_object_get with the hash known. */
const struct liquid_value *value_find(
    const struct liquid_object *object, struct str key, uint32_t hash);
struct liquid_value value_float(double d);
/* An array of `count` values, which the caller fills through *at_r. -1 when the
 * arena is full. */
int value_array_new(
    struct arena *arena, size_t count, struct liquid_value **at_r, struct liquid_value *value_r);

/* Elements of a range; beyond 2^62 counts as that many. */
int64_t value_range_count(const struct liquid_value *range);

static inline bool
value_truthy(struct liquid_value v)
{
	return v.type != LIQUID_NIL && !(v.type == LIQUID_BOOL && !v.boolean);
}

#endif
