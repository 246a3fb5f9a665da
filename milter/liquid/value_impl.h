/* SPDX-License-Identifier: BSD-2-Clause
 *
 * value_impl: what the files of liquid/ know about values beyond value.h
 *
 * Threads: see value.c.
 */
#ifndef LIQUID_VALUE_IMPL_H
#define LIQUID_VALUE_IMPL_H

#include "liquid/text.h"
#include "liquid/value.h"

/* A name that members are looked up by, with what that takes worked out before. */
struct key {
	struct str name;
	uint64_t head; /* value_head */
	uint32_t hash; /* value_hash */
};

struct value_member {
	struct str key;
	uint64_t head; /* of the key: tells nearly all keys apart without a look at their text */
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
const struct value_member *value_find_member(
    const struct liquid_object *object, const struct key *key);
/* liquid_object_get with a key that is worked out. */
const struct liquid_value *value_find(const struct liquid_object *object, const struct key *key);
struct liquid_value value_float(double d);
/* An array of `count` values, which the caller fills through *at_r. -1 when the
 * arena is full. */
int value_array_new(
    struct arena *arena, size_t count, struct liquid_value **at_r, struct liquid_value *value_r);

/* Elements of a range; beyond 2^62 counts as that many. */
int64_t value_range_count(const struct liquid_value *range);

/* The first eight bytes of a text. Shorter ones of equal length are equal if this is. */
static inline uint64_t
value_head(struct str s)
{
	return s.n == 0 ? 0 : text_word(s, 0);
}

static inline struct key
value_key(struct str name)
{
	return (struct key){name, value_head(name), value_hash(name)};
}

/* Are two texts equal whose heads are? */
static inline bool
value_same_key(struct str a, struct str b)
{
	uint64_t x, y;

	if (a.n != b.n)
		return false;
	for (size_t at = sizeof x; at < a.n; at += sizeof x) {
		/* The last eight bytes may overlap what was looked at. */
		size_t from = a.n - at < sizeof x ? a.n - sizeof x : at;

		memcpy(&x, a.p + from, sizeof x);
		memcpy(&y, b.p + from, sizeof y);
		if (x != y)
			return false;
	}
	return true;
}

static inline bool
value_is_key(const struct value_member *member, const struct key *key)
{
	return member->head == key->head && value_same_key(member->key, key->name);
}

static inline bool
value_truthy(struct liquid_value v)
{
	return v.type != LIQUID_NIL && !(v.type == LIQUID_BOOL && !v.boolean);
}

#endif
