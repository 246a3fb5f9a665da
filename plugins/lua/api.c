/* SPDX-License-Identifier: BSD-2-Clause
 *
 * api: the table `mailtailor`: hooks, and what they ask the host
 *
 * Times are whole seconds since 1970-01-01T00:00:00Z.
 *
 * Threads: the state's.
 * Fails:   with an error in Lua that names the function.
 */
#include "script.h"

#include <stdio.h>
#include <string.h>

#define CALL(L) (script_of(L)->call)

/* --- hooks --- */

/* Named by the script: values, filters, tags. */
static int
named(lua_State *L, enum script_kind kind)
{
	struct script_hook hook = {.kind = kind, .file = script_of(L)->file};
	struct mt_str name = script_text(L, 1, script_kinds[kind]);

	if (name.n == 0 || name.n >= SCRIPT_NAME ||
	    strspn(name.p, "abcdefghijklmnopqrstuvwxyz0123456789_") != name.n)
		return luaL_error(L, "%s: expected a name of 1 to 40 letters a-z, digits and \"_\"",
		    script_kinds[kind]);
	memcpy(hook.name, name.p, name.n);
	return script_register(L, &hook, 2);
}

/* Called like its file; with a number from the second on. */
static int
unnamed(lua_State *L, struct script_hook *hook, int function)
{
	struct script *script = script_of(L);
	const char *file = script->sources->at[script->file].name;
	size_t n = strlen(file) - 4, number = ++script->unnamed[hook->kind];

	hook->file = script->file;
	snprintf(hook->name, sizeof hook->name, "%.*s", (int)n, file);
	for (size_t i = 0; i < n; i++) {
		if (hook->name[i] == '-')
			hook->name[i] = '_';
	}
	if (number > 1)
		snprintf(hook->name + n, sizeof hook->name - n, "_%zu", number);
	return script_register(L, hook, function);
}

static int
value(lua_State *L)
{
	return named(L, SCRIPT_VALUE);
}

static int
filter(lua_State *L)
{
	return named(L, SCRIPT_FILTER);
}

static int
tag(lua_State *L)
{
	return named(L, SCRIPT_TAG);
}

static int
block(lua_State *L)
{
	return named(L, SCRIPT_BLOCK);
}

static int
part(lua_State *L)
{
	static const char *const kinds[] = {"text", "html", NULL};
	struct script_hook hook = {.kind = SCRIPT_PART};

	hook.kinds = luaL_checkoption(L, 1, NULL, kinds) == 0 ? MT_PART_TEXT : MT_PART_HTML;
	return unnamed(L, &hook, 2);
}

static int
header(lua_State *L)
{
	return unnamed(L, &(struct script_hook){.kind = SCRIPT_HEADER}, 1);
}

static int
gate(lua_State *L)
{
	return unnamed(L, &(struct script_hook){.kind = SCRIPT_GATE}, 1);
}

static int
event(lua_State *L)
{
	struct script_hook hook = {.kind = SCRIPT_EVENT};
	size_t count;

	luaL_checktype(L, 1, LUA_TTABLE);
	count = lua_rawlen(L, 1);
	for (size_t i = 1; i <= count; i++) {
		uint64_t bit;

		lua_rawgeti(L, 1, (lua_Integer)i);
		bit = script_event_kind(luaL_checkstring(L, -1));
		if (bit == 0)
			return luaL_error(L, "event: there is no kind \"%s\"", lua_tostring(L, -1));
		hook.kinds |= bit;
	}
	if (hook.kinds == 0)
		return luaL_error(L, "event: expected kinds, as in {\"clicked\"}");
	return unnamed(L, &hook, 2);
}

static int
task(lua_State *L)
{
	struct script_hook hook = {.kind = SCRIPT_TASK};
	lua_Integer every = luaL_checkinteger(L, 1);

	if (every < 1 || every > 366 * 86400)
		return luaL_error(L, "task: expected a pause of 1 second to a year");
	hook.every = every * 1000;
	return unnamed(L, &hook, 2);
}

