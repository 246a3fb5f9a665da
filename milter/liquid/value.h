/* SPDX-License-Identifier: BSD-2-Clause
 *
 * value: what a template computes with
 *
 * A value is small, copied freely, and owns nothing: text, arrays and objects
 * lie in an arena or in memory that outlives the render.
 */
#ifndef LIQUID_VALUE_H
#define LIQUID_VALUE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <jansson.h>
#include <stdint.h>

enum liquid_type {
	LIQUID_NIL,
	LIQUID_BOOL,
	LIQUID_INT,
	LIQUID_FLOAT,
	LIQUID_STRING,
	LIQUID_ARRAY,
	LIQUID_OBJECT, /* keys with values, in the order they were put in */
	LIQUID_LAZY,   /* an object whose members are computed when they are asked for */
	LIQUID_RANGE,
	LIQUID_EMPTY, /* the literal `empty` */
	LIQUID_BLANK, /* the literal `blank` */
};

struct liquid_value {
	enum liquid_type type;
	bool safe; /* text that is markup already: not escaped again in HTML mode */
	union {
		bool boolean;
		int64_t integer;
		double real;
		struct str string;
		const struct liquid_array *array;
		const struct liquid_object *object;
		const struct liquid_lazy *lazy;
		struct {
			int64_t first;
			int64_t last;
		} range;
	};
};

struct liquid_array {
	const struct liquid_value *at;
	size_t count;
};

struct liquid_object; /* hash with order; see liquid_object_new */

/* Members on demand: `get` is called when a template asks for one, each time it does, and
 * never for what no template names. It returns 1 and fills value_r, 0 if there is no such
 * member, -1 with err filled. What it returns lies in the arena or outlives the render;
 * it may be an object or another lazy value. */
struct liquid_lazy {
	int (*get)(void *closure, struct str key, struct arena *arena, struct liquid_value *value_r,
	    struct err *err);
	void *closure;
	const char *name; /* what it prints as; NULL: nothing */
};

#define LIQUID_NIL_VALUE ((struct liquid_value){.type = LIQUID_NIL})

static inline struct liquid_value
liquid_string(struct str s)
{
	return (struct liquid_value){.type = LIQUID_STRING, .string = s};
}

static inline struct liquid_value
liquid_int(int64_t n)
{
	return (struct liquid_value){.type = LIQUID_INT, .integer = n};
}

static inline struct liquid_value
liquid_bool(bool b)
{
	return (struct liquid_value){.type = LIQUID_BOOL, .boolean = b};
}

/* An empty object in the arena with room for `hint` members (it grows). NULL when
 * the arena is full. */
struct liquid_object *liquid_object_new(struct arena *arena, size_t hint);
/* Key and value are borrowed. A later value for the same key replaces the earlier.
 * -1 when the arena is full. */
int liquid_object_set(
    struct liquid_object *object, struct arena *arena, struct str key, struct liquid_value value);
const struct liquid_value *liquid_object_get(const struct liquid_object *object, struct str key);
/* A copy of its members (not of what they refer to) with room for `extra` more. NULL when
 * the arena is full. */
struct liquid_object *liquid_object_copy(
    const struct liquid_object *object, struct arena *arena, size_t extra);
struct liquid_value liquid_object_value(const struct liquid_object *object);

/* Copies a JSON tree into the arena. ERR_LIMIT when it is full or the tree is
 * nested more than 100 deep. */
int liquid_from_json(
    const json_t *json, struct arena *arena, struct liquid_value *value_r, struct err *err);

#endif
