/* SPDX-License-Identifier: BSD-2-Clause
 *
 * proof: which copy a report is about, shown by something that only we or the recipient know
 *
 * Anybody can write a bounce or a complaint that names anybody. What counts is a token of
 * ours (of the envelope sender, List-Unsubscribe or a link), or the Message-ID of a copy that
 * the journal has for an address that the report names.
 *
 * Threads: any.
 */
#ifndef DELIVERY_PROOF_H
#define DELIVERY_PROOF_H

#include "delivery/act.h"
#include "delivery/report.h"
#include "store/store.h"

enum delivery_proof_kind { DELIVERY_PROOF_NONE, DELIVERY_PROOF_TOKEN, DELIVERY_PROOF_MESSAGE_ID };

struct delivery_proof {
	enum delivery_proof_kind kind;
	struct str recipient; /* of the copy; empty: the contact was erased */
	int64_t contact;
	int64_t campaign;	  /* store_campaign_id; 0: not known */
	struct str message;	  /* the journal's key; empty: the journal has no such row */
	struct str sender_domain; /* of the journal's row */
	int64_t sent_ms;	  /* of the journal's row; 0: none */
};

/* 1 proven, 0 not, -1. Text in the arena. */
int delivery_prove(struct store *store, const struct delivery_report *report, struct arena *arena,
    struct delivery_proof *proof_r, struct err *err);

/* What a proven report says of that copy. False: nothing that is worth an event. `raw` is what
 * makes it known when it comes again; `time_ms` is when it was reported. */
bool delivery_news_of(const struct delivery_report *report, const struct delivery_proof *proof,
    struct str raw, int64_t time_ms, struct arena *arena, struct delivery_news *news_r);

/* "none", "token", "message-id" */
const char *delivery_proof_name(enum delivery_proof_kind kind);

#endif
