/* SPDX-License-Identifier: BSD-2-Clause
 *
 * export: see contact.h; this file: everything that is known of one address
 *
 * What remains of somebody who is no contact any more, or never was, is part of it: messages and
 * suppressions.
 *
 * Threads: any.
 * Fails:   ERR_LIMIT, ERR_INPUT (address), and the store's.
 */
#include "intake/contact.h"

#include "base/clock.h"
#include "store/identity.h"
#include "store/journal.h"
#include "store/link.h"
#include "store/signup.h"
#include "store/suppression.h"

#define CONTACT_MEMORY ((size_t)4 << 20)
#define NAME_MEMORY    ((size_t)64 << 10)
/* What a row takes beside its texts. */
#define ROW_BYTES 400

struct dossier {
	struct store *store;
	struct str address;
	json_t *identities, *events, *suppressions, *signups, *messages;
	size_t left;
	bool full;
	/* Of the last event's campaign, which often comes again. */
	struct arena *arena;
	int64_t campaign;
	struct str campaign_name;
};

/* Takes the reference; false if there is no room. */
static bool
add(struct dossier *dossier, json_t *list, json_t *row, size_t bytes)
{
	bytes += ROW_BYTES;
	if (bytes > dossier->left) {
		dossier->full = true;
		json_decref(row);
		return false;
	}
	dossier->left -= bytes;
	json_array_append_new(list, row);
	return true;
}

static bool
add_identity(enum store_identity_kind kind, struct str name, void *closure)
{
	struct dossier *dossier = closure;

	return add(dossier, dossier->identities,
	    json_pack("{s:s, s:o}", "kind", kind == STORE_IDENTITY_USER ? "userId" : "anonymousId",
		"id", intake_json_str(name)),
	    name.n);
}

static void
find_campaign(struct dossier *dossier, int64_t campaign)
{
	if (campaign == dossier->campaign)
		return;
	dossier->campaign = campaign;
	arena_reset(dossier->arena);
	if (store_campaign_name(
		dossier->store, campaign, dossier->arena, &dossier->campaign_name, NULL) != 1)
		dossier->campaign_name = STR("");
}

static bool
add_event(const struct store_event *event, void *closure)
{
	struct dossier *dossier = closure;

	find_campaign(dossier, event->campaign);
	return add(dossier, dossier->events,
	    intake_event_json(event, dossier->address, dossier->campaign_name),
	    event->properties.n + event->type.n + event->source_id.n + dossier->address.n);
}

static bool
add_suppression(const struct store_suppression *entry, void *closure)
{
	struct dossier *dossier = closure;

	return add(dossier, dossier->suppressions,
	    json_pack("{s:o, s:o, s:o, s:o}", "scope", intake_json_str(entry->scope), "reason",
		intake_json_str(entry->reason), "created", intake_json_time(entry->created_ms),
		"until", intake_json_time(entry->until_ms)),
	    entry->scope.n + entry->reason.n);
}

static bool
add_signup(const struct store_signup *signup, void *closure)
{
	struct dossier *dossier = closure;

	return add(dossier, dossier->signups, intake_signup_json(signup),
	    signup->form.n + signup->client.n);
}

static bool
add_message(const struct store_journal_row *row, void *closure)
{
	struct dossier *dossier = closure;

	return add(dossier, dossier->messages,
	    json_pack("{s:o, s:o, s:o, s:o, s:s, s:o}", "time", intake_json_time(row->time_ms),
		"message", intake_json_str(row->message), "campaign",
		intake_json_str(row->campaign), "message_id", intake_json_str(row->message_id),
		"verdict", store_verdict_name(row->verdict), "reason",
		intake_json_str(row->reason)),
	    row->campaign.n + row->message_id.n + row->reason.n);
}

static int
collect(struct dossier *dossier, int64_t contact, struct err *err)
{
	const struct store_event_filter events = {.contact = contact};
	const struct store_journal_filter messages = {.recipient = dossier->address};

	if (contact != 0 &&
	    (store_identity_each(dossier->store, contact, add_identity, dossier, err) != 0 ||
		store_event_each(dossier->store, &events, add_event, dossier, err) != 0))
		return -1;
	if (store_suppression_of(dossier->store, dossier->address, add_suppression, dossier, err) !=
		0 ||
	    store_signup_each(dossier->store, dossier->address, add_signup, dossier, err) != 0 ||
	    store_journal_each(dossier->store, &messages, add_message, dossier, err) != 0)
		return -1;
	return dossier->full ? err_set(err, ERR_LIMIT, "more is known than fits here") : 0;
}

int
intake_contact_export(
    struct store *store, struct str address, size_t max, json_t **json_r, struct err *err)
{
	struct arena *arena = arena_new(CONTACT_MEMORY);
	struct dossier dossier = {.store = store,
	    .address = address,
	    .left = max,
	    .arena = arena_new(NAME_MEMORY),
	    .identities = json_array(),
	    .events = json_array(),
	    .suppressions = json_array(),
	    .signups = json_array(),
	    .messages = json_array()};
	struct store_contact contact;
	int found = store_contact_get(store, address, arena, &contact, err), rc = -1;
	json_t *whole;

	if (found == 1)
		dossier.address = contact.address;
	if (found >= 0)
		rc = collect(&dossier, found == 1 ? contact.id : 0, err);
	whole = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "address",
	    intake_json_str(dossier.address), "exported", intake_json_time(clock_now()), "contact",
	    found == 1 ? intake_contact_json(&contact) : json_null(), "identities",
	    dossier.identities, "events", dossier.events, "suppressions", dossier.suppressions,
	    "signups", dossier.signups, "messages", dossier.messages);
	if (rc == 0)
		rc = found == 1 || json_array_size(dossier.suppressions) > 0 ||
		    json_array_size(dossier.signups) > 0 || json_array_size(dossier.messages) > 0;
	if (rc == 1)
		*json_r = json_incref(whole);
	json_decref(whole);
	arena_free(&dossier.arena);
	arena_free(&arena);
	return rc;
}
