/* SPDX-License-Identifier: BSD-2-Clause
 *
 * kv: the table `mailtailor.kv`, the plugin's key-value store
 *
 * One store for all files. Values are text of any bytes.
 *
 * Threads: the state's.
 * Fails:   with an error in Lua: a key or value too long, no store, a full one.
 */
#include "script.h"

#define CALL(L) (script_of(L)->call)

static int32_t
check(lua_State *L, const char *function, int32_t rc)
{
	if (rc == MT_OK || rc == MT_NONE || rc == MT_CHANGED)
		return rc;
	return luaL_error(L,
	    rc == MT_STORE ? "kv.%s: the database does not answer"
			   : "kv.%s: expected a key of 1 to 255 bytes, a value of at most 64 kB "
			     "and at most 1,000,000 entries, outside of a file's first run",
	    function);
}

static struct mt_str
bytes(lua_State *L, int at)
{
	struct mt_str text;

	text.p = luaL_checklstring(L, at, &text.n);
	return text;
}

static int64_t
expiry(lua_State *L, int at)
{
	lua_Integer seconds = luaL_optinteger(L, at, 0);

	luaL_argcheck(
	    L, seconds >= 0 && seconds < INT64_C(300000000000), at, "expected seconds since 1970");
	return seconds * 1000;
}

static int
get(lua_State *L)
{
	const struct mt_entry *entry;

	if (check(L, "get", CALL(L)->host->kv_get(CALL(L), bytes(L, 1), &entry)) != MT_OK)
		return 0;
	script_push_str(L, entry->value);
	return 1;
}

static int
put(lua_State *L)
{
	struct mt_str key = bytes(L, 1), value = bytes(L, 2);

	check(L, "put", CALL(L)->host->kv_put(CALL(L), key, value, expiry(L, 3)));
	return 0;
}

static int delete (lua_State *L)
{
	int32_t rc = check(L, "delete", CALL(L)->host->kv_delete(CALL(L), bytes(L, 1)));

	lua_pushboolean(L, rc == MT_OK);
	return 1;
}

static int
swap(lua_State *L)
{
	struct mt_str key = bytes(L, 1), value = bytes(L, 3);
	struct mt_str expected = lua_isnoneornil(L, 2) ? mt_str_n(NULL, 0) : bytes(L, 2);
	int32_t rc =
	    check(L, "swap", CALL(L)->host->kv_swap(CALL(L), key, expected, value, expiry(L, 4)));

	lua_pushboolean(L, rc == MT_OK);
	return 1;
}

static int
claim(lua_State *L)
{
	struct mt_str pool = bytes(L, 1), owner = bytes(L, 2);
	const struct mt_entry *entry;

	if (check(L, "claim", CALL(L)->host->kv_claim(CALL(L), pool, owner, &entry)) != MT_OK)
		return 0;
	script_push_str(L, entry->value);
	return 1;
}

/* An array of {key =, value =}. */
static int
list(lua_State *L)
{
	struct mt_str prefix = bytes(L, 1);
	struct mt_str after = lua_isnoneornil(L, 2) ? mt_str_n(NULL, 0) : bytes(L, 2);
	lua_Integer most = luaL_optinteger(L, 3, 100);
	const struct mt_entry *const *entries;
	size_t n = 0;

	luaL_argcheck(L, most >= 1 && most <= 1000, 3, "expected 1 to 1000");
	check(
	    L, "list", CALL(L)->host->kv_list(CALL(L), prefix, after, (size_t)most, &entries, &n));
	lua_newtable(L);
	for (size_t i = 0; i < n; i++) {
		lua_newtable(L);
		script_push_str(L, entries[i]->key);
		lua_setfield(L, -2, "key");
		script_push_str(L, entries[i]->value);
		lua_setfield(L, -2, "value");
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

const luaL_Reg script_kv_api[] = {{"get", get}, {"put", put}, {"delete", delete}, {"swap", swap},
    {"claim", claim}, {"list", list}, {NULL, NULL}};
