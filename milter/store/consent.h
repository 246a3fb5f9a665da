/* SPDX-License-Identifier: BSD-2-Clause
 *
 * consent: whether a contact agreed to get marketing mail, and how that is known
 *
 * A part of the contact's row: erased with it, read with it.
 *
 * Threads: any.
 */
#ifndef STORE_CONSENT_H
#define STORE_CONSENT_H

#include "store/store.h"

enum store_consent_state {
	STORE_CONSENT_NONE, /* nothing is known */
	STORE_CONSENT_PENDING,
	STORE_CONSENT_GRANTED,
	STORE_CONSENT_WITHDRAWN
};

struct store_consent {
	enum store_consent_state state;
	struct str source; /* where it was given: "form on /newsletter", a file's name; or empty */
	struct str proof;  /* what shows it: an address, a confirmation's id, a text; or empty */
	int64_t time_ms;   /* since when; 0: not said */
};

/* "none", "pending", "granted", "withdrawn" */
const char *store_consent_name(enum store_consent_state state);
/* In any case; false: it is none of them. */
bool store_consent_find(struct str name, enum store_consent_state *state_r);

/* What is said counts from now on, or from `time_ms` if there is one: 1 stored, 0 there is no
 * such contact, -1. ERR_INPUT (address, text that is no UTF-8), ERR_LIMIT, ERR_STORE. */
int store_consent_set(
    struct store *store, struct str address, const struct store_consent *consent, struct err *err);
/* For what is brought from elsewhere, and may be old: 1 stored (or was so), 0 something newer is
 * there and stays, -1 (ERR_NOTFOUND: no such contact). Who has withdrawn stays so unless a time
 * is given and later; of two times the later one counts. */
int store_consent_merge(
    struct store *store, struct str address, const struct store_consent *consent, struct err *err);

#endif