const luaL_Reg script_hooks_api[] = {{"value", value}, {"filter", filter}, {"tag", tag},
    {"block", block}, {"part", part}, {"header", header}, {"gate", gate}, {"event", event},
    {"task", task}, {NULL, NULL}};

/* --- the copy --- */

static void
set_text(lua_State *L, const char *key, struct mt_str text)
{
	script_push_str(L, text);
	lua_setfield(L, -2, key);
}

static int
contact(lua_State *L)
{
	struct mt_call *call = CALL(L);

	script_push(L, call->host->find(call, MT_STR("contact")));
	return 1;
}

static int
message(lua_State *L)
{
	struct mt_call *call = CALL(L);
	struct mt_message m = {.size = sizeof m};

	if (call->host->message(call, &m) != MT_OK)
		return 0;
	lua_newtable(L);
	set_text(L, "campaign", m.campaign);
	set_text(L, "key", m.key);
	set_text(L, "sender", m.sender);
	set_text(L, "recipient", m.recipient);
	lua_pushboolean(L, m.kind == MT_MARKETING);
	lua_setfield(L, -2, "marketing");
	lua_pushinteger(L, script_seconds(m.sent));
	lua_setfield(L, -2, "sent");
	return 1;
}

static int
find(lua_State *L)
{
	struct mt_call *call = CALL(L);

	script_push(L, call->host->find(call, script_text(L, 1, "find")));
	return 1;
}

static int
link(lua_State *L)
{
	struct mt_call *call = CALL(L);

	script_push_str(L, call->host->link(call, script_text(L, 1, "link")));
	return 1;
}

/* --- time and chance --- */

static int
now(lua_State *L)
{
	lua_pushinteger(L, script_seconds(CALL(L)->host->now(CALL(L))));
	return 1;
}

static struct mt_str
zone_of(lua_State *L, int at)
{
	struct mt_contact who = {.size = sizeof who};

	if (!lua_isnoneornil(L, at))
		return script_text(L, at, "time zone");
	if (CALL(L)->host->contact(CALL(L), &who) == MT_OK)
		return who.time_zone;
	return MT_STR("");
}

static int64_t
time_of(lua_State *L, int at)
{
	lua_Integer seconds;

	if (lua_isnoneornil(L, at))
		return CALL(L)->host->now(CALL(L));
	seconds = luaL_checkinteger(L, at);
	if (seconds > INT64_C(300000000000) || seconds < -INT64_C(300000000000))
		luaL_argerror(L, at, "expected seconds since 1970");
	return seconds * 1000;
}

#define PARTS(X) X(year) X(month) X(day) X(hour) X(minute) X(second) X(weekday) X(offset)

