/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lua: values, filters, tags, parts, header fields, gates, events and tasks from Lua files
 *
 * Which hooks there are, the files say: `extend` reads them. Hooks know their name alone; the
 * function behind it is looked up in the files that are in service (pool.c).
 *
 * Threads: any number of hooks at once, each with a Lua state of its own.
 */
#include "script.h"

#include <stdlib.h>
#include <string.h>

#define MOST 8

/* --- values --- */

static void
push_contact(lua_State *L)
{
	struct mt_call *call = script_of(L)->call;

	script_push(L, call->host->find(call, MT_STR("contact")));
}

static int32_t
take_value(lua_State *L, const struct mt_value **value_r)
{
	*value_r = script_value(L, -1);
	return *value_r == NULL ? MT_NONE : MT_OK;
}

static int32_t
run_value(lua_State *L, void *with)
{
	push_contact(L);
	lua_call(L, 1, 1);
	return take_value(L, with);
}

static int32_t
value(struct mt_call *call, void *name, struct mt_str member, const struct mt_value **value_r)
{
	(void)member;
	return script_pool_run(call, SCRIPT_VALUE, name, run_value, value_r);
}

/* --- filters and tags --- */

struct words {
	const struct mt_arguments *with;
	bool input;
	const struct mt_value **value_r;
};

static int32_t
run_words(lua_State *L, void *closure)
{
	const struct words *words = closure;
	const struct mt_arguments *with = words->with;
	int count = (int)with->count;

	if (words->input) {
		script_push(L, with->input);
		count++;
	}
	for (uint32_t i = 0; i < with->count; i++)
		script_push(L, with->at[i]);
	if (with->named_count > 0) {
		lua_newtable(L);
		for (uint32_t i = 0; i < with->named_count; i++) {
			script_push_str(L, with->name[i]);
			script_push(L, with->named[i]);
			lua_rawset(L, -3);
		}
		count++;
	}
	lua_call(L, count, 1);
	return take_value(L, words->value_r);
}

static int32_t
filter(struct mt_call *call, void *name, const struct mt_arguments *with,
    const struct mt_value **value_r)
{
	struct words words = {with, true, value_r};

	return script_pool_run(call, SCRIPT_FILTER, name, run_words, &words);
}

static int32_t
tag(struct mt_call *call, void *name, const struct mt_arguments *with,
    const struct mt_value **value_r)
{
	struct words words = {with, false, value_r};

	return script_pool_run(call, SCRIPT_TAG, name, run_words, &words);
}

static int32_t
block(struct mt_call *call, void *name, const struct mt_arguments *with,
    const struct mt_value **value_r)
{
	struct words words = {with, true, value_r};

	return script_pool_run(call, SCRIPT_BLOCK, name, run_words, &words);
}

/* --- parts and header fields --- */

struct rewrite {
	const struct mt_part *part;
	struct mt_str *text_r;
};

static int32_t
run_part(lua_State *L, void *with)
{
	struct mt_call *call = script_of(L)->call;
	const struct rewrite *rewrite = with;
	struct mt_str text;
	char *copy;

	script_push_str(L, rewrite->part->text);
	lua_newtable(L);
	lua_pushstring(L, rewrite->part->kind == MT_PART_HTML ? "html" : "text");
	lua_setfield(L, -2, "kind");
	lua_pushinteger(L, rewrite->part->number);
	lua_setfield(L, -2, "number");
	lua_call(L, 2, 1);
	if (lua_isnil(L, -1))
		return MT_NONE;
	text = script_text(L, -1, "a part");
	copy = call->host->memory(call, text.n);
	if (copy == NULL)
		return MT_LIMIT;
	memcpy(copy, text.p, text.n);
	*rewrite->text_r = mt_str_n(copy, text.n);
	return MT_OK;
}

static int32_t
part(struct mt_call *call, void *name, const struct mt_part *of, struct mt_str *text_r)
{
	struct rewrite rewrite = {of, text_r};

	return script_pool_run(call, SCRIPT_PART, name, run_part, &rewrite);
}

