/* SPDX-License-Identifier: BSD-2-Clause
 *
 * suppress_explain: all that is known of mail to one address, in order of time, and which
 * campaigns would skip it today
 *
 * Threads: one.
 */
#include "ctl/suppress.h"

#include "base/arena.h"
#include "base/clock.h"
#include "store/contact.h"
#include "store/event.h"
#include "store/fate.h"
#include "store/journal.h"
#include "store/link.h"
#include "tailor/frequency.h"
#include "tailor/tailor.h"

#include <glib.h>
#include <stdlib.h>
#include <sysexits.h>

#define MEMORY ((size_t)256 << 20)

struct entry {
	int64_t time_ms;
	const char *what; /* "sent", "bounced", "suppressed", ... */
	struct str campaign;
	struct str detail;
};

struct story {
	struct ctl *ctl;
	struct str address;
	struct arena *arena;
	GArray *entries;
	json_t *suppressions;
	struct store_contact contact;
	bool known;
	struct err err;
};

static void
add(struct story *story, int64_t time_ms, const char *what, struct str campaign, struct str detail)
{
	const struct entry entry = {time_ms, what,
	    campaign.n > 0 ? arena_str(story->arena, campaign) : STR(""),
	    detail.n > 0 ? arena_str(story->arena, detail) : STR("")};

	g_array_append_val(story->entries, entry);
}

/* --- what is known --- */

