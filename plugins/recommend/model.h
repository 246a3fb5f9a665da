/* SPDX-License-Identifier: BSD-2-Clause
 *
 * model: what rendering looks up; one block of bytes, made by the learner and never changed
 *
 * Items are numbered by popularity: 0 is the most popular one that might be shown when the
 * model was made. Popularity counts in millionths of an order of the newest event's time; of
 * equals the newer in the catalogue comes first. Those that might not be shown come behind
 * `listed`.
 *
 * What is bought together is measured by the cosine of the orders' vectors of two items,
 * w(a,b) / sqrt(w(a) w(b)), as in Linden, Smith and York, "Amazon.com Recommendations:
 * Item-to-Item Collaborative Filtering", IEEE Internet Computing 7(1), 2003, in millionths. It
 * does not favour what is bought with everything, and lies between 0 and 1. A pair needs
 * `support` orders, since a single one says nothing.
 *
 * Owns:    its bytes.
 * Threads: any; nothing is written.
 */
#ifndef RECOMMEND_MODEL_H
#define RECOMMEND_MODEL_H

#include "learn.h"

#define MODEL_NEAR  50 /* at most, of one item */
#define MODEL_MAGIC 0x314c45444f4d544du

struct model_product {
	uint64_t key; /* table_hash of the shop's id */
	int64_t id;
	uint32_t item;
	uint32_t reserved;
};

struct model_item {
	uint32_t member; /* its first product in `member` */
	uint32_t members;
	uint32_t near;
	uint32_t nears;
	uint32_t category; /* TABLE_NONE: none */
	uint32_t reserved;
};

struct model_near {
	uint32_t item;
	uint32_t score;
};

struct model_category {
	uint32_t text;
	uint32_t text_n;
	uint32_t first; /* in `listing` */
	uint32_t items; /* those listed */
};

struct model_head {
	uint64_t magic;
	uint32_t products;
	uint32_t items;
	uint32_t listed;
	uint32_t nears;
	uint32_t categories;
	uint32_t listings;
	uint64_t text_n;
};

struct model {
	struct bytes bytes;
	struct model_head head;
	const struct model_product *product;   /* in order of key */
	const int64_t *member;		       /* row ids, the most popular first */
	const struct model_item *item;	       /* in order of popularity */
	const struct model_near *near;	       /* of each item: the nearest first */
	const struct model_category *category; /* in order of path */
	const uint32_t *listing;	       /* items of each category, in order of popularity */
	const char *text;
};

/* Of what is settled. */
void model_build(struct bytes *bytes, const struct catalogue *catalogue, const struct learn *learn,
    uint64_t support);
/* Takes the bytes. NULL: they are none. */
struct model *model_open(struct bytes *bytes);
void model_close(struct model **model);

/* Place of a product; TABLE_NONE: there is none. */
uint32_t model_find(const struct model *model, const char *key, size_t n);
/* Calls `each` with the numbers of categories: the one of this path and those below it; if
 * there is none, those that have a step of this name, and those below. */
void model_categories(const struct model *model, const char *path, size_t n,
    void (*each)(void *closure, uint32_t category), void *closure);

#endif
