/* SPDX-License-Identifier: BSD-2-Clause
 *
 * act: see act.h
 *
 * Threads: any.
 * Fails:   ERR_INPUT (news without recipient, source or time), ERR_LIMIT, and the store's.
 */
#include "delivery/act.h"

#include "base/clock.h"
#include "store/consent.h"
#include "store/contact.h"
#include "store/fate.h"
#include "store/suppression.h"

#include <glib.h>
#include <stdlib.h>

#define ACT_MEMORY ((size_t)256 * 1024)

struct act {
	struct store *store;
	const struct delivery_rules *rules;
	const struct delivery_news *news;
	struct arena *arena;
	struct str recipient; /* never empty unless the contact was erased */
	int64_t contact;      /* 0: none */
	bool erased;	      /* the news name a contact that is gone */
	struct delivery_outcome outcome;
};

static const enum store_event_kind event_kinds[] = {
    [DELIVERY_NEWS_DELIVERED] = STORE_EVENT_DELIVERED,
    [DELIVERY_NEWS_DEFERRED] = STORE_EVENT_DEFERRED,
    [DELIVERY_NEWS_BOUNCED] = STORE_EVENT_BOUNCED,
    [DELIVERY_NEWS_COMPLAINED] = STORE_EVENT_COMPLAINED,
    [DELIVERY_NEWS_UNSUBSCRIBED] = STORE_EVENT_UNSUBSCRIBED,
    [DELIVERY_NEWS_AUTOREPLIED] = STORE_EVENT_AUTOREPLIED,
};

struct delivery_rules
delivery_rules_of(const struct conf *conf)
{
	return (struct delivery_rules){
	    .soft_count = (int)conf->bounce_soft, .soft_ms = conf->bounce_soft_time};
}

const char *
delivery_outcome_name(enum delivery_outcome_kind kind)
{
	static const char *const names[] = {
	    [DELIVERY_OUTCOME_KNOWN] = "known",
	    [DELIVERY_OUTCOME_NOTED] = "noted",
	    [DELIVERY_OUTCOME_SUPPRESSED] = "suppressed",
	    [DELIVERY_OUTCOME_WAS] = "suppressed already",
	};

	return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "unknown";
}

/* Does the status speak of the domain that the mail is for? 5.4.4 is what relays say of one that is
 * not found; 5.1.7 and 5.1.8 are about the sender's, and others about machines, which come back. */
static bool
is_of_destination(struct str status)
{
	return str_is(status, "5.4.4") ||
	    (str_starts(status, STR("5.1.")) && !str_is(status, "5.1.7") &&
		!str_is(status, "5.1.8"));
}

/* A Null MX is the domain's own word (RFC 7505). That a domain is not found is not: registrations
 * lapse for a day, so it stops only who never was there, as at a misspelt domain. */
static enum delivery_weighing
weigh_host_unknown(bool hard, struct str status)
{
	if (hard && str_is(status, "5.1.10"))
		return DELIVERY_STOPS;
	return hard && is_of_destination(status) ? DELIVERY_STOPS_STRANGERS : DELIVERY_COUNTS;
}

/* What is about us or the message says nothing, and neither does time that ran out: a receiver that
 * defers us for ever looks like that. Where no reason is known, only a refusal for good counts. */
enum delivery_weighing
delivery_weigh(enum delivery_reason reason, bool hard, struct str status)
{
	switch (reason) {
	case DELIVERY_USER_UNKNOWN:
	case DELIVERY_MOVED:
		return hard ? DELIVERY_STOPS : DELIVERY_COUNTS;
	case DELIVERY_HOST_UNKNOWN:
		return weigh_host_unknown(hard, status);
	case DELIVERY_MAILBOX_FULL:
	case DELIVERY_SUSPENDED:
		return DELIVERY_COUNTS;
	case DELIVERY_OTHER:
		return status.n > 0 && status.p[0] == '5' ? DELIVERY_COUNTS
							  : DELIVERY_WEIGHS_NOTHING;
	case DELIVERY_POLICY:
	case DELIVERY_SPAM:
	case DELIVERY_TOO_BIG:
	case DELIVERY_CONTENT:
	case DELIVERY_NETWORK:
	case DELIVERY_RATE_LIMITED:
	case DELIVERY_EXPIRED:
		break;
	}
	return DELIVERY_WEIGHS_NOTHING;
}

