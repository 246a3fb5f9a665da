/* SPDX-License-Identifier: BSD-2-Clause
 *
 * link: ids of campaigns and of the addresses in them, for tokens
 *
 * A row is never changed or deleted with a contact: what people clicked stays known.
 */
#ifndef STORE_LINK_H
#define STORE_LINK_H

#include "store/store.h"

struct store_link {
	int64_t id;
	int64_t campaign;
	struct str address;
	int64_t created_ms;
};

/* The campaign's id; it is given one if it has none. */
int store_campaign_id(struct store *store, struct str name, int64_t *id_r, struct err *err);
/* 1 found, name in the arena; 0 there is none; -1. */
int store_campaign_name(
    struct store *store, int64_t id, struct arena *arena, struct str *name_r, struct err *err);

/* For each address its id in this campaign; new ones get one, all in one transaction and on
 * disk before it returns, since ids leave with the mail. The same address twice has the same
 * id. Once all are known nothing is written. */
int store_link_ids(struct store *store, int64_t campaign, const struct str *addresses, size_t count,
    int64_t *ids_r, struct err *err);
/* The same without making any: 0 stands for one that has none. */
int store_link_known(struct store *store, int64_t campaign, const struct str *addresses,
    size_t count, int64_t *ids_r, struct err *err);
/* 1 found, text in the arena; 0 there is none; -1. */
int store_link_get(struct store *store, int64_t id, struct arena *arena, struct store_link *link_r,
    struct err *err);
/* The links of one campaign in order of id; `each` returns false to stop. */
int store_link_each(struct store *store, int64_t campaign,
    bool (*each)(const struct store_link *link, void *closure), void *closure, struct err *err);

#endif