static int32_t
run_header(lua_State *L, void *with)
{
	(void)with;
	script_push_header(L);
	push_contact(L);
	lua_call(L, 2, 0);
	return MT_OK;
}

static int32_t
header(struct mt_call *call, void *name)
{
	return script_pool_run(call, SCRIPT_HEADER, name, run_header, NULL);
}

/* --- gates --- */

static struct mt_str
reason_of(lua_State *L, int at)
{
	struct mt_call *call = script_of(L)->call;
	struct mt_str text = script_text(L, at, "gate: a reason");
	char *copy = call->host->memory(call, text.n);

	if (copy == NULL)
		luaL_error(L, "gate: the reason is larger than the plugin's ceiling (memory)");
	memcpy(copy, text.p, text.n);
	return mt_str_n(copy, text.n);
}

static int32_t
run_gate(lua_State *L, void *with)
{
	struct mt_verdict *verdict = with;
	const char *answer;

	push_contact(L);
	lua_call(L, 1, 3);
	answer = lua_type(L, -3) == LUA_TSTRING ? lua_tostring(L, -3) : "";
	if (lua_isnil(L, -3) || strcmp(answer, "send") == 0)
		return MT_OK;
	if (strcmp(answer, "skip") == 0) {
		verdict->action = MT_SKIP;
		verdict->reason = reason_of(L, -2);
	} else if (strcmp(answer, "later") == 0) {
		lua_Integer when = luaL_checkinteger(L, -2);

		verdict->action = MT_LATER;
		verdict->when = when < 0 || when > INT64_C(300000000000) ? 0 : when * 1000;
		verdict->reason = reason_of(L, -1);
	} else {
		return luaL_error(L,
		    "gate: expected \"send\", \"skip\" with a reason, or \"later\" "
		    "with a time and a reason");
	}
	return MT_OK;
}

static int32_t
gate(struct mt_call *call, void *name, struct mt_verdict *verdict)
{
	return script_pool_run(call, SCRIPT_GATE, name, run_gate, verdict);
}

/* --- in the background --- */

struct batch {
	const struct mt_event *const *events;
	size_t count;
};

static int32_t
run_events(lua_State *L, void *with)
{
	const struct batch *batch = with;

	for (size_t i = 0; i < batch->count; i++) {
		lua_pushvalue(L, -1);
		script_push_event(L, batch->events[i]);
		lua_call(L, 1, 0);
	}
	return MT_OK;
}

static int32_t
listen(struct mt_call *call, void *name, const struct mt_event *const *events, size_t count)
{
	struct batch batch = {events, count};

	return script_pool_run(call, SCRIPT_EVENT, name, run_events, &batch);
}

static int32_t
run_task(lua_State *L, void *with)
{
	(void)with;
	lua_call(L, 0, 0);
	return MT_OK;
}

static int32_t
task(struct mt_call *call, void *name)
{
	return script_pool_run(call, SCRIPT_TASK, name, run_task, NULL);
}

/* --- the definition --- */

/* All tables at once: each has room for all hooks. */
struct tables {
	char name[SCRIPT_HOOKS][SCRIPT_NAME];
	struct mt_namespace values[SCRIPT_HOOKS];
	struct mt_filter filters[SCRIPT_HOOKS];
	struct mt_tag tags[SCRIPT_HOOKS];
	struct mt_rewriter parts[SCRIPT_HOOKS];
	struct mt_header headers[SCRIPT_HOOKS];
	struct mt_gate gates[SCRIPT_HOOKS];
	struct mt_listener listeners[SCRIPT_HOOKS];
	struct mt_task tasks[SCRIPT_HOOKS + 1];
};