/* --- who --- */

static int
find_by_address(struct act *act, struct err *err)
{
	struct str key;

	if (store_address_key(act->recipient, act->arena, &key, NULL) != 0)
		return 0;
	return store_contact_find(act->store, key, &act->contact, err) < 0 ? -1 : 0;
}

/* The copy's recipient, not the contact's address of today, is what the news are about. */
static int
find_person(struct act *act, struct err *err)
{
	struct store_contact contact;
	int found;

	act->recipient = act->news->recipient;
	if (act->news->contact == 0 && act->recipient.n == 0)
		return err_set(err, ERR_INPUT, "news without recipient and contact");
	if (act->news->contact == 0)
		return find_by_address(act, err);
	found = store_contact_get_id(act->store, act->news->contact, act->arena, &contact, err);
	if (found < 0)
		return -1;
	act->contact = act->news->contact;
	act->erased = found == 0;
	if (found == 1 && act->recipient.n == 0)
		act->recipient = contact.address;
	return 0;
}

/* --- the event --- */

static void
set_text(json_t *properties, const char *name, struct str text)
{
	char *valid;

	if (text.n == 0)
		return;
	valid = g_utf8_make_valid(text.p, (gssize)text.n);
	json_object_set_new(properties, name, json_string(valid));
	g_free(valid);
}

/* Servers put addresses into what they say. With a contact's event that goes when the contact
 * is erased; without one nothing would take it away. */
