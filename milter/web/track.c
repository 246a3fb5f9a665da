/* SPDX-License-Identifier: BSD-2-Clause
 *
 * track: clicks and opens
 *
 * A click leads to exactly the address that the author wrote: it travels in the token or
 * stands in the link's row, and nothing in the request can change it. HEAD is for programs
 * that look whether a link is alive: it is answered alike, and recorded as nothing.
 *
 * Threads: the server's.
 */
#include "web/internal.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "web/spool.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* Half of a digest is as good as never the same twice. */
#define SOURCE_BYTES 16

static void
fail(struct web_request *request)
{
	web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
}

/* What is known of the request, as JSON in the arena. */
static struct str
properties(struct web_request *request, const char *machine)
{
	struct str agent = web_header(request, "User-Agent");
	json_t *object = json_object();
	struct str client = web_client(request), result = STR_NONE;
	char *text;

	if (agent.n > WEB_AGENT_MAX)
		agent.n = WEB_AGENT_MAX;
	while (agent.n > 0 &&
	    json_object_set_new(object, "agent", json_stringn(agent.p, agent.n)) != 0)
		agent.n--; /* cut within a character, or no UTF-8 at all */
	if (client.n > 0)
		json_object_set_new(object, "address", json_stringn(client.p, client.n));
	if (machine != NULL)
		json_object_set_new(object, "machine", json_string(machine));
	text = json_dumps(object, JSON_COMPACT);
	if (text != NULL)
		result = arena_str(request->arena, str_c(text));
	free(text);
	json_decref(object);
	return result;
}

static struct str
source_id(struct web_request *request, int64_t now_ms, bool second)
{
	struct id_digest digest = id_sha256(request->path);
	char hex[2 * SOURCE_BYTES + 1];

	id_hex(&digest, SOURCE_BYTES, hex);
	return second ? arena_printf(request->arena, "%s:%lld", hex, (long long)(now_ms / 1000))
		      : arena_str(request->arena, str_c(hex));
}

struct store_event *
web_event(struct web_request *request, const struct link_facts *facts, enum store_event_kind kind,
    bool second)
{
	struct store_event *event = arena_zalloc(request->arena, 1, sizeof *event);
	const char *machine = web_machine(request);
	int64_t now_ms = clock_now();
	char prefix[LINK_MARK_SIZE];

	if (event == NULL) {
		fail(request);
		return NULL;
	}
	*event = (struct store_event){.contact = facts->contact,
	    .kind = kind,
	    .time_ms = now_ms,
	    .source = STR(WEB_SPOOL_SOURCE),
	    .source_id = source_id(request, now_ms, second),
	    .campaign = facts->campaign,
	    .message =
		arena_str(request->arena, str_c(link_message_prefix(facts->message, prefix))),
	    .link = facts->link,
	    .machine = machine != NULL,
	    .properties = properties(request, machine)};
	if (event->source_id.p == NULL || event->properties.p == NULL || event->message.p == NULL) {
		fail(request);
		return NULL;
	}
	return event;
}

static void
record(struct web_request *request, const struct link_facts *facts, enum store_event_kind kind)
{
	if (request->method != WEB_GET)
		return;
	request->event = web_event(request, facts, kind, true);
}

/* A token that holds the address itself. */
static void
lead_to(struct web_request *request, struct str address)
{
	address = arena_str(request->arena, address);
	if (address.p == NULL)
		fail(request);
	else
		request->reply = (struct web_reply){
		    .status = MHD_HTTP_FOUND, .location = address.p, .body = STR("")};
}

static void
lead_to_link(struct web_request *request, const struct link_facts *facts)
{
	struct MHD_Response *redirect;
	struct err err = ERR_INIT;
	int found = web_targets_get(
	    request->web->targets, facts->link, facts->campaign, request->arena, &redirect, &err);

	if (found == 1) {
		request->reply = (struct web_reply){.status = MHD_HTTP_FOUND, .ready = redirect};
	} else if (found == 0) {
		web_page(request, MHD_HTTP_NOT_FOUND, "not_found", NULL);
	} else {
		log_error("web: a link can't be read", LOG_STR("reason", err.text));
		fail(request);
	}
}

void
web_click(struct web_request *request, const struct link_facts *facts)
{
	if (facts->address.n > 0)
		lead_to(request, facts->address);
	else
		lead_to_link(request, facts);
	if (request->reply.status == MHD_HTTP_FOUND)
		record(request, facts, STORE_EVENT_CLICKED);
}

void
web_open(struct web_request *request, const struct link_facts *facts)
{
	request->reply = (struct web_reply){.status = MHD_HTTP_OK, .ready = request->web->pixel};
	record(request, facts, STORE_EVENT_OPENED);
}
