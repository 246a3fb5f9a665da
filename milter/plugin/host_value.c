/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host_value: values that plugins make for templates
 *
 * An array or object grows until it is part of another: then it is complete, so that no value
 * can hold itself.
 *
 * Threads: any; see call.c.
 */
#include "plugin/host.h"

#include "liquid/date.h"
#include "liquid/text.h"

#include <stdatomic.h>
#include <stdio.h>

static atomic_ullong serials;

uint64_t
plugin_serial_next(void)
{
	return atomic_fetch_add_explicit(&serials, 1, memory_order_relaxed) + 1;
}

/* An arena is used again for the next copy: a value that a plugin kept must not pass for one of
 * another contact's. */
static uint64_t
mark_of(const struct plugin_call *call, const struct mt_value *value)
{
	return plugin_process.secret ^ (uint64_t)(uintptr_t)value ^
	    call->serial * UINT64_C(0x9e3779b97f4a7c15);
}

struct mt_value *
plugin_value(struct plugin_call *call, struct liquid_value value)
{
	struct mt_value *made = plugin_call_memory(call, sizeof *made);

	if (made != NULL)
		*made = (struct mt_value){.mark = mark_of(call, made), .v = value, .sealed = true};
	return made;
}

void
plugin_value_sign(struct plugin_call *call, struct mt_value *value)
{
	value->mark = mark_of(call, value);
}

const struct mt_value *
plugin_value_of(struct plugin_call *call, const struct mt_value *value)
{
	if (value == NULL || call == NULL)
		return NULL;
	if ((uintptr_t)value % _Alignof(struct mt_value) == 0 &&
	    value->mark == mark_of(call, value))
		return value;
	plugin_call_misuse(call, "it used a value that was not made for this copy");
	call->spoilt = true;
	return NULL;
}

int32_t
plugin_value_take(
    struct plugin_call *call, const struct mt_value *value, struct liquid_value *value_r)
{
	const struct mt_value *its = plugin_value_of(call, value);

	*value_r = its == NULL ? LIQUID_NIL_VALUE : its->v;
	if (its != NULL)
		((struct mt_value *)(uintptr_t)its)->sealed = true;
	return its == NULL && value != NULL ? MT_MISUSE : MT_OK;
}

static const struct mt_value *
make(struct mt_call *mt, const char *function, struct liquid_value value)
{
	struct plugin_call *call = plugin_call_of(mt, function);

	return call == NULL ? NULL : plugin_value(call, value);
}

const struct mt_value *
host_nil(struct mt_call *mt)
{
	return make(mt, __func__, LIQUID_NIL_VALUE);
}

const struct mt_value *
host_boolean(struct mt_call *mt, int32_t truth)
{
	return make(mt, __func__, liquid_bool(truth != 0));
}

const struct mt_value *
host_integer(struct mt_call *mt, int64_t number)
{
	return make(mt, __func__, liquid_int(number));
}

const struct mt_value *
host_number(struct mt_call *mt, double number)
{
	return make(mt, __func__, (struct liquid_value){.type = LIQUID_FLOAT, .real = number});
}

static const struct mt_value *
make_text(struct plugin_call *call, struct mt_str text, bool safe)
{
	struct liquid_value value;

	if (call == NULL)
		return NULL;
	if (text.p == NULL)
		return plugin_value(call, LIQUID_NIL_VALUE);
	if (!plugin_room_text(call, text))
		return NULL;
	if (!text_is_valid(plugin_str(text))) {
		plugin_call_misuse(call, "its text is no UTF-8");
		return NULL;
	}
	value = liquid_string(plugin_call_text(call, plugin_str(text)));
	value.safe = safe;
	return value.string.p == NULL ? NULL : plugin_value(call, value);
}

const struct mt_value *
host_text(struct mt_call *mt, struct mt_str text)
{
	return make_text(CALL(mt), text, false);
}

const struct mt_value *
host_markup(struct mt_call *mt, struct mt_str text)
{
	return make_text(CALL(mt), text, true);
}

/* A name of a time zone ends in NUL. */
static const char *
zone_name(struct mt_str zone, char name[64])
{
	snprintf(name, 64, "%.*s", zone.n >= 64 ? 0 : STR_F(plugin_str(zone)));
	return name[0] == '\0' ? NULL : name;
}

