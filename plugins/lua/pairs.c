/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pairs: goes through a table in the order of its keys
 *
 * Lua's own pairs has another order in each process, and a copy that is made again must come
 * out the same. Numbers come first, then text by its bytes, then all else.
 *
 * Threads: the state's.
 */
#include "script.h"

#include <stdlib.h>
#include <string.h>

struct key {
	int rank;
	int at; /* in the table of keys */
	lua_Number number;
	struct mt_str text;
};

struct order {
	int next, count;
	struct key keys[];
};

static int
compare(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	size_t n = x->text.n < y->text.n ? x->text.n : y->text.n;
	int rc;

	if (x->rank != y->rank)
		return x->rank - y->rank;
	if (x->rank == 0)
		return x->number < y->number ? -1 : x->number > y->number;
	if (x->rank == 2)
		return x->at - y->at;
	rc = memcmp(x->text.p, y->text.p, n);
	return rc != 0 ? rc : x->text.n < y->text.n ? -1 : x->text.n > y->text.n;
}

static struct key
key_of(lua_State *L, int at)
{
	struct key key = {.rank = 2, .at = at};

	if (lua_type(L, -1) == LUA_TNUMBER) {
		key.rank = 0;
		key.number = lua_tonumber(L, -1);
	} else if (lua_type(L, -1) == LUA_TSTRING) {
		key.rank = 1;
		key.text.p = lua_tolstring(L, -1, &key.text.n);
	}
	return key;
}

/* Upvalues: the table, its keys, their order. */
static int
step(lua_State *L)
{
	struct order *order = lua_touserdata(L, lua_upvalueindex(3));

	while (order->next < order->count) {
		lua_rawgeti(L, lua_upvalueindex(2), order->keys[order->next++].at);
		lua_pushvalue(L, -1);
		lua_rawget(L, lua_upvalueindex(1));
		if (!lua_isnil(L, -1))
			return 2;
		lua_pop(L, 2);
	}
	lua_pushnil(L);
	return 1;
}

int
script_pairs(lua_State *L)
{
	if (luaL_getmetafield(L, 1, "__pairs") == LUA_TNIL)
		return script_ordered(L);
	lua_pushvalue(L, 1);
	lua_call(L, 1, 3);
	return 3;
}

int
script_ordered(lua_State *L)
{
	struct order *order;
	int count = 0;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	lua_newtable(L);
	lua_pushnil(L);
	while (lua_next(L, 1) != 0) {
		lua_pop(L, 1);
		lua_pushvalue(L, -1);
		lua_rawseti(L, 2, ++count);
	}
	script_steps(script_of(L), 4 * (int64_t)count);
	order = lua_newuserdatauv(L, sizeof *order + (size_t)count * sizeof order->keys[0], 0);
	order->next = 0;
	order->count = count;
	for (int i = 0; i < count; i++) {
		lua_rawgeti(L, 2, i + 1);
		order->keys[i] = key_of(L, i + 1);
		lua_pop(L, 1);
	}
	qsort(order->keys, (size_t)count, sizeof order->keys[0], compare);
	lua_pushvalue(L, 1);
	lua_insert(L, 1);
	lua_pushcclosure(L, step, 3);
	return 1;
}
