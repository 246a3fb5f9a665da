/* SPDX-License-Identifier: BSD-2-Clause
 *
 * contact: the people mail is tailored for
 */
#ifndef STORE_CONTACT_H
#define STORE_CONTACT_H

#include "store/consent.h"
#include "store/store.h"

#include <jansson.h>

struct store_contact {
	int64_t id;	       /* 0: not in the store */
	struct str address;    /* as imported */
	struct str key;	       /* normalised */
	struct str language;   /* BCP 47 tag, or empty */
	struct str time_zone;  /* IANA name, or empty */
	struct str attributes; /* one JSON object with everything else: first_name, city, ... */
	int64_t created_ms;
	int64_t updated_ms;
	struct store_consent consent;
};

/* 1 found, 0 not there, -1 error. Text is in the arena. */
int store_contact_get(struct store *store, struct str address, struct arena *arena,
    struct store_contact *contact_r, struct err *err);
int store_contact_get_id(struct store *store, int64_t id, struct arena *arena,
    struct store_contact *contact_r, struct err *err);
/* Only the id, by a normalised address (store_address_key). 1, 0 or -1. */
int store_contact_find(struct store *store, struct str key, int64_t *id_r, struct err *err);
/* Do these attributes say do_not_track? As JSON has it, or as the text of a CSV column. */
bool store_contact_untracked(const json_t *attributes);
/* Inserts, or merges into the contact with the same key: members of `attributes` replace
 * those of the same name, JSON null removes one, others stay. 1 inserted, 0 updated, -1. */
int store_contact_upsert(struct store *store, struct str address, struct str language,
    struct str time_zone, const json_t *attributes, struct err *err);
/* 1 deleted, 0 not there, -1. What was kept for viewing of messages to this address alone goes,
 * too; suppressions of the address stay (they are kept by hash); of its events stays what event.h
 * says. */
int store_contact_delete(struct store *store, struct str address, struct err *err);
/* Each contact in order of id, `each` returns false to stop. */
int store_contact_each(struct store *store,
    bool (*each)(const struct store_contact *contact, void *closure), void *closure,
    struct err *err);
int store_contact_count(struct store *store, int64_t *count_r, struct err *err);

#endif
