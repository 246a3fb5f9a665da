/* SPDX-License-Identifier: BSD-2-Clause
 *
 * value: see value.h
 *
 * An object keeps its members in the order they came. Up to INDEX_FROM of them are
 * found by walking over them; beyond that an open-addressed index stands
 * beside. Hashes are seeded anew in each process, so that nobody can choose keys
 * that collide.
 *
 * Owns:    nothing; everything lies in the caller's arena.
 * Threads: any, as long as an object is not changed while others read it.
 */
#include "liquid/value_impl.h"

#include <stdlib.h>
#include <sys/random.h>

#define INDEX_FROM  ((size_t)8)
#define JSON_DEPTH  100
#define MEMBERS_MAX ((size_t)1 << 24)

static struct {
	uint64_t begin;
	uint64_t factor;
} hash_seed;

__attribute__((constructor)) static void
seed_hash(void)
{
	if (getrandom(&hash_seed, sizeof hash_seed, 0) != (ssize_t)sizeof hash_seed)
		abort();
	hash_seed.factor |= 1;
}

/* Both halves of the product with a secret factor: each bit of it depends on all of n. */
static uint64_t
mix(uint64_t n)
{
	unsigned __int128 product = (unsigned __int128)n * hash_seed.factor;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint32_t
value_hash(struct str s)
{
	uint64_t hash = hash_seed.begin + s.n;
	uint64_t word;

	for (; s.n >= sizeof word; s.p += sizeof word, s.n -= sizeof word) {
		memcpy(&word, s.p, sizeof word);
		hash = mix(hash ^ word);
	}
	hash = mix(mix(hash ^ value_head(s)) ^ hash_seed.begin);
	return (uint32_t)(hash ^ (hash >> 32));
}

struct liquid_value
value_float(double d)
{
	return (struct liquid_value){.type = LIQUID_FLOAT, .real = d};
}

struct liquid_object *
liquid_object_new(struct arena *arena, size_t hint)
{
	struct liquid_object *object = arena_alloc(arena, sizeof *object);

	if (object == NULL || hint > MEMBERS_MAX)
		return NULL;
	if (hint < 4)
		hint = 4;
	*object = (struct liquid_object){.size = hint};
	object->member = arena_alloc(arena, hint * sizeof *object->member);
	return object->member == NULL ? NULL : object;
}

/* Makes the index anew, twice as wide as the members need. */
static int
build_index(struct liquid_object *object, struct arena *arena)
{
	size_t width = INDEX_FROM;

	while (width < object->size * 2)
		width *= 2;
	object->index = arena_zalloc(arena, width, sizeof *object->index);
	if (object->index == NULL)
		return -1;
	object->mask = (uint32_t)(width - 1);
	for (size_t i = 0; i < object->count; i++) {
		uint32_t at = value_hash(object->member[i].key) & object->mask;

		while (object->index[at] != 0)
			at = (at + 1) & object->mask;
		object->index[at] = (uint32_t)i + 1;
	}
	return 0;
}

static int
grow(struct liquid_object *object, struct arena *arena)
{
	size_t size = object->size * 2;
	struct value_member *member;

	if (size > MEMBERS_MAX)
		return -1;
	member = arena_alloc(arena, size * sizeof *member);
	if (member == NULL)
		return -1;
	memcpy(member, object->member, object->count * sizeof *member);
	object->member = member;
	object->size = size;
	return size > INDEX_FROM ? build_index(object, arena) : 0;
}

/* Among few members nobody needs the hash. */
static const struct value_member *
find_unindexed(const struct liquid_object *object, const struct key *key)
{
	for (size_t i = 0; i < object->count; i++) {
		if (value_is_key(&object->member[i], key))
			return &object->member[i];
	}
	return NULL;
}

static const struct value_member *
find_indexed(const struct liquid_object *object, const struct key *key)
{
	for (uint32_t at = key->hash & object->mask; object->index[at] != 0;
	     at = (at + 1) & object->mask) {
		const struct value_member *member = &object->member[object->index[at] - 1];

		if (value_is_key(member, key))
			return member;
	}
	return NULL;
}

const struct value_member *
value_find_member(const struct liquid_object *object, const struct key *key)
{
	return object->index == NULL ? find_unindexed(object, key) : find_indexed(object, key);
}

const struct liquid_value *
value_find(const struct liquid_object *object, const struct key *key)
{
	const struct value_member *member = value_find_member(object, key);

	return member == NULL ? NULL : &member->value;
}

const struct liquid_value *
liquid_object_get(const struct liquid_object *object, struct str name)
{
	struct key key = value_key(name);

	return value_find(object, &key);
}

/* Adds a member that is not there yet. */
static int
add_member(struct liquid_object *object, struct arena *arena, const struct key *key,
    struct liquid_value value)
{
	uint32_t at = key->hash;

	if (object->count == object->size && grow(object, arena) < 0)
		return -1;
	if (object->index == NULL && object->size > INDEX_FROM && build_index(object, arena) < 0)
		return -1;
	object->member[object->count++] = (struct value_member){key->name, key->head, value};
	if (object->index == NULL)
		return 0;
	for (at &= object->mask; object->index[at] != 0; at = (at + 1) & object->mask)
		;
	object->index[at] = (uint32_t)object->count;
	return 0;
}

int
liquid_object_set(
    struct liquid_object *object, struct arena *arena, struct str name, struct liquid_value value)
{
	struct key key = value_key(name);
	const struct value_member *old = value_find_member(object, &key);

	if (old == NULL)
		return add_member(object, arena, &key, value);
	object->member[old - object->member].value = value;
	return 0;
}

struct liquid_object *
liquid_object_copy(const struct liquid_object *object, struct arena *arena, size_t extra)
{
	struct liquid_object *copy = liquid_object_new(arena, object->count + extra);

	for (size_t i = 0; copy != NULL && i < object->count; i++) {
		const struct value_member *member = &object->member[i];

		if (liquid_object_set(copy, arena, member->key, member->value) != 0)
			return NULL;
	}
	return copy;
}

struct liquid_value
liquid_object_value(const struct liquid_object *object)
{
	return (struct liquid_value){.type = LIQUID_OBJECT, .object = object};
}

int
value_array_new(
    struct arena *arena, size_t count, struct liquid_value **at_r, struct liquid_value *value_r)
{
	struct liquid_array *array = arena_alloc(arena, sizeof *array);

	if (array == NULL || count > SIZE_MAX / sizeof **at_r)
		return -1;
	*at_r = arena_alloc(arena, count * sizeof **at_r);
	if (*at_r == NULL)
		return -1;
	*array = (struct liquid_array){.at = *at_r, .count = count};
	*value_r = (struct liquid_value){.type = LIQUID_ARRAY, .array = array};
	return 0;
}

int64_t
value_range_count(const struct liquid_value *range)
{
	int64_t span;

	if (range->range.last < range->range.first)
		return 0;
	if (__builtin_sub_overflow(range->range.last, range->range.first, &span) ||
	    span >= INT64_MAX / 2)
		return INT64_MAX / 2;
	return span + 1;
}

static int from_json(const json_t *json, struct arena *arena, struct liquid_value *value_r,
    int depth, struct err *err);

static int
full(struct err *err)
{
	return err_set(err, ERR_LIMIT, "template data needs more memory than allowed");
}

static int
array_from_json(const json_t *json, struct arena *arena, struct liquid_value *value_r, int depth,
    struct err *err)
{
	size_t count = json_array_size(json);
	struct liquid_value *at;

	if (value_array_new(arena, count, &at, value_r) < 0)
		return full(err);
	for (size_t i = 0; i < count; i++) {
		if (from_json(json_array_get(json, i), arena, &at[i], depth + 1, err) < 0)
			return -1;
	}
	return 0;
}

static int
object_from_json(
    json_t *json, struct arena *arena, struct liquid_value *value_r, int depth, struct err *err)
{
	struct liquid_object *object = liquid_object_new(arena, json_object_size(json));

	if (object == NULL)
		return full(err);
	for (void *iter = json_object_iter(json); iter != NULL;
	     iter = json_object_iter_next(json, iter)) {
		struct liquid_value member;
		struct str key = arena_str(arena, str_c(json_object_iter_key(iter)));

		if (key.p == NULL)
			return full(err);
		if (from_json(json_object_iter_value(iter), arena, &member, depth + 1, err) < 0)
			return -1;
		if (liquid_object_set(object, arena, key, member) < 0)
			return full(err);
	}
	*value_r = liquid_object_value(object);
	return 0;
}

static int
string_from_json(
    const json_t *json, struct arena *arena, struct liquid_value *value_r, struct err *err)
{
	struct str s = {json_string_value(json), json_string_length(json)};

	s = arena_str(arena, s);
	if (s.p == NULL)
		return full(err);
	*value_r = liquid_string(s);
	return 0;
}

static int
from_json(const json_t *json, struct arena *arena, struct liquid_value *value_r, int depth,
    struct err *err)
{
	*value_r = LIQUID_NIL_VALUE;
	if (depth > JSON_DEPTH)
		return err_set(
		    err, ERR_LIMIT, "template data is nested more than %d deep", JSON_DEPTH);
	if (json == NULL)
		return 0;
	switch (json_typeof(json)) {
	case JSON_NULL:
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		*value_r = liquid_bool(json_is_true(json));
		return 0;
	case JSON_INTEGER:
		*value_r = liquid_int(json_integer_value(json));
		return 0;
	case JSON_REAL:
		*value_r = value_float(json_real_value(json));
		return 0;
	case JSON_STRING:
		return string_from_json(json, arena, value_r, err);
	case JSON_ARRAY:
		return array_from_json(json, arena, value_r, depth, err);
	case JSON_OBJECT:
		return object_from_json((json_t *)(uintptr_t)json, arena, value_r, depth, err);
	}
	return 0;
}

int
liquid_from_json(
    const json_t *json, struct arena *arena, struct liquid_value *value_r, struct err *err)
{
	return from_json(json, arena, value_r, 0, err);
}
