/* SPDX-License-Identifier: BSD-2-Clause
 *
 * api_events: see api.h; this file: one event, or a batch of them
 *
 * What can be taken of a batch is taken, and the reply names the rest: a client that is
 * told "no" throws the whole batch away. The reply leaves after the commit. Calls of identify
 * are written first, since the others of a batch may name a contact by an id that only they
 * know.
 *
 * A key of scope page learns nothing of who is a contact, and changes none.
 *
 * Threads: the server's; write_events and what it calls the recorder's.
 */
#include "web/api.h"

#include "base/clock.h"
#include "intake/call.h"

#define REFUSALS_MAX 20

struct refusal {
	size_t index;
	struct str reason;
};

struct events {
	struct web_request *request;
	const struct web_api_call *call;
	struct intake_options options;
	bool batch;
	struct intake_call *calls;
	size_t *places; /* of each call in the batch */
	size_t count;
	size_t done[INTAKE_STRANGER + 1];
	struct refusal refusals[REFUSALS_MAX];
	size_t refused;	     /* in all; only some are named */
	size_t refused_read; /* of these, before anything was written */
};

/* --- reading --- */

static void
refuse(struct events *events, size_t index, const char *reason)
{
	if (events->refused < REFUSALS_MAX)
		events->refusals[events->refused] =
		    (struct refusal){index, arena_str(events->request->arena, str_c(reason))};
	events->refused++;
}

static int
read_one(void *closure, size_t index, const json_t *object, const struct intake_context *context)
{
	struct events *events = closure;
	struct intake_call *call = &events->calls[events->count];
	struct err err = ERR_INIT;

	if (json_dumpb(object, NULL, 0, JSON_COMPACT) > WEB_API_EVENT_MAX) {
		refuse(events, index, "an event of more than 32 KB");
	} else if (intake_call_read(object, context, events->request->arena, call, &err) != 0) {
		refuse(events, index, err.text);
	} else if (call->kind == STORE_EVENT_IDENTIFY &&
	    events->call->key.scope == STORE_APIKEY_PAGE) {
		refuse(events, index, "a key of scope page can't identify");
	} else {
		events->places[events->count++] = index;
	}
	return 0;
}

static int
read_all(struct events *events, const json_t *object, struct err *err)
{
	struct web_request *request = events->request;
	const struct intake_context context = {
	    .kind = events->call->route->kind, .received_ms = clock_now()};
	const json_t *batch = json_object_get(object, "batch");
	size_t count = events->batch ? json_array_size(batch) : 1;

	if (events->batch && !json_is_array(batch))
		return err_set(err, ERR_INPUT, "batch: a list was expected");
	if (count > WEB_API_CALLS_MAX)
		return err_set(err, ERR_LIMIT, "a batch of more than %d events", WEB_API_CALLS_MAX);
	events->calls = arena_zalloc(request->arena, count + 1, sizeof *events->calls);
	events->places = arena_zalloc(request->arena, count + 1, sizeof *events->places);
	if (events->calls == NULL || events->places == NULL)
		return err_set(err, ERR_LIMIT, "a batch that is too large");
	if (!events->batch)
		return read_one(events, 0, object, &context);
	return intake_batch_each(object, &context, read_one, events, err);
}

/* --- replies --- */

static json_t *
list_refusals(const struct events *events)
{
	json_t *list = json_array();

	for (size_t i = 0; i < events->refused && i < REFUSALS_MAX; i++) {
		struct str reason = events->refusals[i].reason;
		json_t *text = json_stringn(reason.p == NULL ? "" : reason.p, reason.n);

		json_array_append_new(list,
		    json_pack("{s:I, s:o}", "index", (json_int_t)events->refusals[i].index,
			"message", text != NULL ? text : json_string("it can't be understood")));
	}
	return list;
}

static void
reply(const struct events *events)
{
	json_t *body;

	if (events->refused > 0 && events->refused >= events->refused_read + events->count) {
		struct str reason = events->refusals[0].reason;

		web_api_error(events->request, MHD_HTTP_BAD_REQUEST, "%s%.*s",
		    events->batch ? "no event can be taken; the first: " : "", STR_F(reason));
		return;
	}
	body = json_pack("{s:b}", "success", 1);
	if (events->call->key.scope == STORE_APIKEY_WRITE) {
		json_object_set_new(body, "written", json_integer((json_int_t)events->done[0]));
		json_object_set_new(
		    body, "known", json_integer((json_int_t)events->done[INTAKE_KNOWN]));
		json_object_set_new(
		    body, "strangers", json_integer((json_int_t)events->done[INTAKE_STRANGER]));
	}
	if (events->refused > 0) {
		json_object_set_new(body, "refused", json_integer((json_int_t)events->refused));
		json_object_set_new(body, "refusals", list_refusals(events));
	}
	web_api_reply(events->request, MHD_HTTP_OK, body);
}

/* --- writing --- */

static int
write_kind(struct events *events, struct store *store, bool identify, struct err *err)
{
	for (size_t i = 0; i < events->count; i++) {
		const struct intake_call *call = &events->calls[i];
		int result;

		if ((call->kind == STORE_EVENT_IDENTIFY) != identify)
			continue;
		result = intake_call_apply(store, &events->options, call, err);
		if (result >= 0) {
			events->done[result]++;
		} else if (err->code == ERR_INPUT || err->code == ERR_LIMIT) {
			/* The event's own fault stops no other. */
			refuse(events, events->places[i], err->text);
			*err = ERR_INIT;
		} else {
			return -1;
		}
	}
	return 0;
}

static int
write_events(struct web_job *job, struct store *store, struct err *err)
{
	struct events *events = web_request_of(job)->closure;

	memset(events->done, 0, sizeof events->done);
	events->refused = events->refused_read;
	if (write_kind(events, store, true, err) != 0 || write_kind(events, store, false, err) != 0)
		return -1;
	reply(events);
	return 0;
}

/* --- the whole --- */

static bool
admit_body(struct web_request *request, struct web_api_call *call, const json_t *object)
{
	const json_t *key = json_object_get(object, "writeKey");

	if (call->key.id != 0)
		return true;
	return web_api_admit(request, call,
	    (struct str){json_is_string(key) ? json_string_value(key) : "",
		json_is_string(key) ? json_string_length(key) : 0});
}

static void
begin(struct web_request *request, struct web_api_call *call, const json_t *object)
{
	struct events *events = arena_zalloc(request->arena, 1, sizeof *events);
	struct err err = ERR_INIT;

	if (events == NULL) {
		web_api_unavailable(request);
		return;
	}
	*events = (struct events){
	    .request = request, .call = call, .batch = call->route->kind == STORE_EVENT_ANY};
	/* Nobody else's events can be taken for ours. */
	events->options.source = arena_printf(request->arena, "api:%.*s", STR_F(call->key.name));
	if (events->options.source.p == NULL)
		web_api_unavailable(request);
	else if (read_all(events, object, &err) != 0)
		web_api_fail(request, &err);
	else if (events->count == 0)
		reply(events);
	else {
		events->refused_read = events->refused;
		request->closure = events;
		request->job.write = write_events;
	}
}

void
web_api_events(struct web_request *request, struct web_api_call *call)
{
	json_t *object = web_api_object(request, call);

	if (object != NULL && admit_body(request, call, object))
		begin(request, call, object);
	json_decref(object);
}
