/* SPDX-License-Identifier: BSD-2-Clause
 *
 * data: header fields, events, products and others' data over HTTP, as Lua sees them
 *
 * Threads: the state's.
 * Fails:   with an error in Lua that names the function.
 */
#include "script.h"

#include <string.h>

#define CALL(L) (script_of(L)->call)
#define HEADER	"mailtailor.header"
#define TYPES	16

/* --- header fields: h["Name"] --- */

static int
header_get(lua_State *L)
{
	struct mt_call *call = CALL(L);
	struct mt_str wanted = script_text(L, 2, "a header field's name"), name, value;

	for (size_t i = 0; call->host->header_at(call, i, &name, &value) == MT_OK; i++) {
		size_t k = 0;

		while (k < name.n && k < wanted.n && (name.p[k] | 32) == (wanted.p[k] | 32))
			k++;
		if (k == name.n && k == wanted.n) {
			script_push_str(L, value);
			return 1;
		}
	}
	return 0;
}

static int
header_set(lua_State *L)
{
	struct mt_call *call = CALL(L);
	struct mt_str name = script_text(L, 2, "a header field's name");
	int32_t rc = lua_isnil(L, 3)
	    ? call->host->header_remove(call, name)
	    : call->host->header_set(call, name, script_text(L, 3, "a header field"));

	if (rc != MT_OK && rc != MT_NONE)
		return luaL_error(L, "the header field %s is not a plugin's to change, or no name",
		    lua_tostring(L, 2));
	return 0;
}

void
script_header_open(lua_State *L)
{
	static const luaL_Reg methods[] = {
	    {"__index", header_get}, {"__newindex", header_set}, {NULL, NULL}};

	luaL_newmetatable(L, HEADER);
	luaL_setfuncs(L, methods, 0);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}

void
script_push_header(lua_State *L)
{
	lua_newuserdatauv(L, 0, 0);
	luaL_setmetatable(L, HEADER);
}

/* --- events --- */

static const struct {
	const char *name;
	uint32_t kind;
} kinds[] = {{"track", MT_EVENT_TRACK}, {"page", MT_EVENT_PAGE}, {"screen", MT_EVENT_SCREEN},
    {"identify", MT_EVENT_IDENTIFY}, {"sent", MT_EVENT_SENT}, {"delivered", MT_EVENT_DELIVERED},
    {"deferred", MT_EVENT_DEFERRED}, {"bounced", MT_EVENT_BOUNCED},
    {"complained", MT_EVENT_COMPLAINED}, {"opened", MT_EVENT_OPENED}, {"clicked", MT_EVENT_CLICKED},
    {"subscribed", MT_EVENT_SUBSCRIBED}, {"unsubscribed", MT_EVENT_UNSUBSCRIBED},
    {"autoreplied", MT_EVENT_AUTOREPLIED}};

uint64_t
script_event_kind(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return MT_EVENT_BIT(kinds[i].kind);
	}
	return 0;
}

static void
set_text(lua_State *L, const char *key, struct mt_str text)
{
	script_push_str(L, text);
	lua_setfield(L, -2, key);
}

static void
set_number(lua_State *L, const char *key, int64_t number)
{
	lua_pushinteger(L, number);
	lua_setfield(L, -2, key);
}

void
script_push_event(lua_State *L, const struct mt_event *event)
{
	const struct mt_value *properties = NULL;

	lua_newtable(L);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].kind == event->kind)
			set_text(L, "kind", mt_str_c(kinds[i].name));
	}
	set_number(L, "id", event->id);
	set_number(L, "contact", event->contact);
	set_number(L, "time", script_seconds(event->time));
	set_text(L, "type", event->type);
	set_text(L, "source", event->source);
	set_text(L, "campaign", event->campaign);
	set_text(L, "message", event->message);
	lua_pushboolean(L, (event->flags & MT_EVENT_MACHINE) != 0);
	lua_setfield(L, -2, "machine");
	if (CALL(L)->host->json(CALL(L), event->properties, &properties) == MT_OK)
		script_push(L, properties);
	else
		lua_newtable(L);
	lua_setfield(L, -2, "properties");
}

