/* SPDX-License-Identifier: BSD-2-Clause
 *
 * value: between values of templates and values of Lua
 *
 * nil, boolean, integer, number and text are the same there and here. A table with the keys 1 to
 * n is an array, one with keys of text an object, an empty one an array.
 *
 * Threads: the state's.
 * Fails:   with an error in Lua: no UTF-8, too deep, mixed keys, no number.
 */
#include "script.h"

#include <math.h>
#include <string.h>

#define MARKUP "mailtailor.markup"

/* --- from Lua --- */

/* Bytes of the sequence at `p`; 0: it is no UTF-8 (RFC 3629, section 4). */
static size_t
sequence(const unsigned char *p, size_t left)
{
	static const unsigned char low[] = {[0x20] = 0xa0, [0x2d] = 0x80, [0x30] = 0x90};
	size_t n = p[0] < 0x80 ? 1
	    : p[0] < 0xc2      ? 0
	    : p[0] < 0xe0      ? 2
	    : p[0] < 0xf0      ? 3
	    : p[0] < 0xf5      ? 4
			       : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((p[0] == 0xe0 || p[0] == 0xf0) && p[1] < low[p[0] - 0xc0])
		return 0;
	if ((p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

static bool
is_utf8(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;

	for (size_t i = 0, step; i < n; i += step) {
		step = sequence(p + i, n - i);
		if (step == 0)
			return false;
	}
	return true;
}

struct mt_str
script_text(lua_State *L, int at, const char *what)
{
	struct mt_str text;

	if (lua_type(L, at) != LUA_TSTRING && lua_type(L, at) != LUA_TNUMBER)
		luaL_error(L, "%s: expected text, got %s", what, luaL_typename(L, at));
	text.p = lua_tolstring(L, at, &text.n);
	if (!is_utf8(text.p, text.n))
		luaL_error(L, "%s: its text is no UTF-8", what);
	return text;
}

static const struct mt_value *value_at(lua_State *L, int at, int depth);

static const struct mt_value *
complete(lua_State *L, const struct mt_value *value)
{
	if (value == NULL)
		luaL_error(L, "the value is larger than the plugin's ceiling (memory)");
	return value;
}

static const struct mt_value *
array_of(lua_State *L, int at, lua_Unsigned n, int depth)
{
	struct mt_call *call = script_of(L)->call;
	struct mt_value *array = call->host->array(call);

	complete(L, array);
	for (lua_Unsigned i = 1; i <= n; i++) {
		lua_rawgeti(L, at, (lua_Integer)i);
		if (call->host->add(call, array, value_at(L, lua_gettop(L), depth + 1)) != MT_OK)
			complete(L, NULL);
		lua_pop(L, 1);
	}
	return array;
}

static const struct mt_value *
object_of(lua_State *L, int at, int depth)
{
	struct mt_call *call = script_of(L)->call;
	struct mt_value *object = call->host->object(call);
	int top = lua_gettop(L);

	complete(L, object);
	/* In the order of their keys, so that it comes out the same each time. */
	lua_pushcfunction(L, script_ordered);
	lua_pushvalue(L, at);
	lua_call(L, 1, 1);
	for (;;) {
		lua_pushvalue(L, top + 1);
		lua_call(L, 0, 2);
		if (lua_isnil(L, -2))
			break;
		if (lua_type(L, -2) != LUA_TSTRING)
			luaL_error(
			    L, "a table has keys of text and others: expected 1 to n, or text");
		if (call->host->set(call, object, script_text(L, -2, "a key"),
			value_at(L, lua_gettop(L), depth + 1)) != MT_OK)
			complete(L, NULL);
		lua_pop(L, 2);
	}
	lua_settop(L, top);
	return object;
}

static const struct mt_value *
table_of(lua_State *L, int at, int depth)
{
	lua_Unsigned n = lua_rawlen(L, at), keys = 0;

	if (depth > SCRIPT_DEPTH)
		luaL_error(L, "a value nests deeper than %d, or holds itself", SCRIPT_DEPTH);
	luaL_checkstack(L, 10, "values");
	lua_pushnil(L);
	while (lua_next(L, at) != 0) {
		lua_pop(L, 1);
		keys++;
	}
	script_steps(script_of(L), (int64_t)(keys < INT64_MAX ? keys : 0));
	return n == keys ? array_of(L, at, n, depth) : object_of(L, at, depth);
}

static const struct mt_value *
number_of(lua_State *L, int at)
{
	struct mt_call *call = script_of(L)->call;
	lua_Number number = lua_tonumber(L, at);

	if (lua_isinteger(L, at))
		return complete(L, call->host->integer(call, lua_tointeger(L, at)));
	if (!isfinite(number))
		luaL_error(L, "a value is no number that templates know (%f)", number);
	return complete(L, call->host->number(call, number));
}

static const struct mt_value *
markup_of(lua_State *L, int at)
{
	struct mt_call *call = script_of(L)->call;
	const struct mt_value *value;

	if (luaL_testudata(L, at, MARKUP) == NULL)
		luaL_error(L, "a value is a %s, which templates do not know", luaL_typename(L, at));
	lua_getiuservalue(L, at, 1);
	value = call->host->markup(call, script_text(L, -1, "markup"));
	lua_pop(L, 1);
	return complete(L, value);
}

static const struct mt_value *
value_at(lua_State *L, int at, int depth)
{
	struct mt_call *call = script_of(L)->call;

	switch (lua_type(L, at)) {
	case LUA_TNONE:
	case LUA_TNIL:
		return complete(L, call->host->nil(call));
	case LUA_TBOOLEAN:
		return complete(L, call->host->boolean(call, lua_toboolean(L, at)));
	case LUA_TNUMBER:
		return number_of(L, at);
	case LUA_TSTRING:
		return complete(L, call->host->text(call, script_text(L, at, "a value")));
	case LUA_TTABLE:
		return table_of(L, at, depth);
	default:
		return markup_of(L, at);
	}
}

const struct mt_value *
script_value(lua_State *L, int at)
{
	return lua_isnoneornil(L, at) ? NULL : value_at(L, lua_absindex(L, at), 0);
}

int
script_markup(lua_State *L)
{
	script_text(L, 1, "markup");
	lua_newuserdatauv(L, 0, 1);
	lua_pushvalue(L, 1);
	lua_tostring(L, -1);
	lua_setiuservalue(L, -2, 1);
	luaL_setmetatable(L, MARKUP);
	return 1;
}

static int
markup_text(lua_State *L)
{
	luaL_checkudata(L, 1, MARKUP);
	lua_getiuservalue(L, 1, 1);
	return 1;
}

void
script_markup_open(lua_State *L)
{
	luaL_newmetatable(L, MARKUP);
	lua_pushcfunction(L, markup_text);
	lua_setfield(L, -2, "__tostring");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}

/* --- to Lua --- */

void
script_push_str(lua_State *L, struct mt_str text)
{
	if (text.p == NULL)
		lua_pushnil(L);
	else
		lua_pushlstring(L, text.p, text.n);
}

static void push(lua_State *L, const struct mt_value *value, int depth);

static void
push_table(lua_State *L, const struct mt_value *value, bool is_array, int depth)
{
	struct mt_call *call = script_of(L)->call;
	const struct mt_host *mt = call->host;
	size_t n = mt->length(call, value);

	if (depth > SCRIPT_DEPTH)
		luaL_error(L, "a value nests deeper than %d", SCRIPT_DEPTH);
	luaL_checkstack(L, 10, "values");
	script_steps(script_of(L), (int64_t)n);
	lua_newtable(L);
	for (size_t i = 0; i < n; i++) {
		if (!is_array)
			script_push_str(L, mt->key(call, value, i));
		push(L, mt->at(call, value, i), depth + 1);
		if (is_array)
			lua_rawseti(L, -2, (lua_Integer)i + 1);
		else if (lua_isnil(L, -2))
			lua_pop(L, 2);
		else
			lua_rawset(L, -3);
	}
}

static void
push(lua_State *L, const struct mt_value *value, int depth)
{
	struct mt_call *call = script_of(L)->call;
	const struct mt_host *mt = call->host;
	int64_t integer = 0;
	double number = 0;

	switch (mt->type(call, value)) {
	case MT_TYPE_NIL:
		lua_pushnil(L);
		return;
	case MT_TYPE_BOOL:
		lua_pushboolean(L, mt->as_bool(call, value));
		return;
	case MT_TYPE_INT:
		mt->as_int(call, value, &integer);
		lua_pushinteger(L, integer);
		return;
	case MT_TYPE_NUMBER:
		mt->as_number(call, value, &number);
		lua_pushnumber(L, number);
		return;
	case MT_TYPE_ARRAY:
		push_table(L, value, true, depth);
		return;
	case MT_TYPE_OBJECT:
		push_table(L, value, false, depth);
		return;
	default:
		script_push_str(L, mt->as_text(call, value));
	}
}

void
script_push(lua_State *L, const struct mt_value *value)
{
	push(L, value, 0);
}