const struct mt_value *
host_time(struct mt_call *mt, int64_t time, struct mt_str zone)
{
	struct plugin_call *call = CALL(mt);
	struct date date;
	struct date_parts p;
	char name[64], text[96];
	int64_t seconds = time >= 0 ? time / 1000 : -((-time + 999) / 1000);
	int minutes, n;

	if (call == NULL)
		return NULL;
	date = date_at(seconds, 0, zone_name(zone, name));
	date_split(&date, &p);
	minutes = date.offset / 60;
	n = snprintf(text, sizeof text, "%04lld-%02d-%02d %02d:%02d:%02d %c%02d%02d",
	    (long long)p.year, p.month, p.day, p.hour, p.minute, p.second, minutes < 0 ? '-' : '+',
	    (minutes < 0 ? -minutes : minutes) / 60, (minutes < 0 ? -minutes : minutes) % 60);
	return make_text(call, mt_str_n(text, (size_t)n), false);
}

/* --- arrays and objects --- */

struct mt_value *
host_array(struct mt_call *mt)
{
	struct plugin_call *call = CALL(mt);
	struct mt_value *array = call == NULL ? NULL : plugin_value(call, LIQUID_NIL_VALUE);

	if (array == NULL)
		return NULL;
	array->v = (struct liquid_value){.type = LIQUID_ARRAY, .array = &array->array};
	array->sealed = false;
	return array;
}

struct mt_value *
host_object(struct mt_call *mt)
{
	struct plugin_call *call = CALL(mt);
	struct mt_value *object = call == NULL ? NULL : plugin_value(call, LIQUID_NIL_VALUE);

	if (object == NULL)
		return NULL;
	object->object = liquid_object_new(call->arena, 8);
	if (object->object == NULL)
		return NULL;
	object->v = liquid_object_value(object->object);
	object->sealed = false;
	return object;
}

/* May `value` become part of `whole`? It is complete from then on. */
static int32_t
join(struct plugin_call *call, struct mt_value *whole, const struct mt_value *value,
    enum liquid_type type)
{
	struct mt_value *part = (struct mt_value *)(uintptr_t)value;

	if (value == NULL)
		return MT_LIMIT;
	if (plugin_value_of(call, value) == NULL ||
	    (whole != NULL && plugin_value_of(call, whole) == NULL))
		return MT_MISUSE;
	if (whole == NULL || whole->v.type != type || whole->sealed)
		return plugin_call_misuse(call,
		    type == LIQUID_ARRAY
			? "add: expected an array that it made and that is no part of another"
			: "set: expected an object that it made and that is no part of another");
	if (part == whole)
		return plugin_call_misuse(call, "a value can't be part of itself");
	part->sealed = true;
	if (whole->depth <= part->depth)
		whole->depth = part->depth + 1;
	if (whole->depth > PLUGIN_DEPTH_MAX)
		return plugin_call_misuse(call, "its values nest deeper than %d", PLUGIN_DEPTH_MAX);
	return MT_OK;
}

static int32_t
grow(struct plugin_call *call, struct mt_value *array)
{
	size_t size = array->size == 0 ? 8 : 2 * array->size;
	struct liquid_value *room = plugin_call_memory(call, size * sizeof *room);

	if (room == NULL)
		return MT_LIMIT;
	if (array->array.count > 0)
		memcpy(room, array->room, array->array.count * sizeof *room);
	array->room = room;
	array->array.at = room;
	array->size = size;
	return MT_OK;
}

int32_t
host_add(struct mt_call *mt, struct mt_value *array, const struct mt_value *value)
{
	struct plugin_call *call = CALL(mt);
	int32_t rc = call == NULL ? MT_MISUSE : join(call, array, value, LIQUID_ARRAY);

	if (rc == MT_OK && array->array.count == array->size)
		rc = grow(call, array);
	if (rc == MT_OK)
		array->room[array->array.count++] = value->v;
	return rc;
}

int32_t
host_set(
    struct mt_call *mt, struct mt_value *object, struct mt_str key, const struct mt_value *value)
{
	struct plugin_call *call = CALL(mt);
	int32_t rc = call == NULL ? MT_MISUSE : join(call, object, value, LIQUID_OBJECT);
	struct str name = plugin_str(key);

	if (rc != MT_OK)
		return rc;
	if (!plugin_room_text(call, key))
		return MT_MISUSE;
	if (name.p == NULL || !text_is_valid(name))
		return plugin_call_misuse(call, "set: expected a key of UTF-8");
	/* What the object itself takes is about this much. */
	name = plugin_call_memory(call, sizeof(struct liquid_value) + 64) == NULL
	    ? STR_NONE
	    : plugin_call_text(call, name);
	if (name.p == NULL)
		return MT_LIMIT;
	return liquid_object_set(object->object, call->arena, name, value->v) == 0 ? MT_OK
										   : MT_LIMIT;
}
