/* SPDX-License-Identifier: BSD-2-Clause
 *
 * value_impl: what the files of liquid/ know about values beyond value.h
 *
 * Threads: see value.c.
 */
#ifndef LIQUID_VALUE_IMPL_H
#define LIQUID_VALUE_IMPL_H

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
	uint64_t head;
	uint32_t first, last;

	if (s.n >= sizeof head) {
		memcpy(&head, s.p, sizeof head);
		return head;
	}
	if (s.n >= sizeof first) {
		memcpy(&first, s.p, sizeof first);
		memcpy(&last, s.p + s.n - sizeof last, sizeof last);
		return (uint64_t)last << 32 | first;
	}
	if (s.n == 0)
		return 0;
	return (uint64_t)(unsigned char)s.p[0] | (uint64_t)(unsigned char)s.p[s.n / 2] << 8 |
	    (uint64_t)(unsigned char)s.p[s.n - 1] << 16;
}

static inline struct key
value_key(struct str name)
{
	return (struct key){name, value_head(name), value_hash(name)};
}

/* Of two whose heads are equal. */
static inline bool
value_same_key(struct str a, struct str b)
{
	return a.n == b.n && (a.n <= sizeof(uint64_t) || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
value_truthy(struct liquid_value v)
{
	return v.type != LIQUID_NIL && !(v.type == LIQUID_BOOL && !v.boolean);
}

#endif