static void
add(struct tables *t, const struct script_hook *hook, char *name, struct mt_definition *d)
{
	static const char what[] = "Of a Lua file.";

	switch (hook->kind) {
	case SCRIPT_VALUE:
		t->values[d->values.count++] = (struct mt_namespace){name, what, value, name, 0, 0};
		break;
	case SCRIPT_FILTER:
		t->filters[d->filters.count++] =
		    (struct mt_filter){name, what, filter, name, 0, MOST, MT_FILTER_NAMED, 0};
		break;
	case SCRIPT_TAG:
		t->tags[d->tags.count++] =
		    (struct mt_tag){name, what, tag, name, 0, MOST, MT_TAG_NAMED, 0};
		break;
	case SCRIPT_BLOCK:
		t->tags[d->tags.count++] = (struct mt_tag){
		    name, what, block, name, 0, MOST, MT_TAG_NAMED | MT_TAG_BLOCK, 0};
		break;
	case SCRIPT_PART:
		t->parts[d->parts.count++] =
		    (struct mt_rewriter){name, what, part, name, (uint32_t)hook->kinds, 0};
		break;
	case SCRIPT_HEADER:
		t->headers[d->headers.count++] = (struct mt_header){name, what, header, name, 0, 0};
		break;
	case SCRIPT_GATE:
		t->gates[d->gates.count++] = (struct mt_gate){name, what, gate, name, 0, 0};
		break;
	case SCRIPT_EVENT:
		t->listeners[d->listeners.count++] =
		    (struct mt_listener){name, what, listen, name, hook->kinds, 0, 0};
		break;
	case SCRIPT_TASK:
	case SCRIPT_KINDS:
		t->tasks[d->tasks.count++] =
		    (struct mt_task){name, what, task, name, hook->every, 0, 0, 0};
		break;
	}
}

#define GIVE(member)                                            \
	do {                                                    \
		d->member.at = t->member;                       \
		d->member.size = (uint32_t)sizeof t->member[0]; \
	} while (0)

static int32_t
extend(struct mt_call *call, struct mt_definition *d)
{
	struct tables *t = call->host->memory(call, sizeof *t);
	struct script_sources *sources;
	int32_t rc = t == NULL ? MT_LIMIT : script_sources_read(&sources, call);

	if (rc != MT_OK)
		return rc;
	rc = script_look(sources, call);
	memset(t, 0, sizeof *t);
	t->tasks[0] = d->tasks.at[0];
	t->tasks[0].every = call->host->param_int(call, "look");
	for (size_t i = 0; rc == MT_OK && i < sources->hook_count; i++) {
		memcpy(t->name[i], sources->hooks[i].name, SCRIPT_NAME);
		add(t, &sources->hooks[i], t->name[i], d);
	}
	GIVE(values);
	GIVE(filters);
	GIVE(tags);
	GIVE(parts);
	GIVE(headers);
	GIVE(gates);
	GIVE(listeners);
	GIVE(tasks);
	script_sources_free(&sources);
	return rc;
}

static const struct mt_parameter parameters[] = {
    {"folder", MT_PATH, MT_REQUIRED, "", NULL,
	"The folder with the files *.lua. Only their owner may write it and them."},
    {"set", MT_LIST, 0, "", "",
	"Settings for the files, each as name=value, which mailtailor.param(name) reads."},
    {"look", MT_TIME, 0, "5s", "1s..1h",
	"How often the folder is looked at. What changed there comes into service when it was "
	"found the same twice, and without a mistake."},
    {"instructions", MT_INT, 0, "10000000", "1000..10000000000",
	"So many instructions of Lua, and steps of patterns, one call of a hook may take. Events "
	"and tasks may take a hundred times as many."},
    {"heap", MT_SIZE, 0, "16m", "256k..1g",
	"So much memory one Lua state may take. There are as many states as there are calls at "
	"once."},
};
static const struct mt_task tasks[] = {
    {"mailtailor_look", "Looks for changed files.", script_pool_watch, NULL, 5000, 0, 0, 0},
};

const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me =
	    MT_PLUGIN("lua", "1.0", "Values, filters, gates and more, written in Lua");

	me.threads = MT_THREADS_ANY;
	me.extend = extend;
	me.start = script_pool_open;
	me.stop = script_pool_close;
	me.reload = script_pool_reload;
	MT_SET(me.parameters, parameters);
	MT_SET(me.tasks, tasks);
	return &me;
}
