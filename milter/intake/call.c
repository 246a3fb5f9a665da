/* SPDX-License-Identifier: BSD-2-Clause
 *
 * call: see call.h; this file: taking an object apart
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_INPUT, ERR_LIMIT.
 */
#include "intake/call.h"

#include "base/clock.h"
#include "base/id.h"
#include "intake/time.h"

#include <stdio.h>
#include <stdlib.h>

#define ID_BYTES 16

/* --- members --- */

/* Text or an integer as text; absent: empty. */
static int
take_text(const json_t *object, const char *name, struct arena *arena, struct str *text_r,
    struct err *err)
{
	const json_t *value = json_object_get(object, name);

	if (value == NULL || json_is_null(value)) {
		*text_r = STR("");
		return 0;
	}
	if (json_is_string(value))
		*text_r = arena_str(
		    arena, (struct str){json_string_value(value), json_string_length(value)});
	else if (json_is_integer(value))
		*text_r = arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else
		return err_set(err, ERR_INPUT, "%s: text was expected", name);
	return text_r->p != NULL ? 0 : err_set(err, ERR_LIMIT, "an event that is too large");
}

static struct str
string_of(const json_t *value)
{
	return (struct str){json_string_value(value), json_string_length(value)};
}

/* Segment's clients put the address in different places. */
static int
take_address(const json_t *object, struct arena *arena, struct intake_call *call, struct err *err)
{
	const json_t *places[] = {
	    json_object_get(object, "email"),
	    json_object_get(json_object_get(object, "traits"), "email"),
	    json_object_get(json_object_get(json_object_get(object, "context"), "traits"), "email"),
	    json_object_get(json_object_get(object, "properties"), "email"),
	};

	call->address = STR("");
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		if (!json_is_string(places[i]) || json_string_length(places[i]) == 0)
			continue;
		call->address = arena_str(arena, string_of(places[i]));
		return call->address.p != NULL ? 0 : err_set(err, ERR_LIMIT, "an address too long");
	}
	/* Some use the address as user id. */
	if (str_has(call->user_id, STR("@")) &&
	    store_address_key(call->user_id, arena, &call->address, NULL) != 0)
		call->address = STR("");
	return 0;
}

static int
take_kind(const json_t *object, const struct intake_context *context, struct intake_call *call,
    struct err *err)
{
	const json_t *type = json_object_get(object, "type");

	call->kind = context->kind;
	if (call->kind != STORE_EVENT_ANY)
		return 0;
	if (type == NULL)
		call->kind = json_object_get(object, "event") == NULL &&
			json_object_get(object, "traits") != NULL
		    ? STORE_EVENT_IDENTIFY
		    : STORE_EVENT_TRACK;
	else if (json_is_string(type))
		call->kind = store_event_kind_of(string_of(type));
	if (call->kind == STORE_EVENT_ANY || call->kind >= STORE_EVENT_OWN)
		return err_set(
		    err, ERR_INPUT, "type: identify, track, page or screen was expected");
	return 0;
}

/* --- time --- */

/* 1 it is there, 0 it is not, -1. */
static int
take_time(const json_t *object, const char *name, int64_t *ms_r, struct err *err)
{
	const json_t *value = json_object_get(object, name);

	if (value == NULL || json_is_null(value))
		return 0;
	if (intake_time_json(value, ms_r, err) == 0)
		return 1;
	return err_prefix(err, "%s", name);
}

/* By Segment's rule: what happened `sent - time` before it was sent, happened as long before it
 * was received, whatever the sender's clock says. An archived object has been corrected: its
 * `timestamp` is the result and `originalTimestamp` what the client had said. */
static int
take_times(const json_t *object, const struct intake_context *context, struct intake_call *call,
    bool *told_r, struct err *err)
{
	int64_t now = clock_now(), received = context->received_ms, sent = context->sent_ms;
	int64_t time = 0, original = 0, own = 0, other;
	int has_time = take_time(object, "timestamp", &time, err);
	int has_original = take_time(object, "originalTimestamp", &original, err);
	int has_own = take_time(object, "time", &own, err);

	if (has_time < 0 || has_original < 0 || has_own < 0 ||
	    take_time(object, "sentAt", &sent, err) < 0)
		return -1;
	if (received == 0 && take_time(object, "receivedAt", &received, err) < 0)
		return -1;
	other = has_own ? own : has_original ? original : time;
	*told_r = has_time || has_original || has_own;
	if (has_time && has_original && context->received_ms == 0)
		call->time_ms = time;
	else if (*told_r && received != 0 && sent != 0)
		call->time_ms = received - (sent - other);
	else
		call->time_ms = *told_r ? other : received != 0 ? received : now;
	/* The same object has the same id, whenever it is sent. */
	call->told_ms = *told_r ? other : 0;
	return 0;
}

/* --- properties --- */

