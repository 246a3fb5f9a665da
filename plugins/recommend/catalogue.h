/* SPDX-License-Identifier: BSD-2-Clause
 *
 * catalogue: the products as they were when they were last looked at
 *
 * An item is what counts as one thing: a product, or all variants of one group. It is known by
 * the row id of its oldest product, which is the lowest.
 *
 * Owns:    its arrays.
 * Threads: one at a time.
 */
#ifndef RECOMMEND_CATALOGUE_H
#define RECOMMEND_CATALOGUE_H

#include "table.h"

#define CATALOGUE_PRODUCTS_MAX 1000000
#define CATALOGUE_TEXT_MAX     ((size_t)8 << 20) /* of all categories; what is more has none */

struct catalogue_product {
	int64_t id;
	uint64_t key; /* table_hash of the shop's id */
	uint32_t item;
	bool listed; /* it might have been shown then */
};

struct catalogue_item {
	int64_t id;
	uint32_t category; /* TABLE_NONE: it has none */
};

struct catalogue_category {
	size_t at; /* in `text` */
	size_t n;
};

struct catalogue {
	struct catalogue_product *product;
	size_t products, product_size;
	struct catalogue_item *item;
	size_t items, item_size;
	struct catalogue_category *category;
	size_t categories, category_size;
	struct bytes text;
	uint64_t digest; /* of all that was added */
	struct table by_id, by_key, by_group, by_path;
};

struct catalogue_text {
	const char *p;
	size_t n;
};

/* In order of row id. `group` and `category` may be empty. */
void catalogue_add(struct catalogue *catalogue, int64_t id, struct catalogue_text key,
    struct catalogue_text group, struct catalogue_text category, bool listed);
void catalogue_fini(struct catalogue *catalogue);

#endif
