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

#define STORE_SCOPE_MARKETING "marketing"

struct store_suppression {
	struct str address; /* empty after erasure */
	struct str hash;    /* hex */
	struct str scope;   /* "all", STORE_SCOPE_MARKETING, or the name of a campaign */
	struct str reason;
	int64_t created_ms;
};

/* The entry for "all", for this campaign, or with `marketing` for all marketing: 1 found (in
 * the arena), 0 none, -1. */
int store_suppression_find(struct store *store, struct str address, struct str campaign,
    bool marketing, struct arena *arena, struct store_suppression *entry_r, struct err *err);
/* 1 added, 0 was there (reason stays), -1. */
int store_suppression_add(
    struct store *store, struct str address, struct str scope, struct str reason, struct err *err);
/* 1 removed, 0 was not there, -1. */
int store_suppression_remove(
    struct store *store, struct str address, struct str scope, struct err *err);
int store_suppression_each(struct store *store,
    bool (*each)(const struct store_suppression *entry, void *closure), void *closure,
    struct err *err);
/* The same for those of one address. */
int store_suppression_each_of(struct store *store, struct str address,
    bool (*each)(const struct store_suppression *entry, void *closure), void *closure,
    struct err *err);

#endif
