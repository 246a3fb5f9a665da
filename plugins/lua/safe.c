/* SPDX-License-Identifier: BSD-2-Clause
 *
 * safe: what of Lua's own library files may use
 *
 * Nothing that reads files, runs programs, loads code, says the time, or is different each time
 * (random numbers, addresses); nothing that runs for long where no instruction is counted; and
 * nothing that one call could leave behind for the next: libraries can't be written.
 *
 * Threads: the state's.
 */
#include "script.h"

#include <ctype.h>
#include <lualib.h>
#include <string.h>

/* --- basics --- */

/* Without addresses. */
static void
push_text(lua_State *L, int at)
{
	int type = lua_type(L, at);

	if ((type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TUSERDATA) &&
	    luaL_getmetafield(L, at, "__tostring") == LUA_TNIL) {
		lua_pushstring(L, lua_typename(L, type));
		return;
	}
	if (type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TUSERDATA)
		lua_pop(L, 1);
	luaL_tolstring(L, at, NULL);
}

static int
to_string(lua_State *L)
{
	luaL_checkany(L, 1);
	push_text(L, 1);
	return 1;
}

/* Ceilings pass through. */
static int
protected_call(lua_State *L)
{
	int status;

	luaL_checkany(L, 1);
	status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
	if (status != LUA_OK && (script_of(L)->spent || status == LUA_ERRMEM))
		return lua_error(L);
	lua_pushboolean(L, status == LUA_OK);
	lua_insert(L, 1);
	return lua_gettop(L);
}

/* No finalizers: they would run in somebody else's call. */
static int
set_metatable(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
	if (lua_istable(L, 2)) {
		lua_pushliteral(L, "__gc");
		if (lua_rawget(L, 2) != LUA_TNIL)
			return luaL_error(L, "__gc is not offered");
	}
	if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
		return luaL_error(L, "cannot change a protected metatable");
	lua_settop(L, 2);
	lua_setmetatable(L, 1);
	return 1;
}

static const luaL_Reg basics[] = {{"tostring", to_string}, {"pcall", protected_call},
    {"setmetatable", set_metatable}, {"pairs", script_pairs}, {NULL, NULL}};

/* --- text --- */

static int
repeat(lua_State *L)
{
	size_t n, between = 0;
	lua_Integer times = luaL_checkinteger(L, 2);

	luaL_checklstring(L, 1, &n);
	luaL_optlstring(L, 3, "", &between);
	/* Nothing, however often, is a loop without an end. */
	if (times <= 0 || n + between == 0) {
		lua_pushliteral(L, "");
		return 1;
	}
	if ((uint64_t)times > script_of(L)->heap / (n + between))
		return luaL_error(L, "the text would be larger than the heap");
	script_steps(script_of(L), times);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 1);
	return 1;
}

static int
format(lua_State *L)
{
	size_t n;
	const char *text = luaL_checklstring(L, 1, &n);

	for (size_t i = 0; i < n; i++) {
		if (text[i] != '%')
			continue;
		i++;
		i += strspn(text + i, "-+ #0123456789.");
		if (i < n && text[i] == 'p')
			return luaL_error(L, "string.format: %%p is not offered");
	}
	for (int i = 2; i <= lua_gettop(L); i++) {
		if (lua_type(L, i) == LUA_TTABLE || lua_type(L, i) == LUA_TFUNCTION ||
		    lua_type(L, i) == LUA_TUSERDATA) {
			push_text(L, i);
			lua_replace(L, i);
		}
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 1);
	return 1;
}

/* --- tables: what a metatable says could keep these busy for ever --- */

static int
plain(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	if (lua_getmetatable(L, 1))
		return luaL_error(L, "expected a table without a metatable");
	script_steps(script_of(L), (int64_t)lua_rawlen(L, 1));
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
	return lua_gettop(L);
}

/* --- which, and from where --- */

struct entry {
	const char *name;
	lua_CFunction own; /* has the library's as its upvalue; NULL: the library's itself */
};

static const struct entry globals[] = {{"assert", NULL}, {"error", NULL}, {"ipairs", NULL},
    {"next", NULL}, {"select", NULL}, {"tonumber", NULL}, {"type", NULL}, {"rawequal", NULL},
    {"rawget", NULL}, {"rawlen", NULL}, {"getmetatable", NULL}, {NULL, NULL}};
static const struct entry texts[] = {{"byte", NULL}, {"char", NULL}, {"len", NULL}, {"lower", NULL},
    {"upper", NULL}, {"reverse", NULL}, {"sub", NULL}, {"rep", repeat}, {"format", format},
    {NULL, NULL}};
static const struct entry tables[] = {{"concat", plain}, {"insert", plain}, {"remove", plain},
    {"sort", plain}, {"unpack", plain}, {"pack", NULL}, {NULL, NULL}};
static const struct entry numbers[] = {{"abs", NULL}, {"ceil", NULL}, {"floor", NULL},
    {"fmod", NULL}, {"modf", NULL}, {"max", NULL}, {"min", NULL}, {"sqrt", NULL}, {"exp", NULL},
    {"log", NULL}, {"sin", NULL}, {"cos", NULL}, {"tan", NULL}, {"asin", NULL}, {"acos", NULL},
    {"atan", NULL}, {"deg", NULL}, {"rad", NULL}, {"tointeger", NULL}, {"type", NULL},
    {"ult", NULL}, {"pi", NULL}, {"huge", NULL}, {"maxinteger", NULL}, {"mininteger", NULL},
    {NULL, NULL}};
static const struct entry characters[] = {{"char", NULL}, {"charpattern", NULL}, {"codes", NULL},
    {"codepoint", NULL}, {"len", NULL}, {"offset", NULL}, {NULL, NULL}};

/* Of the library below the table on top. */
static void
pick(lua_State *L, const struct entry *entries)
{
	for (const struct entry *entry = entries; entry->name != NULL; entry++) {
		lua_getfield(L, -2, entry->name);
		if (entry->own != NULL)
			lua_pushcclosure(L, entry->own, 1);
		lua_setfield(L, -2, entry->name);
	}
}

static int
refuse_write(lua_State *L)
{
	return luaL_error(L, "what belongs to mailtailor and to Lua can't be changed");
}

void
script_protect(lua_State *L)
{
	lua_newtable(L);
	lua_newtable(L);
	lua_pushvalue(L, -3);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, refuse_write);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_remove(L, -2);
}

/* The library's functions become a field of the table on top of the stack. */
static void
add(lua_State *L, const char *name, lua_CFunction open, const struct entry *entries,
    const luaL_Reg *own)
{
	luaL_requiref(L, name, open, 0);
	lua_newtable(L);
	pick(L, entries);
	if (own != NULL)
		luaL_setfuncs(L, own, 0);
	script_protect(L);
	lua_setfield(L, -3, name);
	lua_pop(L, 1);
}

/* text:upper() and so on. */
static void
protect_methods(lua_State *L)
{
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_getfield(L, -3, "string");
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 2);
}

void
script_safe_open(lua_State *L)
{
	lua_newtable(L);
	luaL_requiref(L, "_G", luaopen_base, 0);
	lua_pushvalue(L, -2);
	pick(L, globals);
	luaL_setfuncs(L, basics, 0);
	lua_pop(L, 2);
	add(L, "string", luaopen_string, texts, script_patterns);
	add(L, "table", luaopen_table, tables, NULL);
	add(L, "math", luaopen_math, numbers, NULL);
	add(L, "utf8", luaopen_utf8, characters, NULL);
	protect_methods(L);
}