/* Of a table {type = or types =, since =, before =, most =, people =}. */
static void
read_query(lua_State *L, struct mt_query *query, struct mt_str types[TYPES])
{
	lua_Integer since, before;

	*query = (struct mt_query){.size = sizeof *query, .types = types, .most = 100};
	if (lua_isnoneornil(L, 1))
		return;
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	lua_getfield(L, 1, "type");
	if (lua_type(L, -1) == LUA_TSTRING)
		types[query->type_count++] = script_text(L, -1, "type");
	if (lua_getfield(L, 1, "types") == LUA_TTABLE) {
		for (size_t i = 1; i <= lua_rawlen(L, 3); i++) {
			if (query->type_count == TYPES)
				luaL_error(L, "events: expected at most %d types", TYPES);
			lua_rawgeti(L, 3, (lua_Integer)i);
			types[query->type_count++] = script_text(L, -1, "types");
		}
	}
	query->kind = query->type_count > 0 ? MT_EVENT_TRACK : MT_EVENT_ANY;
	lua_getfield(L, 1, "since");
	since = luaL_optinteger(L, -1, 0);
	lua_getfield(L, 1, "before");
	before = luaL_optinteger(L, -1, 0);
	if (since < 0 || since > INT64_C(300000000000) || before < 0 ||
	    before > INT64_C(300000000000))
		luaL_error(L, "events: expected seconds since 1970");
	query->since = since * 1000;
	query->before = before * 1000;
	lua_getfield(L, 1, "most");
	query->most = luaL_optinteger(L, -1, 100);
	if (query->most < 1 || query->most > 1000)
		luaL_error(L, "events: expected most from 1 to 1000");
	if (lua_getfield(L, 1, "people") != LUA_TNIL && lua_toboolean(L, -1))
		query->flags = MT_QUERY_PEOPLE;
}

static int
refuse(lua_State *L, const char *function)
{
	return luaL_error(
	    L, "%s: it is not to be had here, or the database does not answer", function);
}