static struct str
properties_of(const struct act *act)
{
	const struct delivery_news *news = act->news;
	json_t *properties = news->more == NULL ? json_object() : json_deep_copy(news->more);
	bool failed = news->kind == DELIVERY_NEWS_BOUNCED || news->kind == DELIVERY_NEWS_DEFERRED;
	bool bad = news->kind == DELIVERY_NEWS_BOUNCED || news->kind == DELIVERY_NEWS_COMPLAINED;
	struct str text;
	char *dump;

	if (properties == NULL)
		abort();
	set_text(properties, "told_by", news->source);
	set_text(properties, "status", news->status);
	if (failed)
		json_object_set_new(
		    properties, "reason", json_string(delivery_reason_name(news->reason)));
	if (news->kind == DELIVERY_NEWS_BOUNCED)
		json_object_set_new(properties, "hard", json_boolean(news->hard));
	if (act->contact != 0 && !act->erased)
		set_text(properties, "diagnostic", news->diagnostic);
	if (bad)
		set_text(properties, "sender_domain", news->sender_domain);
	if (news->scope.n > 0)
		set_text(properties, "scope", news->scope);
	dump = json_dumps(properties, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(properties);
	if (dump == NULL)
		abort();
	text = arena_str(act->arena, str_c(dump));
	free(dump);
	return text;
}

static enum store_fate
fate_of(const struct delivery_news *news)
{
	static const enum store_fate bounced[] = {
	    [DELIVERY_WEIGHS_NOTHING] = STORE_FATE_TURNED,
	    [DELIVERY_COUNTS] = STORE_FATE_FAILED,
	    [DELIVERY_STOPS_STRANGERS] = STORE_FATE_FAILED,
	    [DELIVERY_STOPS] = STORE_FATE_DEAD,
	};

	switch (news->kind) {
	case DELIVERY_NEWS_DELIVERED:
		return STORE_FATE_DELIVERED;
	case DELIVERY_NEWS_BOUNCED:
		return bounced[delivery_weigh(news->reason, news->hard, news->status)];
	case DELIVERY_NEWS_COMPLAINED:
		return STORE_FATE_COMPLAINED;
	case DELIVERY_NEWS_DEFERRED:
	case DELIVERY_NEWS_UNSUBSCRIBED:
	case DELIVERY_NEWS_AUTOREPLIED:
		break;
	}
	return STORE_FATE_NONE;
}

/* A bounce that was told before, and as no less: 1, 0, -1. */
static int
told_more(const struct act *act, enum store_fate fate, struct err *err)
{
	int known = 0;

	if (fate == STORE_FATE_TURNED)
		known = store_fate_known(
		    act->store, act->news->message, act->recipient, STORE_FATE_FAILED, err);
	if (known == 0 && (fate == STORE_FATE_TURNED || fate == STORE_FATE_FAILED))
		known = store_fate_known(
		    act->store, act->news->message, act->recipient, STORE_FATE_DEAD, err);
	return known;
}

/* 1 new, 0 known, -1. */
static int
write_event(struct act *act, struct err *err)
{
	const struct delivery_news *news = act->news;
	enum store_fate fate = fate_of(news);
	struct store_event event = {.contact = act->contact,
	    .kind = event_kinds[news->kind],
	    .time_ms = news->time_ms,
	    .source = news->source,
	    .source_id = news->source_id,
	    .campaign = news->campaign,
	    .message = news->message,
	    .properties = properties_of(act)};
	char id[STORE_FATE_ID_SIZE];
	size_t added;
	int known = told_more(act, fate, err);

	if (known != 0)
		return known < 0 ? -1 : 0;
	if (event.properties.p == NULL)
		return err_set(err, ERR_LIMIT, "news: too much text");
	if (store_fate_id(news->message, act->recipient, fate, id)) {
		event.source = STR(STORE_FATE_SOURCE);
		event.source_id = str_c(id);
	}
	return store_event_put(act->store, &event, 1, &added, err) != 0 ? -1 : added > 0;
}

/* --- the suppression --- */

static int
suppress(struct act *act, struct str scope, struct str reason, struct err *err)
{
	const struct delivery_news *news = act->news;
	const struct store_suppression entry = {.address = act->recipient,
	    .scope = scope,
	    .reason = reason,
	    .source = news->source,
	    .detail = news->diagnostic,
	    .created_ms = clock_now()};
	int rc = act->erased ? store_suppression_put_hashed(act->store, &entry, err)
			     : store_suppression_put(act->store, &entry, err);

	if (rc < 0)
		return -1;
	act->outcome.kind = rc == 1 ? DELIVERY_OUTCOME_SUPPRESSED : DELIVERY_OUTCOME_WAS;
	snprintf(act->outcome.scope, sizeof act->outcome.scope, "%.*s", STR_F(scope));
	return 0;
}

/* 1 it stopped, 0 there is a sign of life later than `after_ms`, -1. */
static int
stop_unless_alive(struct act *act, int64_t after_ms, struct err *err)
{
	int alive = store_fate_alive(act->store, act->recipient, act->contact, after_ms, err);

	if (alive != 0)
		return alive < 0 ? -1 : 0;
	return suppress(act, STR(STORE_SCOPE_ALL),
		   arena_printf(
		       act->arena, "hard bounce: %s", delivery_reason_name(act->news->reason)),
		   err) != 0
	    ? -1
	    : 1;
}

static int
after_soft(struct act *act, struct err *err)
{
	int64_t since_ms = clock_now() - act->rules->soft_ms;
	int count;

	if (act->rules->soft_count == 0)
		return 0;
	if (store_fate_failures(act->store, act->recipient, act->contact, since_ms,
		act->rules->soft_count, &count, err) != 0)
		return -1;
	if (count < act->rules->soft_count)
		return 0;
	return suppress(act, STR(STORE_SCOPE_MARKETING),
	    arena_printf(act->arena, "%d soft bounces, the last one: %s", count,
		delivery_reason_name(act->news->reason)),
	    err);
}

static int
after_bounce(struct act *act, struct err *err)
{
	int stopped;

	switch (delivery_weigh(act->news->reason, act->news->hard, act->news->status)) {
	case DELIVERY_STOPS:
		/* News may be old (a mailbox of last year, a log that is read again), and the
		 * address may live again since. */
		return stop_unless_alive(act, act->news->time_ms, err) < 0 ? -1 : 0;
	case DELIVERY_STOPS_STRANGERS:
		stopped = stop_unless_alive(act, 0, err);
		return stopped != 0 ? (stopped < 0 ? -1 : 0) : after_soft(act, err);
	case DELIVERY_COUNTS:
		return after_soft(act, err);
	case DELIVERY_WEIGHS_NOTHING:
		break;
	}
	return 0;
}

/* Who complains or leaves takes back what was agreed to, in the contact's row, too. */
static int
withdraw(struct act *act, struct str reason, struct err *err)
{
	const struct store_consent consent = {
	    .state = STORE_CONSENT_WITHDRAWN, .source = act->news->source, .proof = reason};
	struct store_contact contact;
	int found;

	if (act->contact == 0 || act->erased)
		return 0;
	found = store_contact_get_id(act->store, act->contact, act->arena, &contact, err);
	if (found != 1)
		return found;
	return store_consent_set(act->store, contact.address, &consent, err) < 0 ? -1 : 0;
}

static int
after_complaint(struct act *act, struct err *err)
{
	if (withdraw(act, STR("complained of mail"), err) != 0)
		return -1;
	return suppress(act, STR(STORE_SCOPE_MARKETING), STR(STORE_REASON_COMPLAINT), err);
}

/* Who leaves one list has not left the others. */
static int
after_leaving(struct act *act, struct err *err)
{
	struct str scope = act->news->scope.n > 0 ? act->news->scope : STR(STORE_SCOPE_MARKETING);

	if ((str_is(scope, STORE_SCOPE_MARKETING) || str_is(scope, STORE_SCOPE_ALL)) &&
	    withdraw(act, STR("unsubscribed"), err) != 0)
		return -1;
	return suppress(act, scope, STR("unsubscribed"), err);
}

static int
apply(struct act *act, struct err *err)
{
	struct str key;

	/* Erased, and nobody says which address it was; or it is none. */
	if (store_address_key(act->recipient, act->arena, &key, NULL) != 0)
		return 0;
	switch (act->news->kind) {
	case DELIVERY_NEWS_BOUNCED:
		return after_bounce(act, err);
	case DELIVERY_NEWS_COMPLAINED:
		return after_complaint(act, err);
	case DELIVERY_NEWS_UNSUBSCRIBED:
		return after_leaving(act, err);
	case DELIVERY_NEWS_DELIVERED:
	case DELIVERY_NEWS_DEFERRED:
	case DELIVERY_NEWS_AUTOREPLIED:
		break;
	}
	return 0;
}

static int
act_on(struct act *act, struct err *err)
{
	int new;

	if (act->news->source.n == 0)
		return err_set(err, ERR_INPUT, "news without a source");
	if (find_person(act, err) != 0)
		return -1;
	new = write_event(act, err);
	if (new < 0)
		return -1;
	act->outcome.kind = new == 1 ? DELIVERY_OUTCOME_NOTED : DELIVERY_OUTCOME_KNOWN;
	return new == 1 ? apply(act, err) : 0;
}

int
delivery_act_in(struct store *store, const struct delivery_rules *rules,
    const struct delivery_news *news, struct delivery_outcome *outcome_r, struct err *err)
{
	struct act act = {.store = store, .rules = rules, .news = news};
	int rc;

	act.arena = arena_new(ACT_MEMORY);
	rc = act_on(&act, err);
	if (rc == 0 && outcome_r != NULL)
		*outcome_r = act.outcome;
	arena_free(&act.arena);
	return rc;
}

int
delivery_act(struct store *store, const struct delivery_rules *rules,
    const struct delivery_news *news, struct delivery_outcome *outcome_r, struct err *err)
{
	if (store_begin(store, err) != 0)
		return -1;
	if (delivery_act_in(store, rules, news, outcome_r, err) != 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}
