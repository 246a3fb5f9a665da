/* SPDX-License-Identifier: BSD-2-Clause
 *
 * leave: unsubscribing, and what of preferences is written
 *
 * GET changes nothing, whoever asks: scanners follow each link of a message. POST acts at
 * once, with nothing but the token: RFC 8058 section 3.2 wants no question and no cookie.
 * Who leaves gets no marketing mail of any campaign any more; receipts go on.
 *
 * Threads: the server's; write_... the recorder's.
 */
#include "web/leave.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "delivery/act.h"
#include "store/consent.h"
#include "store/suppression.h"

#include <jansson.h>
#include <stdio.h>

#define ID_BYTES 16
#define CHOSEN	 "chosen on the page of preferences"

/* 1; 0 the contact is gone, and the token names nobody else; -1. */
static int
find_person(struct web_request *request, const struct link_facts *facts,
    struct leave_person *person, struct err *err)
{
	struct store *store = request->web->store;
	int found;

	if (facts->contact == 0) {
		person->address = facts->address;
		found = facts->address.n == 0 ? 0
					      : store_contact_get(store, facts->address,
						    request->arena, &person->contact, err);
		person->known = found == 1;
		return facts->address.n == 0 || found < 0 ? found : 1;
	}
	found = store_contact_get_id(store, facts->contact, request->arena, &person->contact, err);
	person->known = found == 1;
	person->address = person->contact.address;
	return found;
}

const struct leave_person *
leave_person(struct web_request *request, const struct link_facts *facts)
{
	struct leave_person *person = arena_zalloc(request->arena, 1, sizeof *person);
	struct err err = ERR_INIT;
	int found = person == NULL ? -1 : find_person(request, facts, person, &err);

	if (found == 1) {
		if (person->known)
			web_speak(request, person->contact.language);
		return person;
	}
	if (found < 0)
		log_error("web: a contact can't be read", LOG_STR("reason", err.text));
	if (found < 0)
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
	else
		web_page(request, MHD_HTTP_OK, "gone", NULL);
	return NULL;
}

/* --- what is written --- */

/* What the contact's row says. */
static int
write_contact(const struct leave_wish *wish, struct store *store, struct err *err)
{
	json_t *attributes = json_object();
	int rc = 0;

	if (wish->track >= 0)
		json_object_set_new(attributes, "do_not_track", json_boolean(wish->track == 0));
	if (wish->frequency.p != NULL)
		json_object_set_new(attributes, "mail_frequency",
		    str_is(wish->frequency, "all")
			? json_null()
			: json_stringn(wish->frequency.p, wish->frequency.n));
	if (json_object_size(attributes) > 0 || wish->language.p != NULL)
		rc = store_contact_upsert(
		    store, wish->address, wish->language, STR_NONE, attributes, err);
	json_decref(attributes);
	return rc < 0 ? -1 : 0;
}

/* Who has left comes back by choosing so. */
static int
write_back(const struct leave_wish *wish, struct store *store, struct err *err)
{
	const struct store_consent consent = {
	    .state = STORE_CONSENT_GRANTED, .source = STR("web"), .proof = STR(CHOSEN)};

	if (store_suppression_remove(store, wish->address, STR(STORE_SCOPE_MARKETING), err) < 0)
		return -1;
	return wish->known && store_consent_set(store, wish->address, &consent, err) < 0 ? -1 : 0;
}

/* One list, or all marketing (an empty scope): event, suppression and consent by the same rules as
 * for who leaves by mail. */
static int
write_leaving(const struct leave_wish *wish, struct store *store, struct str scope, struct err *err)
{
	const struct delivery_rules rules = {.soft_count = 0};
	struct str pieces[] = {wish->event->source_id, scope};
	struct id_digest digest = id_digest(pieces, 2);
	char id[2 * ID_BYTES + 1];
	json_t *more = json_loadb(wish->event->properties.p, wish->event->properties.n, 0, NULL);
	const struct delivery_news news = {.kind = DELIVERY_NEWS_UNSUBSCRIBED,
	    .recipient = wish->address,
	    .contact = wish->event->contact,
	    .campaign = wish->event->campaign,
	    .message = wish->event->message,
	    .scope = scope,
	    .time_ms = wish->event->time_ms,
	    .source = wish->event->source,
	    .source_id = str_c(id_hex(&digest, ID_BYTES, id)),
	    .more = more};
	int rc = delivery_act_in(store, &rules, &news, NULL, err);

	json_decref(more);
	return rc;
}

static int
write_pause(const struct leave_wish *wish, struct store *store, struct err *err)
{
	int64_t until_ms = clock_now() + LEAVE_PAUSE_MS;
	char text[CLOCK_TEXT_SIZE], reason[64];
	struct store_suppression entry = {.address = wish->address,
	    .scope = STR(STORE_SCOPE_PAUSE),
	    .source = STR("web"),
	    .until_ms = until_ms};

	snprintf(reason, sizeof reason, "paused until %.10s", clock_iso(until_ms, text));
	entry.reason = str_c(reason);
	return store_suppression_put(store, &entry, err) < 0 ? -1 : 0;
}

static int
write_lists(const struct leave_wish *wish, struct store *store, struct err *err)
{
	for (size_t i = 0; i < wish->list_count; i++) {
		struct str scope = wish->list[i].scope;
		int rc = wish->list[i].wanted
		    ? store_suppression_remove(store, wish->address, scope, err)
		    : write_leaving(wish, store, scope, err);

		if (rc < 0)
			return -1;
	}
	return 0;
}

static int
write_wish(struct web_job *job, struct store *store, struct err *err)
{
	const struct leave_wish *wish = web_request_of(job)->closure;

	if (wish->pause && write_pause(wish, store, err) != 0)
		return -1;
	if (wish->go_on &&
	    store_suppression_remove(store, wish->address, STR(STORE_SCOPE_PAUSE), err) < 0)
		return -1;
	if (write_lists(wish, store, err) != 0)
		return -1;
	if (wish->leave && write_leaving(wish, store, STR(""), err) != 0)
		return -1;
	if (wish->back && write_back(wish, store, err) != 0)
		return -1;
	return write_contact(wish, store, err);
}

struct leave_wish *
leave_wish_new(
    struct web_request *request, const struct link_facts *facts, const struct leave_person *person)
{
	struct leave_wish *wish = arena_zalloc(request->arena, 1, sizeof *wish);
	const struct store_event *event = web_event(request, facts, STORE_EVENT_UNSUBSCRIBED, true);

	if (wish == NULL && event != NULL)
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
	if (wish == NULL || event == NULL)
		return NULL;
	*wish = (struct leave_wish){
	    .address = person->address, .event = event, .known = person->known, .track = -1};
	request->closure = wish;
	request->job.write = write_wish;
	return wish;
}

void
web_unsubscribe(struct web_request *request, const struct link_facts *facts)
{
	const struct leave_person *person = leave_person(request, facts);
	struct str one_click;
	struct leave_wish *wish;

	if (person == NULL)
		return;
	if (request->method != WEB_POST) {
		leave_show(request, "unsubscribe", person, false);
		return;
	}
	one_click = web_form(request, "List-Unsubscribe");
	wish = leave_wish_new(request, facts, person);
	if (wish == NULL)
		return;
	wish->leave = true;
	if (str_is(one_click, "One-Click"))
		request->reply = (struct web_reply){.status = MHD_HTTP_OK,
		    .type = "text/plain; charset=utf-8",
		    .body = STR("unsubscribed\n")};
	else
		leave_show(request, "unsubscribe", person, true);
}
