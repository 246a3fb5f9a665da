/* SPDX-License-Identifier: BSD-2-Clause
 *
 * state: one Lua state with its ceilings, and how a hook is run in it
 *
 * Memory is counted by the allocator, instructions by a hook of Lua's every thousand. What hits
 * a ceiling raises an error that pcall does not catch, and the state is thrown away.
 *
 * Threads: one at a time uses a state.
 */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK 1000

static char wanted_key; /* in the registry: the hook's function */
static char env_key;	/* the metatable of environments */

const char *const script_kinds[SCRIPT_KINDS] = {[SCRIPT_VALUE] = "value",
    [SCRIPT_FILTER] = "filter",
    [SCRIPT_TAG] = "tag",
    [SCRIPT_BLOCK] = "block",
    [SCRIPT_PART] = "part",
    [SCRIPT_HEADER] = "header",
    [SCRIPT_GATE] = "gate",
    [SCRIPT_EVENT] = "event",
    [SCRIPT_TASK] = "task"};

struct script *
script_of(lua_State *L)
{
	struct script *script;

	memcpy(&script, lua_getextraspace(L), sizeof script);
	return script;
}

/* --- ceilings --- */

/* "file.lua:7: ", or nothing. Takes no memory of Lua's. */
static void
note_place(struct script *script)
{
	lua_Debug at;

	script->place[0] = '\0';
	for (int level = 0; script->L != NULL && lua_getstack(script->L, level, &at); level++) {
		lua_getinfo(script->L, "Sl", &at);
		if (at.currentline > 0) {
			snprintf(script->place, sizeof script->place, "%s:%d: ", at.short_src,
			    at.currentline);
			return;
		}
	}
}

static void *
allocate(void *closure, void *old, size_t old_size, size_t size)
{
	struct script *script = closure;
	void *new;

	if (old == NULL)
		old_size = 0;
	if (size == 0) {
		free(old);
		script->used -= old_size;
		return NULL;
	}
	if (size > old_size && size - old_size > script->heap - script->used) {
		script->refused = true;
		note_place(script);
		return NULL;
	}
	new = realloc(old, size);
	if (new != NULL)
		script->used += size - old_size;
	return new;
}

static int
stop(lua_State *L, struct script *script, const char *why)
{
	script->spent = true;
	note_place(script);
	lua_pushfstring(L, "%s%s", script->place, why);
	return lua_error(L);
}

void
script_steps(struct script *script, int64_t steps)
{
	char why[100];

	script->steps += steps;
	if (script->steps > script->most) {
		snprintf(why, sizeof why, "it takes more than %lld instructions",
		    (long long)script->most);
		stop(script->L, script, why);
	}
	if (script->call != NULL && script->call->host->remaining(script->call) < 0)
		stop(script->L, script, "its deadline is over");
}

static void
tick(lua_State *L, lua_Debug *at)
{
	(void)at;
	script_steps(script_of(L), TICK);
}

/* --- files --- */

/* Errors of Lua's own functions do not say where they were called. */
static int
add_place(lua_State *L)
{
	struct script *script = script_of(L);
	const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : NULL;
	const char *dot = text == NULL ? NULL : strstr(text, ".lua:");

	if (text == NULL || (dot != NULL && dot < text + sizeof script->sources->at[0].name))
		return 1;
	note_place(script);
	lua_pushfstring(L, "%s%s", script->place, text);
	return 1;
}

static int
compile(lua_State *L)
{
	struct script *script = script_of(L);

	for (size_t i = 0; i < script->sources->count; i++) {
		const struct script_source *source = &script->sources->at[i];
		char name[80];

		snprintf(name, sizeof name, "@%s", source->name);
		/* Text only: what Lua itself has compiled can do anything. */
		if (luaL_loadbufferx(L, source->text, source->size, name, "t") != LUA_OK)
			return lua_error(L);
		script->chunk[i] = luaL_ref(L, LUA_REGISTRYINDEX);
	}
	return 0;
}

static int
open_all(lua_State *L)
{
	lua_newtable(L);
	script_safe_open(L);
	script_api_open(L);
	lua_setfield(L, -2, "mailtailor");
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_rawsetp(L, LUA_REGISTRYINDEX, &env_key);
	return compile(L);
}

static void
run_file(lua_State *L, struct script *script, size_t file)
{
	script->file = file;
	memset(script->unnamed, 0, sizeof script->unnamed);
	lua_rawgeti(L, LUA_REGISTRYINDEX, script->chunk[file]);
	lua_newtable(L);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &env_key);
	lua_setmetatable(L, -2);
	lua_setupvalue(L, -2, 1);
	script->registering = true;
	lua_call(L, 0, 0);
	script->registering = false;
}