static int
local_time(lua_State *L)
{
	struct mt_local local = {.size = sizeof local};

	if (CALL(L)->host->local(CALL(L), time_of(L, 1), zone_of(L, 2), &local) != MT_OK)
		return luaL_error(L, "local_time: there is no such time zone");
	lua_newtable(L);
#define SET(part)                       \
	lua_pushinteger(L, local.part); \
	lua_setfield(L, -2, #part);
	PARTS(SET)
	return 1;
}

static int32_t
part_of(lua_State *L, const char *name)
{
	lua_Integer number;

	lua_getfield(L, 1, name);
	number = luaL_optinteger(L, -1, strcmp(name, "month") == 0 || strcmp(name, "day") == 0);
	if (number > 1000000 || number < -1000000)
		luaL_error(L, "moment: its %s is beyond what a calendar has", name);
	lua_pop(L, 1);
	return (int32_t)number;
}

static int
moment(lua_State *L)
{
	struct mt_local local = {.size = sizeof local};
	int64_t time;

	luaL_checktype(L, 1, LUA_TTABLE);
#define GET(part) local.part = part_of(L, #part);
	PARTS(GET)
	if (CALL(L)->host->moment(CALL(L), &local, zone_of(L, 2), &time) != MT_OK)
		return luaL_error(L, "moment: there is no such time zone, or no such time");
	lua_pushinteger(L, script_seconds(time));
	return 1;
}

/* As a template wants it. */
static int
date(lua_State *L)
{
	struct mt_call *call = CALL(L);

	script_push(L, call->host->time(call, time_of(L, 1), zone_of(L, 2)));
	return 1;
}

static int
random_number(lua_State *L)
{
	struct mt_str what = script_text(L, 1, "random");
	lua_Integer most = luaL_checkinteger(L, 2), number = luaL_optinteger(L, 3, 0);

	luaL_argcheck(L, most >= 1, 2, "expected at least 1");
	lua_pushinteger(L,
	    (lua_Integer)(CALL(L)->host->random(CALL(L), what, (uint64_t)number) % (uint64_t)most) +
		1);
	return 1;
}

/* --- the log, counters, parameters --- */

static int
put_log(lua_State *L)
{
	static const char *const levels[] = {"error", "warning", "info", "debug", NULL};
	struct mt_str text = script_text(L, 1, "log");

	CALL(L)->host->log(CALL(L), (uint32_t)luaL_checkoption(L, 2, "info", levels), text);
	return 0;
}

static int
count(lua_State *L)
{
	struct mt_str name = script_text(L, 1, "count");

	if (name.n == 0 || name.n >= SCRIPT_NAME ||
	    strspn(name.p, "abcdefghijklmnopqrstuvwxyz0123456789_") != name.n)
		return luaL_error(
		    L, "count: expected a name of 1 to 40 letters a-z, digits and \"_\"");
	CALL(L)->host->count(CALL(L), name, luaL_optinteger(L, 2, 1));
	return 0;
}

/* One "name=value" of the list `set`. */
static int
param(lua_State *L)
{
	struct mt_str name = script_text(L, 1, "param"), one;

	for (size_t i = 0; (one = CALL(L)->host->param_list(CALL(L), "set", i)).p != NULL; i++) {
		if (one.n > name.n && one.p[name.n] == '=' && memcmp(one.p, name.p, name.n) == 0) {
			lua_pushlstring(L, one.p + name.n + 1, one.n - name.n - 1);
			return 1;
		}
	}
	lua_settop(L, 2);
	return 1;
}

/* --- text --- */

static int
escape(lua_State *L)
{
	struct mt_str text = script_text(L, 1, "escape");
	luaL_Buffer out;

	luaL_buffinit(L, &out);
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '&':
			luaL_addstring(&out, "&amp;");
			break;
		case '<':
			luaL_addstring(&out, "&lt;");
			break;
		case '>':
			luaL_addstring(&out, "&gt;");
			break;
		case '"':
			luaL_addstring(&out, "&quot;");
			break;
		case '\'':
			luaL_addstring(&out, "&#39;");
			break;
		default:
			luaL_addchar(&out, text.p[i]);
		}
	}
	luaL_pushresult(&out);
	return 1;
}

static int
decode(lua_State *L)
{
	const struct mt_value *decoded;

	if (CALL(L)->host->json(CALL(L), script_text(L, 1, "json"), &decoded) != MT_OK)
		return 0;
	script_push(L, decoded);
	return 1;
}

static int
encode(lua_State *L)
{
	struct mt_str text = CALL(L)->host->as_json(CALL(L), script_value(L, 1));

	if (text.p == NULL)
		return luaL_error(L, "encode: larger than the plugin's ceiling (memory)");
	script_push_str(L, text);
	return 1;
}

static const luaL_Reg functions[] = {{"contact", contact}, {"message", message}, {"find", find},
    {"link", link}, {"now", now}, {"local_time", local_time}, {"moment", moment}, {"date", date},
    {"random", random_number}, {"log", put_log}, {"count", count}, {"param", param},
    {"escape", escape}, {"markup", script_markup}, {"json", decode}, {"encode", encode},
    {NULL, NULL}};

void
script_api_open(lua_State *L)
{
	script_markup_open(L);
	script_header_open(L);
	lua_newtable(L);
	luaL_setfuncs(L, script_hooks_api, 0);
	luaL_setfuncs(L, functions, 0);
	luaL_setfuncs(L, script_data_api, 0);
	lua_newtable(L);
	luaL_setfuncs(L, script_kv_api, 0);
	script_protect(L);
	lua_setfield(L, -2, "kv");
	script_protect(L);
}
