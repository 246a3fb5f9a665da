/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host_read: values as plugins read them
 *
 * NULL reads as nil.
 *
 * Threads: any; see call.c.
 */
#include "plugin/host.h"
#include "plugin/window.h"

#include "base/buf.h"
#include "liquid/date.h"
#include "liquid/json.h"
#include "liquid/number.h"
#include "liquid/value_impl.h"

#include <math.h>

#define TEXT_MAX ((size_t)1 << 20)

static struct liquid_value
see(struct plugin_call *call, const struct mt_value *value)
{
	const struct mt_value *its = plugin_value_of(call, value);

	return its == NULL ? LIQUID_NIL_VALUE : its->v;
}

uint32_t
host_type(struct mt_call *mt, const struct mt_value *value)
{
	switch (see(CALL(mt), value).type) {
	case LIQUID_BOOL:
		return MT_TYPE_BOOL;
	case LIQUID_INT:
		return MT_TYPE_INT;
	case LIQUID_FLOAT:
		return MT_TYPE_NUMBER;
	case LIQUID_STRING:
	case LIQUID_RANGE:
		return MT_TYPE_TEXT;
	case LIQUID_ARRAY:
		return MT_TYPE_ARRAY;
	case LIQUID_OBJECT:
		return MT_TYPE_OBJECT;
	default:
		return MT_TYPE_NIL;
	}
}

int32_t
host_as_bool(struct mt_call *mt, const struct mt_value *value)
{
	return value_truthy(see(CALL(mt), value));
}

int32_t
host_as_number(struct mt_call *mt, const struct mt_value *value, double *number_r)
{
	struct liquid_value v = see(CALL(mt), value);
	struct number number;

	if (v.type == LIQUID_STRING) {
		if (!number_parse(str_trim(v.string), &number))
			return MT_NONE;
	} else if (v.type == LIQUID_INT || v.type == LIQUID_FLOAT) {
		number = number_of(&v);
	} else {
		return MT_NONE;
	}
	*number_r = number_real(number);
	return MT_OK;
}

int32_t
host_as_int(struct mt_call *mt, const struct mt_value *value, int64_t *number_r)
{
	struct liquid_value v = see(CALL(mt), value);
	double number;

	if (v.type == LIQUID_INT) {
		*number_r = v.integer;
		return MT_OK;
	}
	if (host_as_number(mt, value, &number) != MT_OK || !(fabs(number) < 9.2e18))
		return MT_NONE;
	*number_r = (int64_t)number;
	return MT_OK;
}

static void
write_text(struct buf *out, struct liquid_value v, int depth)
{
	char digits[NUMBER_TEXT_SIZE];
	size_t n;

	switch (v.type) {
	case LIQUID_STRING:
		buf_add_str(out, v.string);
		break;
	case LIQUID_BOOL:
		buf_add_c(out, v.boolean ? "true" : "false");
		break;
	case LIQUID_INT:
		n = number_print_int(v.integer, digits);
		buf_add(out, digits, n);
		break;
	case LIQUID_FLOAT:
		n = number_print_float(v.real, digits);
		buf_add(out, digits, n);
		break;
	case LIQUID_RANGE:
		buf_printf(out, "%lld..%lld", (long long)v.range.first, (long long)v.range.last);
		break;
	case LIQUID_ARRAY:
		for (size_t i = 0; i < v.array->count && depth < PLUGIN_DEPTH_MAX; i++)
			write_text(out, v.array->at[i], depth + 1);
		break;
	default:
		break;
	}
}

struct mt_str
host_as_text(struct mt_call *mt, const struct mt_value *value)
{
	struct plugin_call *call = CALL(mt);
	struct liquid_value v = see(call, value);
	struct str text;
	struct buf out;

	if (call == NULL)
		return plugin_mt(STR_NONE);
	if (v.type == LIQUID_STRING)
		return plugin_strict_give(call, v.string);
	buf_init(&out, TEXT_MAX);
	write_text(&out, v, 0);
	text = out.len == 0 ? STR("") : plugin_call_text(call, buf_str(&out));
	buf_fini(&out);
	return plugin_mt(text);
}

int32_t
host_as_time(struct mt_call *mt, const struct mt_value *value, int64_t *time_r)
{
	struct plugin_call *call = CALL(mt);
	struct liquid_value v = see(call, value);
	const char *zone = NULL;
	struct date now, date;

	if (call == NULL)
		return MT_MISUSE;
	if (v.type == LIQUID_INT && v.integer > -(INT64_MAX / 1000) &&
	    v.integer < INT64_MAX / 1000) {
		*time_r = v.integer * 1000;
		return MT_OK;
	}
	if (call->copy != NULL && call->copy->time_zone.n > 0)
		zone = call->copy->time_zone.p;
	now = date_at(call->now_ms / 1000, 0, zone);
	if (v.type != LIQUID_STRING || !date_read(v.string, &now, zone, &date))
		return MT_NONE;
	*time_r = date.seconds * 1000 + date.nanos / 1000000;
	return MT_OK;
}

