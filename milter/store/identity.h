/* SPDX-License-Identifier: BSD-2-Clause
 *
 * identity: by which other names than the address a contact is known
 *
 * Shops tell events of their own user ids and of browsers' anonymous ids; an identify call
 * that brings an address along binds them to the contact. The last one told counts. They go
 * with the contact.
 */
#ifndef STORE_IDENTITY_H
#define STORE_IDENTITY_H

#include "store/store.h"

/* Stored as numbers. */
enum store_identity_kind {
	STORE_IDENTITY_USER = 1,      /* the shop's user id */
	STORE_IDENTITY_ANONYMOUS = 2, /* a browser's or a device's */
};

#define STORE_IDENTITY_MAX 255

/* The contact's id: 1 found, 0 unknown, -1. */
int store_identity_find(struct store *store, enum store_identity_kind kind, struct str name,
    int64_t *contact_r, struct err *err);
/* Binds it, or binds it anew. ERR_LIMIT if the name is too long. */
int store_identity_set(struct store *store, enum store_identity_kind kind, struct str name,
    int64_t contact, struct err *err);
/* All names of a contact; `name` until `each` returns, which returns false to stop. */
int store_identity_each(struct store *store, int64_t contact,
    bool (*each)(enum store_identity_kind kind, struct str name, void *closure), void *closure,
    struct err *err);

#endif