static int
dump(const json_t *object, struct arena *arena, struct str *text_r, struct err *err)
{
	size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(15);
	size_t size = json_dumpb(object, NULL, 0, flags);
	char *room;

	if (size == 0)
		return err_set(err, ERR_INPUT, "properties that can't be written as JSON");
	if (size > STORE_EVENT_PROPERTIES_MAX)
		return err_set(err, ERR_LIMIT, "properties of %zu bytes: at most %zu are taken",
		    size, STORE_EVENT_PROPERTIES_MAX);
	room = arena_alloc(arena, size);
	if (room == NULL)
		return err_set(err, ERR_LIMIT, "an event that is too large");
	*text_r = (struct str){room, json_dumpb(object, room, size, flags)};
	return 0;
}

static int
take_properties(
    const json_t *object, struct arena *arena, struct intake_call *call, struct err *err)
{
	const char *name = call->kind == STORE_EVENT_IDENTIFY ? "traits" : "properties";
	const json_t *value = json_object_get(object, name);
	const json_t *category = json_object_get(object, "category");
	json_t *page;
	int rc;

	call->properties = STR("{}");
	if (value != NULL && !json_is_null(value) && !json_is_object(value))
		return err_set(err, ERR_INPUT, "%s: an object was expected", name);
	/* A page's category stands beside its properties. */
	if (call->kind == STORE_EVENT_PAGE && json_is_string(category)) {
		page =
		    json_is_object(value) ? json_copy((json_t *)(uintptr_t)value) : json_object();
		json_object_set(page, "category", (json_t *)(uintptr_t)category);
		rc = dump(page, arena, &call->properties, err);
		json_decref(page);
		return rc;
	}
	return json_is_object(value) ? dump(value, arena, &call->properties, err) : 0;
}

/* --- the whole --- */

int
intake_call_read(const json_t *object, const struct intake_context *context, struct arena *arena,
    struct intake_call *call_r, struct err *err)
{
	bool told;

	*call_r = (struct intake_call){.kind = STORE_EVENT_ANY};
	if (!json_is_object(object))
		return err_set(err, ERR_INPUT, "no JSON object");
	if (take_kind(object, context, call_r, err) != 0 ||
	    take_text(object, call_r->kind == STORE_EVENT_TRACK ? "event" : "name", arena,
		&call_r->type, err) != 0 ||
	    take_text(object, json_object_get(object, "messageId") != NULL ? "messageId" : "id",
		arena, &call_r->id, err) != 0 ||
	    take_text(object, "userId", arena, &call_r->user_id, err) != 0 ||
	    take_text(object, "anonymousId", arena, &call_r->anonymous_id, err) != 0 ||
	    take_address(object, arena, call_r, err) != 0 ||
	    take_times(object, context, call_r, &told, err) != 0 ||
	    take_properties(object, arena, call_r, err) != 0)
		return -1;
	if (call_r->kind == STORE_EVENT_IDENTIFY)
		call_r->type = STR("");
	if (context->repeatable && !told && call_r->id.n == 0)
		return err_set(err, ERR_INPUT,
		    "neither a time nor an id: a second import would write it again");
	return intake_call_finish(call_r, told, arena, err);
}

/* Two events that agree in everything that was told are one. */
static int
make_id(struct intake_call *call, struct arena *arena, struct err *err)
{
	char kind[8], time[24], hex[2 * ID_BYTES + 1];
	struct id_digest digest;

	snprintf(kind, sizeof kind, "%d", (int)call->kind);
	snprintf(time, sizeof time, "%lld",
	    (long long)(call->told_ms != 0 ? call->told_ms : call->time_ms));
	digest = id_digest((const struct str[]){str_c(kind), call->address, call->user_id,
			       call->anonymous_id, call->type, str_c(time), call->properties},
	    7);
	call->id = arena_str(arena, str_c(id_hex(&digest, ID_BYTES, hex)));
	return call->id.p != NULL ? 0 : err_set(err, ERR_LIMIT, "an event that is too large");
}

static int
check_names(const struct intake_call *call, struct err *err)
{
	if (call->address.n == 0 && call->user_id.n == 0 && call->anonymous_id.n == 0)
		return err_set(err, ERR_INPUT, "nobody: email, userId or anonymousId was expected");
	if (call->user_id.n > STORE_EVENT_SOURCE_ID_MAX ||
	    call->anonymous_id.n > STORE_EVENT_SOURCE_ID_MAX)
		return err_set(
		    err, ERR_LIMIT, "an id of more than %d bytes", STORE_EVENT_SOURCE_ID_MAX);
	return 0;
}

int
intake_call_finish(struct intake_call *call, bool time_told, struct arena *arena, struct err *err)
{
	struct str address = call->address;
	int64_t now = clock_now();
	struct store_event event;

	if (check_names(call, err) != 0)
		return -1;
	if (address.n > 0 && store_address_key(address, arena, &call->address, err) != 0)
		return err_prefix(
		    err, "\"%.*s\"", address.n > 100 ? 100 : (int)address.n, address.p);
	if (call->id.n == 0 && time_told && make_id(call, arena, err) != 0)
		return -1;
	/* Nothing has happened in the future: it would stay the newest for years. */
	if (call->time_ms > now)
		call->time_ms = now;
	event = (struct store_event){
	    .kind = call->kind,
	    .type = call->type,
	    .time_ms = call->time_ms,
	    .source_id = call->id,
	    .properties = call->properties,
	};
	return store_event_check(&event, err);
}
