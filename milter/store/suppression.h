/* SPDX-License-Identifier: BSD-2-Clause
 *
 * suppression: addresses that get nothing, and why
 *
 * Kept by the SHA-256 of the normalised address, so that an entry outlives the
 * erasure of its contact.
 */
#ifndef STORE_SUPPRESSION_H
#define STORE_SUPPRESSION_H

#include "store/store.h"

#define STORE_SCOPE_ALL	      "all"
#define STORE_SCOPE_MARKETING "marketing"
/* Before a List-Id: all campaigns of that list. */
#define STORE_SCOPE_LIST "list:"

/* All marketing for a while; the entry has an end. */
#define STORE_SCOPE_PAUSE "pause"

/* The reason of who complained: whoever signs up again is asked about it. */
#define STORE_REASON_COMPLAINT "complaint"

/* Ceilings, in bytes; longer texts are cut where they are written. */
#define STORE_SUPPRESSION_REASON_MAX 500
#define STORE_SUPPRESSION_DETAIL_MAX 2000
#define STORE_SCOPE_MAX		     255

struct store_suppression {
	struct str address; /* empty after erasure */
	struct str hash;    /* hex */
	/* STORE_SCOPE_ALL, STORE_SCOPE_MARKETING, "list:" and a List-Id, or the name of a
	 * campaign */
	struct str scope;
	struct str reason;
	struct str source; /* who said so: "hand", "web", "import", "log", "report" */
	struct str detail; /* what was said, as it came: a server's reply */
	struct str note;   /* people's own */
	int64_t created_ms;
	int64_t until_ms; /* it counts no more from then on; 0: it has no end */
};

/* What a message is, for those who ask whether it may go to somebody. */
struct store_suppression_query {
	struct str address;
	struct str campaign; /* name */
	struct str list;     /* the campaign's List-Id, or empty */
	bool marketing;
};

/* The entry that stops this message, the widest if there are several: 1 found (in the arena), 0
 * none, -1. */
int store_suppression_ask(struct store *store, const struct store_suppression_query *query,
    struct arena *arena, struct store_suppression *entry_r, struct err *err);
/* The same without a list. */
int store_suppression_find(struct store *store, struct str address, struct str campaign,
    bool marketing, struct arena *arena, struct store_suppression *entry_r, struct err *err);

/* By address; where that is empty, by hash. `created_ms` 0: now. 1 added, 0 was there and stays
 * as it was (one with an end is replaced), -1. ERR_INPUT (address, hash, scope). */
int store_suppression_put(
    struct store *store, const struct store_suppression *entry, struct err *err);
/* The same by hash alone: what is said of somebody who was erased must not bring the address
 * back. */
int store_suppression_put_hashed(
    struct store *store, const struct store_suppression *entry, struct err *err);
int store_suppression_add(
    struct store *store, struct str address, struct str scope, struct str reason, struct err *err);
/* 1 removed, 0 was not there, -1. */
int store_suppression_remove(
    struct store *store, struct str address, struct str scope, struct err *err);
int store_suppression_remove_hashed(
    struct store *store, struct str hash, struct str scope, struct err *err);

/* Deletes those whose time is over. */
int store_suppression_purge(struct store *store, int64_t now_ms, struct err *err);

/* In order of time, hash and scope. `each` returns false to stop. */
int store_suppression_each(struct store *store,
    bool (*each)(const struct store_suppression *entry, void *closure), void *closure,
    struct err *err);
int store_suppression_of(struct store *store, struct str address,
    bool (*each)(const struct store_suppression *entry, void *closure), void *closure,
    struct err *err);

#endif
