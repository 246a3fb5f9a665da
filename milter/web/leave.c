/* SPDX-License-Identifier: BSD-2-Clause
 *
 * leave: unsubscribing, and what a contact prefers
 *
 * GET changes nothing, whoever asks: scanners follow each link of a message. POST acts at
 * once, with nothing but the token: RFC 8058 section 3.2 wants no question and no cookie.
 * Who leaves gets no marketing mail of any campaign any more; receipts go on.
 *
 * Threads: the server's; write_... the recorder's.
 */
#include "web/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "liquid/value.h"
#include "store/consent.h"
#include "store/contact.h"
#include "store/suppression.h"

#include <jansson.h>
#include <strings.h>

#define REASON "unsubscribed on the web"

/* What a POST wants, and whom it is about. */
struct wish {
	struct str address; /* of the contact, or from the token */
	bool leave;
	bool back;  /* takes back an earlier leaving */
	bool known; /* a contact, whose consent can be noted */
	int track;  /* 1: may be followed, 0: not, -1: unchanged */
	struct store_event *event;
};

/* 1 in address_r; 0 the contact is gone, and the token names nobody else; -1. */
static int
find_address(struct web_request *request, const struct link_facts *facts, struct str *address_r,
    struct err *err)
{
	struct store_contact contact;
	int found;

	if (facts->contact == 0) {
		*address_r = facts->address;
		return facts->address.n > 0;
	}
	found = store_contact_get_id(
	    request->web->store, facts->contact, request->arena, &contact, err);
	if (found == 1)
		*address_r = contact.address;
	return found;
}

/* a...@shop.example: its owner knows it again, others learn little. */
static struct str
masked(struct str address, struct arena *arena)
{
	const char *at = memrchr(address.p, '@', address.n);
	size_t first = 1;

	if (at == NULL || at == address.p)
		return STR("");
	while (address.p + first < at && ((unsigned char)address.p[first] & 0xc0) == 0x80)
		first++;
	return arena_printf(arena, "%.*s\xe2\x80\xa6%.*s", (int)first, address.p,
	    (int)(address.p + address.n - at), at);
}

static bool
is_untracked(struct web_request *request, struct str address)
{
	struct store_contact contact;
	json_t *attributes;
	bool untracked;

	if (store_contact_get(request->web->store, address, request->arena, &contact, NULL) != 1)
		return false;
	attributes = json_loadb(contact.attributes.p, contact.attributes.n, 0, NULL);
	untracked = store_contact_untracked(attributes);
	json_decref(attributes);
	return untracked;
}

static bool
has_left(struct web_request *request, struct str address)
{
	struct store_suppression entry;

	return store_suppression_find(
		   request->web->store, address, STR(""), true, request->arena, &entry, NULL) == 1;
}

static void
add(struct liquid_object *values, struct arena *arena, struct str key, struct liquid_value value)
{
	/* A page without a value is a page still; the arena's ceiling shows elsewhere. */
	(void)liquid_object_set(values, arena, key, value);
}

static void
show(struct web_request *request, const char *name, struct str address, bool done)
{
	struct liquid_object *values = liquid_object_new(request->arena, 8);

	if (values == NULL) {
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
		return;
	}
	add(values, request->arena, STR("address"), liquid_string(masked(address, request->arena)));
	add(values, request->arena, STR("done"), liquid_bool(done));
	add(values, request->arena, STR("left"), liquid_bool(has_left(request, address)));
	add(values, request->arena, STR("untracked"), liquid_bool(is_untracked(request, address)));
	web_page(request, MHD_HTTP_OK, name, values);
}

/* --- what is written --- */

static int
write_track(const struct wish *wish, struct store *store, struct err *err)
{
	json_t *attributes = json_pack("{s:b}", "do_not_track", wish->track == 0);
	int rc = store_contact_upsert(store, wish->address, STR_NONE, STR_NONE, attributes, err);

	json_decref(attributes);
	return rc < 0 ? -1 : 0;
}

