/* SPDX-License-Identifier: BSD-2-Clause
 *
 * proof: see proof.h
 *
 * Threads: any.
 * Fails:   ERR_LIMIT (the arena), and the store's.
 */
#include "delivery/proof.h"

#include "base/id.h"
#include "store/contact.h"
#include "store/fate.h"
#include "store/link.h"

#include <glib.h>

#define ID_BYTES 16
/* A report with more recipients is about no copy of ours, which has one. */
#define TRIES_MAX 20

const char *
delivery_proof_name(enum delivery_proof_kind kind)
{
	static const char *const names[] = {"none", "token", "message-id"};

	return (size_t)kind < G_N_ELEMENTS(names) ? names[kind] : "none";
}

/* --- which copy --- */

static int
take_row(struct store *store, const struct store_journal_row *row, struct delivery_proof *proof,
    struct err *err)
{
	proof->recipient = row->recipient;
	proof->message = row->message;
	proof->sender_domain = row->sender_domain;
	proof->sent_ms = row->time_ms;
	if (proof->contact == 0)
		proof->contact = row->contact_id;
	return proof->campaign != 0 || row->campaign.n == 0
	    ? 0
	    : store_campaign_id(store, row->campaign, &proof->campaign, err);
}

/* A recipient who is no contact: the token names the address, or the report has to. */
static int
by_token_alone(struct store *store, const struct delivery_report *report, struct str prefix,
    struct arena *arena, struct delivery_proof *proof, struct err *err)
{
	struct store_journal_row row;
	int found;

	if (report->token.address.n > 0) {
		proof->recipient = report->token.address;
		found =
		    store_fate_copy(store, proof->recipient, prefix, STR_NONE, arena, &row, err);
		if (found == 1)
			found = take_row(store, &row, proof, err) == 0 ? 1 : -1;
		return found < 0 ? -1 : 1;
	}
	for (size_t i = 0; i < report->count && i < TRIES_MAX; i++) {
		found = store_fate_copy(
		    store, report->recipients[i].address, prefix, STR_NONE, arena, &row, err);
		if (found == 1)
			return take_row(store, &row, proof, err) == 0 ? 1 : -1;
		if (found < 0)
			return -1;
	}
	return 0;
}

static int
by_token(struct store *store, const struct delivery_report *report, struct arena *arena,
    struct delivery_proof *proof, struct err *err)
{
	char mark[LINK_MARK_SIZE];
	struct str prefix =
	    arena_str(arena, str_c(link_message_prefix(report->token.message, mark)));
	struct store_journal_row row;
	struct store_contact contact;
	int found;

	proof->kind = DELIVERY_PROOF_TOKEN;
	proof->contact = report->token.contact;
	proof->campaign = report->token.campaign;
	if (report->token.contact == 0)
		return by_token_alone(store, report, prefix, arena, proof, err);
	found = store_contact_get_id(store, report->token.contact, arena, &contact, err);
	if (found != 1)
		return found < 0 ? -1 : 1;
	proof->recipient = contact.address;
	found = store_fate_copy(store, contact.address, prefix, STR_NONE, arena, &row, err);
	if (found == 1 && take_row(store, &row, proof, err) != 0)
		return -1;
	return found < 0 ? -1 : 1;
}

/* One of the addresses of the report. */
static int
by_message_id(struct store *store, struct str address, struct str id, struct arena *arena,
    struct delivery_proof *proof, struct err *err)
{
	struct store_journal_row row;
	int found;

	if (address.n == 0)
		return 0;
	found = store_fate_copy(store, address, STR_NONE, id, arena, &row, err);
	if (found != 1)
		return found;
	proof->kind = DELIVERY_PROOF_MESSAGE_ID;
	return take_row(store, &row, proof, err) == 0 ? 1 : -1;
}

int
delivery_prove(struct store *store, const struct delivery_report *report, struct arena *arena,
    struct delivery_proof *proof_r, struct err *err)
{
	struct str id;
	int found = 0;

	*proof_r = (struct delivery_proof){.recipient = STR(""), .message = STR("")};
	if (report->has_token)
		found = by_token(store, report, arena, proof_r, err);
	if (report->has_token && found == 0)
		*proof_r = (struct delivery_proof){.recipient = STR(""), .message = STR("")};
	if (found != 0 || report->message_id.n == 0)
		return found;
	id = arena_printf(arena, "<%.*s>", STR_F(report->message_id));
	if (id.p == NULL)
		return err_set(err, ERR_LIMIT, "report: arena full");
	for (size_t i = 0; i < report->count && i < TRIES_MAX && found == 0; i++) {
		const struct delivery_recipient *recipient = &report->recipients[i];

		found = by_message_id(store, recipient->address, id, arena, proof_r, err);
		if (found == 0)
			found = by_message_id(store, recipient->original, id, arena, proof_r, err);
	}
	return found;
}

/* --- what it says of the copy --- */