/* Without a contact its events can't be found; what ended each copy's way can. */
static void
add_fates(struct story *story, const struct store_journal_row *row)
{
	static const struct {
		enum store_fate fate;
		const char *what;
		const char *detail;
	} fates[] = {
	    {STORE_FATE_DELIVERED, "delivered", ""},
	    {STORE_FATE_DEAD, "bounced", "hard"},
	    {STORE_FATE_FAILED, "bounced", "about the address"},
	    {STORE_FATE_TURNED, "bounced", "not about the address"},
	    {STORE_FATE_COMPLAINED, "complained", ""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(fates); i++) {
		if (store_fate_known(story->ctl->store, row->message, row->recipient, fates[i].fate,
			&story->err) == 1)
			add(story, row->time_ms, fates[i].what, row->campaign,
			    str_c(fates[i].detail));
	}
}

static bool
add_copy(const struct store_journal_row *row, void *closure)
{
	struct story *story = closure;

	add(story, row->time_ms, store_verdict_name(row->verdict), row->campaign, row->reason);
	if (!story->known)
		add_fates(story, row);
	return true;
}

static bool
add_event(const struct store_event *event, void *closure)
{
	struct story *story = closure;
	struct str campaign = STR("");

	if (event->kind < STORE_EVENT_OWN || event->kind == STORE_EVENT_SENT)
		return true;
	if (event->campaign != 0)
		store_campaign_name(
		    story->ctl->store, event->campaign, story->arena, &campaign, &story->err);
	add(story, event->time_ms, store_event_kind_name(event->kind), campaign,
	    str_is(event->properties, "{}") ? STR("") : event->properties);
	return true;
}

static bool
add_suppression(const struct store_suppression *entry, void *closure)
{
	struct story *story = closure;
	struct str detail = arena_printf(story->arena, "for %.*s: %.*s%s%.*s%s%.*s%s%.*s",
	    STR_F(entry->scope), STR_F(entry->reason), entry->source.n > 0 ? "; told by " : "",
	    STR_F(entry->source), entry->detail.n > 0 ? "; " : "", STR_F(entry->detail),
	    entry->note.n > 0 ? "; note: " : "", STR_F(entry->note));

	add(story, entry->created_ms, "suppressed", STR(""), detail);
	json_array_append_new(story->suppressions, suppress_json(entry));
	return true;
}

static void
add_contact(struct story *story)
{
	const struct store_consent *consent = &story->contact.consent;
	struct str detail;

	add(story, story->contact.created_ms, "imported", STR(""), STR(""));
	if (consent->state == STORE_CONSENT_NONE)
		return;
	detail = arena_printf(story->arena, "%s%s%.*s%s%.*s", store_consent_name(consent->state),
	    consent->source.n > 0 ? ", source: " : "", STR_F(consent->source),
	    consent->proof.n > 0 ? ", proof: " : "", STR_F(consent->proof));
	add(story, consent->time_ms, "consent", STR(""), detail);
}

static gint
by_time(gconstpointer a, gconstpointer b)
{
	const struct entry *one = a, *other = b;

	return (one->time_ms > other->time_ms) - (one->time_ms < other->time_ms);
}

static int
collect(struct story *story)
{
	const struct store_journal_filter copies = {.recipient = story->address};
	struct store_event_filter events = {.kind = STORE_EVENT_ANY};
	struct store *store = story->ctl->store;
	int found =
	    store_contact_get(store, story->address, story->arena, &story->contact, &story->err);

	story->known = found == 1;
	events.contact = story->contact.id;
	if (story->known)
		add_contact(story);
	if (found < 0 || store_journal_each(store, &copies, add_copy, story, &story->err) != 0 ||
	    (story->known &&
		store_event_each(store, &events, add_event, story, &story->err) != 0) ||
	    store_suppression_of(store, story->address, add_suppression, story, &story->err) != 0)
		return -1;
	g_array_sort(story->entries, by_time);
	return story->err.code == ERR_NONE ? 0 : -1;
}

/* --- which campaigns --- */

/* 1: it had some lately; 0; -1. */
static int
too_often(struct story *story, const struct conf_campaign *campaign, struct str *why_r)
{
	const struct store_contact *contact = &story->contact;
	json_t *attributes =
	    story->known ? json_loadb(contact->attributes.p, contact->attributes.n, 0, NULL) : NULL;
	const struct store_frequency_place place = {.contact = contact->id,
	    .frequency = store_contact_frequency(attributes),
	    .now_ms = clock_now()};
	int rc = tailor_frequency(
	    story->ctl->store, campaign, &place, false, story->arena, why_r, &story->err);

	json_decref(attributes);
	return rc < 0 ? -1 : rc == 0;
}

/* 1 skipped, `why_r` says why; 0; -1. In the order in which mail is tailored. */
static int
skipped(struct story *story, const struct conf_campaign *campaign, struct str *why_r)
{
	const struct store_suppression_query query = {.address = story->address,
	    .campaign = str_c(campaign->name),
	    .list = str_c(campaign->list_id),
	    .marketing = campaign->kind == CONF_KIND_MARKETING};
	enum store_consent_state state =
	    story->known ? story->contact.consent.state : STORE_CONSENT_NONE;
	struct store_suppression entry;
	int found =
	    store_suppression_ask(story->ctl->store, &query, story->arena, &entry, &story->err);

	if (found == 1)
		*why_r = arena_printf(story->arena, "suppressed for %.*s: %.*s", STR_F(entry.scope),
		    STR_F(entry.reason));
	if (found != 0)
		return found;
	*why_r = str_c(tailor_refusal(campaign, state));
	if (why_r->p == NULL && !story->known && campaign->unknown != CONF_UNKNOWN_BARE)
		*why_r = STR("no contact");
	return why_r->p != NULL ? 1 : too_often(story, campaign, why_r);
}

static json_t *
campaigns_json(struct story *story)
{
	const struct conf *conf = story->ctl->conf;
	json_t *list = json_array();
	struct str why;
	int rc;

	for (size_t i = 0; i < conf->campaign_count; i++) {
		rc = skipped(story, &conf->campaigns[i], &why);
		if (rc < 0) {
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list,
		    json_pack("{s:s, s:b, s:o}", "campaign", conf->campaigns[i].name, "skipped",
			rc == 1, "why", rc == 1 ? ctl_json_str(why) : json_null()));
	}
	return list;
}

/* --- output --- */

static json_t *
text_or_null(struct str text)
{
	return text.n == 0 ? json_null() : ctl_json_str(text);
}

static void
put_json(const struct story *story, json_t *campaigns)
{
	json_t *entries = json_array();

	for (guint i = 0; i < story->entries->len; i++) {
		const struct entry *entry = &g_array_index(story->entries, struct entry, i);

		json_array_append_new(entries,
		    json_pack("{s:o, s:s, s:o, s:o}", "time", ctl_json_time(entry->time_ms), "what",
			entry->what, "campaign", text_or_null(entry->campaign), "detail",
			text_or_null(entry->detail)));
	}
	ctl_put_json(json_pack("{s:o, s:o, s:s, s:O, s:o, s:O}", "address",
	    ctl_json_str(story->address), "contact",
	    story->known ? json_integer((json_int_t)story->contact.id) : json_null(), "consent",
	    store_consent_name(story->known ? story->contact.consent.state : STORE_CONSENT_NONE),
	    "suppressions", story->suppressions, "story", entries, "campaigns", campaigns));
}

static void
put_text(const struct story *story, json_t *campaigns)
{
	char time[CLOCK_TEXT_SIZE];
	json_t *value;
	size_t i;

	for (guint n = 0; n < story->entries->len; n++) {
		const struct entry *entry = &g_array_index(story->entries, struct entry, n);

		printf("%s\t%s\t", clock_iso(entry->time_ms, time), entry->what);
		ctl_put(stdout, entry->campaign.n > 0 ? entry->campaign : STR("-"));
		putchar('\t');
		ctl_put(stdout, entry->detail.n > 0 ? entry->detail : STR("-"));
		putchar('\n');
	}
	if (story->entries->len == 0)
		puts("nothing is known of this address");
	json_array_foreach(campaigns, i, value)
	{
		const char *why = json_string_value(json_object_get(value, "why"));

		printf("campaign %s: ", json_string_value(json_object_get(value, "campaign")));
		if (why == NULL)
			fputs("would be sent", stdout);
		else
			fputs("would be skipped, ", stdout);
		ctl_put(stdout, str_c(why == NULL ? "" : why));
		putchar('\n');
	}
}

static int
explain(struct story *story, bool json)
{
	json_t *campaigns = collect(story) == 0 ? campaigns_json(story) : NULL;

	if (campaigns == NULL)
		return ctl_fail(&story->err);
	(json ? put_json : put_text)(story, campaigns);
	json_decref(campaigns);
	return EX_OK;
}

int
suppress_explain(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	struct story story = {.ctl = ctl};
	bool json = false;
	int option, status;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option != 'j')
			return ctl_usage("suppress");
		json = true;
	}
	if (optind + 1 != argc)
		return ctl_usage("suppress");
	story.address = str_c(argv[optind]);
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	story.arena = arena_new(MEMORY);
	story.entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	story.suppressions = json_array();
	status = explain(&story, json);
	json_decref(story.suppressions);
	g_array_free(story.entries, TRUE);
	arena_free(&story.arena);
	return status;
}