static int
write_consent(const struct wish *wish, struct store *store, struct err *err)
{
	const struct store_consent consent = {
	    .state = wish->leave ? STORE_CONSENT_WITHDRAWN : STORE_CONSENT_GRANTED,
	    .source = STR("web"),
	    .proof = wish->leave ? STR(REASON) : STR("chosen on the page of preferences")};

	return store_consent_set(store, wish->address, &consent, err) < 0 ? -1 : 0;
}

static int
write_wish(struct web_job *job, struct store *store, struct err *err)
{
	const struct wish *wish = web_request_of(job)->closure;

	if (wish->leave &&
	    store_suppression_add(
		store, wish->address, STR(STORE_SCOPE_MARKETING), STR(REASON), err) < 0)
		return -1;
	if (wish->back &&
	    store_suppression_remove(store, wish->address, STR(STORE_SCOPE_MARKETING), err) < 0)
		return -1;
	if (wish->known && (wish->leave || wish->back) && write_consent(wish, store, err) != 0)
		return -1;
	if (wish->track >= 0 && write_track(wish, store, err) != 0)
		return -1;
	return wish->event == NULL ? 0 : store_event_put(store, wish->event, 1, NULL, err);
}

static struct wish *
wish_new(struct web_request *request, const struct link_facts *facts, struct str address)
{
	struct wish *wish = arena_zalloc(request->arena, 1, sizeof *wish);

	if (wish == NULL) {
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
		return NULL;
	}
	*wish = (struct wish){.address = address, .known = facts->contact > 0, .track = -1};
	request->closure = wish;
	return wish;
}

/* The contact that a token names; a reply says it where there is none. */
static bool
addressee(struct web_request *request, const struct link_facts *facts, struct str *address_r)
{
	struct err err = ERR_INIT;
	int found = find_address(request, facts, address_r, &err);

	if (found == 1)
		return true;
	if (found < 0)
		log_error("web: a contact can't be read", LOG_STR("reason", err.text));
	if (found < 0)
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
	else
		web_page(request, MHD_HTTP_OK, "gone", NULL);
	return false;
}

void
web_unsubscribe(struct web_request *request, const struct link_facts *facts)
{
	struct str address, one_click;
	struct wish *wish;

	if (!addressee(request, facts, &address))
		return;
	if (request->method != WEB_POST) {
		show(request, "unsubscribe", address, false);
		return;
	}
	one_click = web_form(request, "List-Unsubscribe");
	wish = wish_new(request, facts, address);
	if (wish == NULL)
		return;
	wish->event = web_event(request, facts, STORE_EVENT_UNSUBSCRIBED, true);
	if (wish->event == NULL)
		return;
	/* The mailbox provider posts for its user: no machine in the sense of clicks. */
	wish->event->machine = false;
	wish->leave = true;
	request->job.write = write_wish;
	if (str_is(one_click, "One-Click"))
		request->reply = (struct web_reply){.status = MHD_HTTP_OK,
		    .type = "text/plain; charset=utf-8",
		    .body = STR("unsubscribed\n")};
	else
		show(request, "unsubscribe", address, true);
}

void
web_preferences(struct web_request *request, const struct link_facts *facts)
{
	struct str address, mail, track;
	struct wish *wish;

	if (!addressee(request, facts, &address))
		return;
	if (request->method != WEB_POST) {
		show(request, "preferences", address, false);
		return;
	}
	mail = web_form(request, "mail");
	track = web_form(request, "track");
	wish = wish_new(request, facts, address);
	if (wish == NULL)
		return;
	wish->leave = str_is(mail, "no");
	wish->back = str_is(mail, "yes") && has_left(request, address);
	if (facts->contact > 0 && (str_is(track, "yes") || str_is(track, "no")))
		wish->track = str_is(track, "yes");
	if (wish->leave) {
		wish->event = web_event(request, facts, STORE_EVENT_UNSUBSCRIBED, true);
		if (wish->event == NULL)
			return;
		wish->event->machine = false;
	}
	request->job.write = write_wish;
	web_page(request, MHD_HTTP_OK, "saved", NULL);
}