static int
events(lua_State *L)
{
	struct mt_call *call = CALL(L);
	const struct mt_event *const *found;
	struct mt_str types[TYPES];
	struct mt_query query;
	size_t n = 0;

	read_query(L, &query, types);
	if (!MT_HAS(call->host, events) || call->host->events(call, &query, &found, &n) != MT_OK)
		return refuse(L, "events");
	lua_newtable(L);
	for (size_t i = 0; i < n; i++) {
		script_push_event(L, found[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

static int
event_count(lua_State *L)
{
	struct mt_call *call = CALL(L);
	struct mt_str types[TYPES];
	struct mt_query query;
	int64_t number;

	read_query(L, &query, types);
	query.most = 0;
	if (!MT_HAS(call->host, event_count) ||
	    call->host->event_count(call, &query, &number) != MT_OK)
		return refuse(L, "event_count");
	lua_pushinteger(L, number);
	return 1;
}

/* --- products --- */

static void
set_price(lua_State *L, const char *key, int64_t price)
{
	if (price == MT_NO_PRICE)
		return;
	lua_pushnumber(L, (lua_Number)price / 1e6);
	lua_setfield(L, -2, key);
}

static void
push_product(lua_State *L, const struct mt_product *product)
{
	const struct mt_value *attributes = NULL;

	lua_newtable(L);
	set_text(L, "key", product->key);
	set_text(L, "catalogue", product->catalogue);
	set_text(L, "group", product->group);
	set_text(L, "title", product->title);
	set_text(L, "link", product->link);
	set_text(L, "image", product->image);
	set_text(L, "currency", product->currency);
	set_text(L, "category", product->category);
	set_text(L, "brand", product->brand);
	set_text(L, "gtin", product->gtin);
	set_price(L, "price", product->price);
	set_price(L, "sale_price", product->sale_price);
	lua_pushboolean(L, product->availability == MT_IN_STOCK);
	lua_setfield(L, -2, "in_stock");
	if (CALL(L)->host->json(CALL(L), product->attributes, &attributes) == MT_OK)
		script_push(L, attributes);
	else
		lua_newtable(L);
	lua_setfield(L, -2, "attributes");
}

static struct mt_str
optional(lua_State *L, int at, const char *what)
{
	return lua_isnoneornil(L, at) ? MT_STR("") : script_text(L, at, what);
}

static int
product(lua_State *L)
{
	struct mt_call *call = CALL(L);
	struct mt_str key = script_text(L, 1, "product");
	const struct mt_product *found;
	int32_t rc = MT_HAS(call->host, product)
	    ? call->host->product(call, optional(L, 2, "catalogue"), key, &found)
	    : MT_FAILED;

	if (rc == MT_NONE)
		return 0;
	if (rc != MT_OK)
		return refuse(L, "product");
	push_product(L, found);
	return 1;
}

static int
products_in(lua_State *L)
{
	struct mt_call *call = CALL(L);
	struct mt_str category = script_text(L, 1, "products_in");
	lua_Integer most = luaL_optinteger(L, 2, 10);
	const struct mt_product *const *found;
	size_t n = 0;

	luaL_argcheck(L, most >= 1 && most <= 1000, 2, "expected 1 to 1000");
	if (!MT_HAS(call->host, products_in) ||
	    call->host->products_in(
		call, optional(L, 3, "catalogue"), category, (size_t)most, &found, &n) != MT_OK)
		return refuse(L, "products_in");
	lua_newtable(L);
	for (size_t i = 0; i < n; i++) {
		push_product(L, found[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

/* --- fetch --- */

static int64_t
seconds_of(lua_State *L, const char *key)
{
	lua_Integer seconds;

	lua_getfield(L, 2, key);
	seconds = luaL_optinteger(L, -1, 0);
	if (seconds < 0 || seconds > 366 * 86400)
		luaL_error(L, "fetch: expected %s in seconds, at most a year", key);
	return seconds * 1000;
}

static void
read_request(lua_State *L, struct mt_request *request)
{
	if (lua_isnoneornil(L, 2))
		return;
	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	request->fresh = seconds_of(L, "fresh");
	request->keep = seconds_of(L, "keep");
	request->timeout = seconds_of(L, "timeout");
	if (lua_getfield(L, 2, "headers") != LUA_TNIL)
		request->headers = script_text(L, -1, "headers");
	if (lua_getfield(L, 2, "body") == LUA_TSTRING)
		request->body.p = lua_tolstring(L, -1, &request->body.n);
	lua_getfield(L, 2, "wait");
	if (lua_toboolean(L, -1))
		request->flags = MT_FETCH_WAIT;
}

/* body, status, type; or nil. */
static int
fetch(lua_State *L)
{
	struct mt_call *call = CALL(L);
	struct mt_request request = {.size = sizeof request, .url = script_text(L, 1, "fetch")};
	const struct mt_answer *answer;
	int32_t rc;

	read_request(L, &request);
	if (!MT_HAS(call->host, fetch))
		return luaL_error(L, "fetch: this mailtailor does not have it");
	rc = call->host->fetch(call, &request, &answer);
	if (rc == MT_NONE || rc == MT_FAILED)
		return 0;
	if (rc != MT_OK)
		return luaL_error(L,
		    "fetch: expected an address of http or https, and wait only in "
		    "events and tasks");
	script_push_str(L, answer->body);
	lua_pushinteger(L, answer->status);
	script_push_str(L, answer->type);
	return 3;
}

const luaL_Reg script_data_api[] = {{"events", events}, {"event_count", event_count},
    {"product", product}, {"products_in", products_in}, {"fetch", fetch}, {NULL, NULL}};
