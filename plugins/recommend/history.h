/* SPDX-License-Identifier: BSD-2-Clause
 *
 * history: what the contact of this copy did, newest first
 *
 * Owns:    nothing; all lies in the copy's arena.
 * Threads: any; one copy by one thread.
 */
#ifndef RECOMMEND_HISTORY_H
#define RECOMMEND_HISTORY_H

#include "event.h"
#include "recommend.h"

#define HISTORY_ORDERS 200 /* at most so many are looked at for what was bought */

struct history_act {
	int64_t time;
	uint32_t item;
	uint32_t product;
	enum event_kind kind;
};

/* Items, each once. */
struct history_items {
	uint32_t *at;
	size_t count;
	size_t size;
};

struct history {
	struct history_act *act;
	size_t acts, size;
	struct history_items bought;
};

/* MT_OK also with nothing; MT_LIMIT, MT_STORE. */
int32_t history_read(struct mt_call *call, const struct recommend *me, struct history *history_r);

bool history_has(const struct history_items *items, uint32_t item);
/* Adds it if it is not there. MT_LIMIT. */
int32_t history_add(struct mt_call *call, struct history_items *items, uint32_t item);
/* The first of them that the model knows; TABLE_NONE. */
uint32_t history_product(const struct model *model, struct mt_str id, struct mt_str sku);

#endif
