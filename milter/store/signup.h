/* SPDX-License-Identifier: BSD-2-Clause
 *
 * signup: what came from forms, and waits for its confirmation
 *
 * Anybody can type anybody's address. So what a form said stands here until the person has
 * confirmed it, and the contact's row knows nothing of it; unconfirmed ones are deleted when
 * they expire. A confirmed one stays until then, so that its link says the same once more.
 *
 * Threads: any.
 */
#ifndef STORE_SIGNUP_H
#define STORE_SIGNUP_H

#include "base/id.h"
#include "store/store.h"

struct store_signup {
	int64_t id; /* given when written */
	struct str address;
	struct str form;
	int64_t created_ms;
	int64_t expires_ms;
	int64_t confirmed_ms; /* 0: not yet */
	bool mailed;	      /* a confirmation message was made */
	struct str client;    /* address, as far as it is kept */
	struct str consent;   /* SHA-256 of the text, in hex; see store_consent_text_put */
	struct str language;  /* of the page; may be empty */
	struct str fields;    /* a JSON object */
};

/* ERR_INPUT (address), ERR_LIMIT. */
int store_signup_put(
    struct store *store, const struct store_signup *signup, int64_t *id_r, struct err *err);
/* 1 found, text in the arena; 0 there is none; -1. */
int store_signup_get(struct store *store, int64_t id, struct arena *arena,
    struct store_signup *signup_r, struct err *err);
/* It is confirmed: what it said of the person is the contact's now, and is forgotten here. Others
 * of this address and form that wait are gone. */
int store_signup_confirmed(
    struct store *store, const struct store_signup *signup, int64_t now_ms, struct err *err);
/* How many confirmation messages this address got since then: >= 0, or -1. */
int store_signup_mailed(struct store *store, struct str address, int64_t since_ms, struct err *err);

/* The text is kept by its SHA-256. */
int store_consent_text_put(
    struct store *store, struct str text, char digest_r[ID_HEX_SIZE], struct err *err);
/* 1 found, in the arena; 0; -1. */
int store_consent_text_get(struct store *store, struct str digest, struct arena *arena,
    struct str *text_r, struct err *err);

/* So many more of this result ("pending", "honeypot", ...) today. */
int store_signup_count(struct store *store, struct str form, struct str result, unsigned times,
    int64_t now_ms, struct err *err);

/* --- for commands and upkeep (signup_list.c) --- */

/* All of this address (absent: of all), oldest first; `each` returns false to stop. ERR_INPUT. */
int store_signup_each(struct store *store, struct str address,
    bool (*each)(const struct store_signup *signup, void *closure), void *closure, struct err *err);
struct store_signup_count {
	struct str form;
	struct str result;
	int64_t count;
};
/* The counts of all forms since then. */
int store_signup_counts(struct store *store, int64_t since_ms,
    bool (*each)(const struct store_signup_count *count, void *closure), void *closure,
    struct err *err);
/* Deletes up to `max` that expired before `now_ms`, and counts of more than 400 days ago. */
int store_signup_purge(struct store *store, int64_t now_ms, size_t max, struct err *err);

#endif
