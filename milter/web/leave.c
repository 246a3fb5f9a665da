/* SPDX-License-Identifier: BSD-2-Clause
 *
 * leave: unsubscribing, and what a contact prefers
 *
 * GET changes nothing, whoever asks: scanners follow each link of a message. POST acts at
 * once, with nothing but the token: RFC 8058 section 3.2 wants no question and no cookie.
 * Who leaves gets no marketing mail of any campaign any more; receipts go on. On the page of
 * preferences lists may be left alone, and all of it for a while.
 *
 * Threads: the server's; write_... the recorder's.
 */
#include "web/internal.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "delivery/act.h"
#include "liquid/value.h"
#include "store/consent.h"
#include "store/contact.h"
#include "store/suppression.h"

#include <jansson.h>
#include <stdio.h>
#include <strings.h>

#define ID_BYTES  16
#define CHOSEN	  "chosen on the page of preferences"
#define LISTS_MAX 64
#define PAUSE_MS  ((int64_t)30 * 86400000)

/* What a POST wants, and whom it is about. */
struct wish {
	struct str address; /* of the contact, or from the token */
	/* Who, when and by what: what becomes an event is made from it. */
	const struct store_event *event;
	bool leave;
	bool back;  /* takes back an earlier leaving */
	bool known; /* a contact, whose consent can be noted */
	bool pause; /* for PAUSE_MS from now */
	bool go_on; /* no pause any more */
	int track;  /* 1: may be followed, 0: not, -1: unchanged */
	/* Lists for which another choice was made than before. */
	size_t list_count;
	struct {
		struct str scope;
		bool wanted;
	} list[LISTS_MAX];
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

/* --- what somebody does not want --- */

/* The lists of our campaigns, each once, and what its address chose so far. */
struct choices {
	int64_t now_ms;
	bool left;
	int64_t paused_ms; /* until then; 0: not paused */
	size_t count;
	struct {
		struct str name;  /* for people */
		struct str scope; /* "list:ID" */
		bool unwanted;
	} list[LISTS_MAX];
};

static bool
has_list(const struct choices *choices, struct str scope)
{
	for (size_t i = 0; i < choices->count; i++) {
		if (str_eq(choices->list[i].scope, scope))
			return true;
	}
	return false;
}

static void
find_lists(const struct conf *conf, struct arena *arena, struct choices *choices)
{
	for (size_t i = 0; i < conf->campaign_count && choices->count < LISTS_MAX; i++) {
		const struct conf_campaign *campaign = &conf->campaigns[i];
		struct str scope = arena_printf(arena, STORE_SCOPE_LIST "%s", campaign->list_id);

		if (campaign->kind != CONF_KIND_MARKETING || campaign->list_id[0] == '\0' ||
		    scope.p == NULL || has_list(choices, scope))
			continue;
		choices->list[choices->count].scope = scope;
		choices->list[choices->count++].name =
		    str_c(campaign->list_name[0] != '\0' ? campaign->list_name : campaign->list_id);
	}
}

static bool
take_entry(const struct store_suppression *entry, void *closure)
{
	struct choices *choices = closure;

	if (entry->until_ms != 0 && entry->until_ms <= choices->now_ms)
		return true;
	if (str_is(entry->scope, STORE_SCOPE_PAUSE))
		choices->paused_ms = entry->until_ms;
	if (str_is(entry->scope, STORE_SCOPE_ALL) || str_is(entry->scope, STORE_SCOPE_MARKETING))
		choices->left = true;
	for (size_t i = 0; i < choices->count; i++) {
		if (str_eq(entry->scope, choices->list[i].scope))
			choices->list[i].unwanted = true;
	}
	return true;
}

/* What can't be read counts as not chosen: a page is shown, nothing is done by it. */
static struct choices *
choices_of(struct web_request *request, struct str address)
{
	struct choices *choices = arena_zalloc(request->arena, 1, sizeof *choices);

	if (choices == NULL)
		return NULL;
	choices->now_ms = clock_now();
	find_lists(request->web->conf, request->arena, choices);
	(void)store_suppression_of(request->web->store, address, take_entry, choices, NULL);
	return choices;
}

static void
add(struct liquid_object *values, struct arena *arena, struct str key, struct liquid_value value)
{
	/* A page without a value is a page still; the arena's ceiling shows elsewhere. */
	(void)liquid_object_set(values, arena, key, value);
}

/* page.lists: name, field (of the form) and wanted of each. */
static struct liquid_value
lists_value(const struct choices *choices, struct arena *arena)
{
	struct liquid_array *array = arena_zalloc(arena, 1, sizeof *array);
	struct liquid_value *at = arena_zalloc(arena, choices->count + 1, sizeof *at);

	if (array == NULL || at == NULL)
		return LIQUID_NIL_VALUE;
	for (size_t i = 0; i < choices->count; i++) {
		struct liquid_object *list = liquid_object_new(arena, 4);

		if (list == NULL)
			return LIQUID_NIL_VALUE;
		add(list, arena, STR("name"), liquid_string(choices->list[i].name));
		add(list, arena, STR("field"), liquid_string(choices->list[i].scope));
		add(list, arena, STR("wanted"), liquid_bool(!choices->list[i].unwanted));
		at[i] = liquid_object_value(list);
	}
	*array = (struct liquid_array){.at = at, .count = choices->count};
	return (struct liquid_value){.type = LIQUID_ARRAY, .array = array};
}

/* The day on which a pause ends, in the page's ISO form; nil: there is none. */
static struct liquid_value
paused_value(const struct choices *choices, struct arena *arena)
{
	char text[CLOCK_TEXT_SIZE];
	struct str day;

	if (choices->paused_ms == 0 || choices->left)
		return LIQUID_NIL_VALUE;
	day = arena_printf(arena, "%.10s", clock_iso(choices->paused_ms, text));
	return day.p == NULL ? LIQUID_NIL_VALUE : liquid_string(day);
}

static void
show(struct web_request *request, const char *name, struct str address, bool done)
{
	struct liquid_object *values = liquid_object_new(request->arena, 8);
	const struct choices *choices = choices_of(request, address);

	if (values == NULL || choices == NULL) {
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
		return;
	}
	add(values, request->arena, STR("address"), liquid_string(masked(address, request->arena)));
	add(values, request->arena, STR("done"), liquid_bool(done));
	add(values, request->arena, STR("left"), liquid_bool(choices->left));
	add(values, request->arena, STR("paused_until"), paused_value(choices, request->arena));
	add(values, request->arena, STR("lists"), lists_value(choices, request->arena));
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

/* Who has left comes back by choosing so. */
static int
write_back(const struct wish *wish, struct store *store, struct err *err)
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
write_leaving(const struct wish *wish, struct store *store, struct str scope, struct err *err)
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
write_pause(const struct wish *wish, struct store *store, struct err *err)
{
	int64_t until_ms = clock_now() + PAUSE_MS;
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
write_lists(const struct wish *wish, struct store *store, struct err *err)
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
	const struct wish *wish = web_request_of(job)->closure;

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
	return wish->track >= 0 ? write_track(wish, store, err) : 0;
}

/* NULL: the reply says that it failed. */
static struct wish *
wish_new(struct web_request *request, const struct link_facts *facts, struct str address)
{
	struct wish *wish = arena_zalloc(request->arena, 1, sizeof *wish);
	const struct store_event *event = web_event(request, facts, STORE_EVENT_UNSUBSCRIBED, true);

	if (wish == NULL && event != NULL)
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
	if (wish == NULL || event == NULL)
		return NULL;
	*wish = (struct wish){
	    .address = address, .event = event, .known = facts->contact > 0, .track = -1};
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
	wish->leave = true;
	request->job.write = write_wish;
	if (str_is(one_click, "One-Click"))
		request->reply = (struct web_reply){.status = MHD_HTTP_OK,
		    .type = "text/plain; charset=utf-8",
		    .body = STR("unsubscribed\n")};
	else
		show(request, "unsubscribe", address, true);
}

/* Of lists that the page showed: an unchecked box sends nothing. */
static void
take_lists(struct web_request *request, const struct choices *choices, struct wish *wish)
{
	char shown[STORE_SCOPE_MAX + 16], field[STORE_SCOPE_MAX + 1];
	bool wanted;

	for (size_t i = 0; i < choices->count; i++) {
		if (choices->list[i].scope.n > STORE_SCOPE_MAX)
			continue;
		snprintf(field, sizeof field, "%.*s", STR_F(choices->list[i].scope));
		snprintf(shown, sizeof shown, "shown:%s", field);
		if (web_form(request, shown).p == NULL)
			continue;
		wanted = web_form(request, field).p != NULL;
		if (wanted != choices->list[i].unwanted)
			continue;
		wish->list[wish->list_count].scope = choices->list[i].scope;
		wish->list[wish->list_count++].wanted = wanted;
	}
}

void
web_preferences(struct web_request *request, const struct link_facts *facts)
{
	struct str address, mail, track;
	const struct choices *choices;
	struct wish *wish;

	if (!addressee(request, facts, &address))
		return;
	if (request->method != WEB_POST) {
		show(request, "preferences", address, false);
		return;
	}
	mail = web_form(request, "mail");
	track = web_form(request, "track");
	choices = choices_of(request, address);
	wish = wish_new(request, facts, address);
	if (wish == NULL)
		return;
	if (choices == NULL) {
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
		return;
	}
	wish->leave = str_is(mail, "no");
	wish->back = (str_is(mail, "yes") || str_is(mail, "pause")) && choices->left;
	wish->pause = str_is(mail, "pause");
	wish->go_on = str_is(mail, "yes") || wish->leave;
	take_lists(request, choices, wish);
	if (facts->contact > 0 && (str_is(track, "yes") || str_is(track, "no")))
		wish->track = str_is(track, "yes");
	request->job.write = write_wish;
	web_page(request, MHD_HTTP_OK, "saved", NULL);
}