/* --- JSON --- */

/* Values in the arena, counted: they take a few times the text. */
static int32_t
parse(struct plugin_call *call, struct mt_str text, struct liquid_value *value_r)
{
	struct err err = ERR_INIT;
	json_t *json = liquid_json_load(STR("JSON"), plugin_str(text), JSON_DECODE_ANY, &err);
	int32_t rc = MT_LIMIT;

	if (json == NULL)
		return MT_FAILED;
	if (plugin_call_memory(call, text.n) != NULL &&
	    liquid_from_json(json, call->arena, value_r, &err) == 0)
		rc = MT_OK;
	json_decref(json);
	return rc;
}

int32_t
host_json(struct mt_call *mt, struct mt_str text, const struct mt_value **value_r)
{
	struct plugin_call *call = CALL(mt);
	struct liquid_value **kept, *value;
	int32_t rc;

	*value_r = NULL;
	if (call == NULL || text.p == NULL || !plugin_room_text(call, text))
		return MT_MISUSE;
	kept = plugin_window_properties(call->copy, text);
	if (kept == NULL || *kept == NULL) {
		value = arena_alloc(call->arena, sizeof *value);
		rc = value == NULL ? MT_LIMIT : parse(call, text, value);
		if (rc != MT_OK)
			return rc;
		if (kept != NULL)
			*kept = value;
	} else {
		value = *kept;
	}
	*value_r = plugin_value(call, *value);
	return *value_r == NULL ? MT_LIMIT : MT_OK;
}

static json_t *to_json(struct liquid_value v, int depth);

static json_t *
array_to_json(const struct liquid_array *array, int depth)
{
	json_t *json = json_array();

	for (size_t i = 0; i < array->count; i++)
		json_array_append_new(json, to_json(array->at[i], depth + 1));
	return json;
}

static json_t *
object_to_json(const struct liquid_object *object, int depth)
{
	json_t *json = json_object();

	for (size_t i = 0; i < object->count; i++) {
		const struct value_member *member = &object->member[i];

		json_object_setn_new(
		    json, member->key.p, member->key.n, to_json(member->value, depth + 1));
	}
	return json;
}

static json_t *
to_json(struct liquid_value v, int depth)
{
	switch (depth > PLUGIN_DEPTH_MAX ? LIQUID_NIL : v.type) {
	case LIQUID_BOOL:
		return json_boolean(v.boolean);
	case LIQUID_INT:
		return json_integer(v.integer);
	case LIQUID_FLOAT:
		return isfinite(v.real) ? json_real(v.real) : json_null();
	case LIQUID_STRING:
		return json_stringn(v.string.p == NULL ? "" : v.string.p, v.string.n);
	case LIQUID_ARRAY:
		return array_to_json(v.array, depth);
	case LIQUID_OBJECT:
		return object_to_json(v.object, depth);
	default:
		return json_null();
	}
}

struct mt_str
host_as_json(struct mt_call *mt, const struct mt_value *value)
{
	struct plugin_call *call = CALL(mt);
	struct str text = STR_NONE;
	json_t *json;
	char *dump;

	if (call == NULL)
		return plugin_mt(STR_NONE);
	json = to_json(see(call, value), 0);
	dump = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
	if (dump != NULL)
		text = plugin_call_text(call, str_c(dump));
	free(dump);
	json_decref(json);
	return plugin_mt(text);
}

/* --- elements and members --- */

size_t
host_length(struct mt_call *mt, const struct mt_value *value)
{
	struct liquid_value v = see(CALL(mt), value);

	if (v.type == LIQUID_ARRAY)
		return v.array->count;
	return v.type == LIQUID_OBJECT ? v.object->count : 0;
}

const struct mt_value *
host_at(struct mt_call *mt, const struct mt_value *value, size_t i)
{
	struct plugin_call *call = CALL(mt);
	struct liquid_value v = see(call, value);

	if (call == NULL || i >= host_length(mt, value))
		return NULL;
	return plugin_value(
	    call, v.type == LIQUID_ARRAY ? v.array->at[i] : v.object->member[i].value);
}

struct mt_str
host_key(struct mt_call *mt, const struct mt_value *object, size_t i)
{
	struct plugin_call *call = CALL(mt);
	struct liquid_value v = see(call, object);

	if (call == NULL || v.type != LIQUID_OBJECT || i >= v.object->count)
		return plugin_mt(STR_NONE);
	return plugin_strict_give(call, v.object->member[i].key);
}

const struct mt_value *
host_get(struct mt_call *mt, const struct mt_value *object, struct mt_str key)
{
	struct plugin_call *call = CALL(mt);
	struct liquid_value v = see(call, object);
	const struct liquid_value *found = NULL;

	if (call != NULL && v.type == LIQUID_OBJECT && key.p != NULL)
		found = liquid_object_get(v.object, plugin_str(key));
	return found == NULL ? NULL : plugin_value(call, *found);
}