int
script_register(lua_State *L, const struct script_hook *hook, int function)
{
	struct script *script = script_of(L);
	struct script_sources *sources = script->sources;

	luaL_checktype(L, function, LUA_TFUNCTION);
	if (!script->registering)
		return luaL_error(L, "hooks are made outside of functions");
	if (script->looking) {
		const struct script_hook *other = script_hook_find(sources, hook->kind, hook->name);

		if (other != NULL)
			return luaL_error(L, "%s %s is there already, in %s",
			    script_kinds[hook->kind], hook->name, sources->at[other->file].name);
		if (sources->hook_count == SCRIPT_HOOKS)
			return luaL_error(L, "expected at most %d hooks", SCRIPT_HOOKS);
		sources->hooks[sources->hook_count++] = *hook;
	} else if (script->wanted != NULL && script->wanted->kind == hook->kind &&
	    strcmp(script->wanted->name, hook->name) == 0) {
		lua_pushvalue(L, function);
		lua_rawsetp(L, LUA_REGISTRYINDEX, &wanted_key);
	}
	return 0;
}

/* --- states --- */

/* Why a protected call failed; the message is on top of the stack. */
static int32_t
explain(struct script *script, int status)
{
	struct mt_call *call = script->call;
	lua_State *L = script->L;
	char text[600];

	if (status == LUA_ERRMEM)
		snprintf(text, sizeof text, "%sit needs more than the heap's %zu bytes",
		    script->place, script->heap);
	else if (lua_type(L, -1) == LUA_TSTRING)
		snprintf(text, sizeof text, "%s", lua_tostring(L, -1));
	else
		snprintf(text, sizeof text, "%s: its error is no text",
		    script->sources->at[script->file].name);
	return call->host->fail(call, mt_str_c(text));
}

static void
set_limits(struct script *script, struct mt_call *call, bool background)
{
	script->call = call;
	script->steps = 0;
	script->most = call->host->param_int(call, "instructions");
	if (background)
		script->most *= SCRIPT_BACKGROUND;
	script->spent = false;
	script->refused = false;
	script->place[0] = '\0';
	script->registering = false;
}

struct script *
script_new(struct script_sources *sources, struct mt_call *call)
{
	struct script *script = calloc(1, sizeof *script);
	int status;

	if (script == NULL)
		return NULL;
	script->heap = (size_t)call->host->param_int(call, "heap");
	script->sources = sources;
	script->L = lua_newstate(allocate, script);
	if (script->L == NULL) {
		call->host->fail(call, MT_STR("there is no memory for a Lua state"));
		script_free(&script);
		return NULL;
	}
	memcpy(lua_getextraspace(script->L), &script, sizeof script);
	set_limits(script, call, true);
	lua_sethook(script->L, tick, LUA_MASKCOUNT, TICK);
	lua_pushcfunction(script->L, open_all);
	status = lua_pcall(script->L, 0, 0, 0);
	if (status != LUA_OK) {
		explain(script, status);
		script_free(&script);
	}
	return script;
}

void
script_free(struct script **script)
{
	if (*script != NULL && (*script)->L != NULL)
		lua_close((*script)->L);
	free(*script);
	*script = NULL;
}

static int
look(lua_State *L)
{
	struct script *script = script_of(L);

	for (size_t i = 0; i < script->sources->count; i++)
		run_file(L, script, i);
	return 0;
}

int32_t
script_look(struct script_sources *sources, struct mt_call *call)
{
	struct script *script = script_new(sources, call);
	int32_t rc = MT_OK;
	int status;

	if (script == NULL)
		return MT_FAILED;
	script->looking = true;
	set_limits(script, call, true);
	lua_pushcfunction(script->L, add_place);
	lua_pushcfunction(script->L, look);
	status = lua_pcall(script->L, 0, 0, 1);
	if (status != LUA_OK)
		rc = explain(script, status);
	script_free(&script);
	return rc;
}

/* --- hooks --- */

struct work {
	int32_t (*run)(lua_State *L, void *with);
	void *with;
	int32_t rc;
};

static int
protected_run(lua_State *L)
{
	struct work *work = lua_touserdata(L, 1);
	struct script *script = script_of(L);
	const struct script_hook *hook = script->wanted;

	lua_pushnil(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &wanted_key);
	run_file(L, script, hook->file);
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &wanted_key) != LUA_TFUNCTION)
		return luaL_error(L, "%s: %s %s is not made in this call",
		    script->sources->at[hook->file].name, script_kinds[hook->kind], hook->name);
	work->rc = work->run(L, work->with);
	return 0;
}

int32_t
script_run(struct script *script, struct mt_call *call, const struct script_hook *hook,
    int32_t (*run)(lua_State *L, void *with), void *with)
{
	struct work work = {run, with, MT_FAILED};
	int status;

	set_limits(script, call, hook->kind == SCRIPT_EVENT || hook->kind == SCRIPT_TASK);
	script->wanted = hook;
	lua_pushcfunction(script->L, add_place);
	lua_pushcfunction(script->L, protected_run);
	lua_pushlightuserdata(script->L, &work);
	status = lua_pcall(script->L, 1, 0, 1);
	if (status != LUA_OK)
		work.rc = explain(script, status);
	lua_settop(script->L, 0);
	script->call = NULL;
	return work.rc;
}
