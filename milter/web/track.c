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
#include "web/visits.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

/* Half of a digest is as good as never the same twice. */
#define SOURCE_BYTES 16

static void
fail(struct web_request *request)
{
	web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
}

/* Each byte may become six. */
#define PROPERTIES_MAX (6 * (WEB_AGENT_MAX + INET6_ADDRSTRLEN + 64) + 64)

/* A member of an object; `text` is UTF-8. Where it ends. */
static char *
put_member(char *at, bool first, const char *name, struct str text)
{
	static const char hex[] = "0123456789abcdef";

	at = stpcpy(stpcpy(stpcpy(at, first ? "{\"" : ",\""), name), "\":\"");
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < ' ') {
			at = stpcpy(at, "\\u00");
			*at++ = hex[c >> 4];
			c = (unsigned char)hex[c & 15];
		} else if (c == '"' || c == '\\') {
			*at++ = '\\';
		}
		*at++ = (char)c;
	}
	*at++ = '"';
	return at;
}

/* What is known of the request, as JSON in the arena. By hand: jansson takes 1.1 us for
 * it, of the 19 of a click. */
static struct str
properties(struct web_request *request, const char *machine)
{
	struct str agent = web_header(request, "User-Agent"), client = web_client(request);
	char text[PROPERTIES_MAX], *at = text;
	const char *end;

	if (agent.n > WEB_AGENT_MAX)
		agent.n = WEB_AGENT_MAX;
	/* It may be cut within a character, or no UTF-8 at all. */
	g_utf8_validate_len(agent.p == NULL ? "" : agent.p, agent.n, &end);
	if (agent.p != NULL && end > agent.p)
		at = put_member(at, true, "agent", (struct str){agent.p, (size_t)(end - agent.p)});
	if (client.n > 0)
		at = put_member(at, at == text, "address", client);
	if (machine != NULL)
		at = put_member(at, at == text, "machine", str_c(machine));
	if (at == text)
		*at++ = '{';
	*at++ = '}';
	return arena_str(request->arena, (struct str){text, (size_t)(at - text)});
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

/* Links without a row differ by their tokens. */
static uint64_t
link_of(const struct web_request *request, const struct link_facts *facts)
{
	uint64_t digest = UINT64_C(0xcbf29ce484222325);

	if (facts->link != 0)
		return (uint64_t)facts->link;
	for (size_t i = 0; i < request->path.n; i++)
		digest = (digest ^ (unsigned char)request->path.p[i]) * UINT64_C(0x100000001b3);
	return digest;
}

static enum web_visit_kind
visit_kind(const struct link_facts *facts)
{
	return facts->kind == LINK_HIDDEN ? WEB_VISIT_HIDDEN
	    : facts->kind == LINK_OPEN	  ? WEB_VISIT_OPEN
					  : WEB_VISIT_CLICK;
}

/* What the request says of itself, or else what it does. */
static struct web_visit_verdict
judge(struct web_request *request, const struct link_facts *facts, int64_t now_ms)
{
	const char *reason = web_machine(request);
	struct web_visit visit;

	if (reason != NULL && facts->kind != LINK_HIDDEN)
		return (struct web_visit_verdict){reason, 0, false};
	visit = (struct web_visit){.kind = visit_kind(facts),
	    .contact = facts->contact,
	    .campaign = facts->campaign,
	    .message = facts->message,
	    .link = link_of(request, facts),
	    .client = web_client_digest(request),
	    .sent_ms = facts->sent_ms,
	    .now_ms = now_ms};
	return web_visits_judge(request->web->visits, &visit);
}

struct store_event *
web_event(struct web_request *request, const struct link_facts *facts, enum store_event_kind kind,
    bool second)
{
	struct store_event *event = arena_zalloc(request->arena, 1, sizeof *event);
	struct web_visit_verdict verdict = {NULL, 0, false};
	int64_t now_ms = clock_now();
	char prefix[LINK_MARK_SIZE];

	if (event == NULL) {
		fail(request);
		return NULL;
	}
	if (kind == STORE_EVENT_CLICKED || kind == STORE_EVENT_OPENED)
		verdict = judge(request, facts, now_ms);
	*event = (struct store_event){.contact = facts->contact,
	    .kind = kind,
	    .time_ms = now_ms,
	    .source = STR(WEB_SPOOL_SOURCE),
	    .source_id = source_id(request, now_ms, second),
	    .campaign = facts->campaign,
	    .message =
		arena_str(request->arena, str_c(link_message_prefix(facts->message, prefix))),
	    .link = facts->link,
	    .machine = verdict.reason != NULL,
	    .judge_ms = verdict.back_ms,
	    .judge_client = verdict.same_client,
	    .properties = properties(request, verdict.reason)};
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

/* Whoever comes here read the message's source: a program, or somebody who wants to know. */
void
web_hidden(struct web_request *request, const struct link_facts *facts)
{
	request->reply = (struct web_reply){.status = MHD_HTTP_OK,
	    .type = "text/plain; charset=utf-8",
	    .body = STR("This link can't be seen in the message. It tells programs that open all "
			"links from people who read.\n")};
	record(request, facts, STORE_EVENT_CLICKED);
}