static bool
same_address(struct str a, struct str b, struct arena *arena)
{
	struct str key_a, key_b;

	return a.n > 0 && store_address_key(a, arena, &key_a, NULL) == 0 &&
	    store_address_key(b, arena, &key_b, NULL) == 0 && str_eq(key_a, key_b);
}

static struct str
local_part(struct str address)
{
	const char *at = address.n == 0 ? NULL : memrchr(address.p, '@', address.n);

	return at == NULL ? address : (struct str){address.p, (size_t)(at - address.p)};
}

/* The recipient of the report that is ours. `own_r`: it is that very mailbox, and not one of
 * those that ours is passed on to: of a group of ten, one who has left is not all. A domain may
 * be another one inside a company. */
static const struct delivery_recipient *
find_own(
    const struct delivery_report *report, struct str recipient, struct arena *arena, bool *own_r)
{
	const struct delivery_recipient *only = report->count == 1 ? &report->recipients[0] : NULL;

	*own_r = true;
	for (size_t i = 0; i < report->count; i++) {
		if (same_address(report->recipients[i].address, recipient, arena))
			return &report->recipients[i];
	}
	if (only != NULL &&
	    (only->address.n == 0 ||
		str_eq_nocase(local_part(only->address), local_part(recipient))))
		return only;
	*own_r = false;
	for (size_t i = 0; i < report->count; i++) {
		if (same_address(report->recipients[i].original, recipient, arena))
			return &report->recipients[i];
	}
	return report->count > 0 ? &report->recipients[0] : NULL;
}

static bool
kind_of_action(enum delivery_action action, enum delivery_news_kind *kind_r)
{
	switch (action) {
	case DELIVERY_ACTION_FAILED:
		*kind_r = DELIVERY_NEWS_BOUNCED;
		return true;
	case DELIVERY_ACTION_DELAYED:
		*kind_r = DELIVERY_NEWS_DEFERRED;
		return true;
	case DELIVERY_ACTION_DELIVERED:
	case DELIVERY_ACTION_RELAYED:
	case DELIVERY_ACTION_EXPANDED:
		*kind_r = DELIVERY_NEWS_DELIVERED;
		return true;
	case DELIVERY_ACTION_NONE:
		break;
	}
	return false;
}

static bool
take_delivery(const struct delivery_report *report, struct arena *arena, struct delivery_news *news)
{
	const struct delivery_recipient *recipient;
	bool own;

	recipient = find_own(report, news->recipient, arena, &own);
	if (recipient == NULL) {
		news->kind = DELIVERY_NEWS_BOUNCED;
		return report->kind == DELIVERY_BOUNCE;
	}
	news->status = recipient->status;
	news->diagnostic = recipient->diagnostic;
	news->reason = recipient->reason;
	news->hard = recipient->hard && own;
	return kind_of_action(recipient->action, &news->kind);
}

/* Mail to the address of List-Unsubscribe, which nothing answers by itself. */
static bool
is_leaving(const struct delivery_report *report)
{
	return report->kind == DELIVERY_NONE && report->detail[0] == '\0' && report->has_token &&
	    report->token.kind == LINK_UNSUBSCRIBE_MAIL && report->token_in_envelope;
}

static bool
take_kind(const struct delivery_report *report, struct arena *arena, struct delivery_news *news)
{
	switch (report->kind) {
	case DELIVERY_BOUNCE:
	case DELIVERY_DELAYED:
	case DELIVERY_DELIVERED:
		return take_delivery(report, arena, news);
	case DELIVERY_COMPLAINT:
		news->kind = strcmp(report->detail, "opt-out") == 0 ? DELIVERY_NEWS_UNSUBSCRIBED
								    : DELIVERY_NEWS_COMPLAINED;
		return true;
	case DELIVERY_AUTOREPLY:
		news->kind = DELIVERY_NEWS_AUTOREPLIED;
		return true;
	case DELIVERY_NONE:
		news->kind = DELIVERY_NEWS_UNSUBSCRIBED;
		return is_leaving(report);
	}
	return false;
}

bool
delivery_news_of(const struct delivery_report *report, const struct delivery_proof *proof,
    struct str raw, int64_t time_ms, struct arena *arena, struct delivery_news *news_r)
{
	struct id_digest digest = id_sha256(raw);
	char hex[2 * ID_BYTES + 1];

	*news_r = (struct delivery_news){.recipient = proof->recipient,
	    .contact = proof->contact,
	    .campaign = proof->campaign,
	    .message = proof->message,
	    .sender_domain = proof->sender_domain,
	    .status = STR(""),
	    .diagnostic = STR(""),
	    .time_ms = time_ms > proof->sent_ms ? time_ms : proof->sent_ms,
	    .source = STR("report"),
	    .source_id = arena_str(arena, str_c(id_hex(&digest, ID_BYTES, hex)))};
	return take_kind(report, arena, news_r);
}
