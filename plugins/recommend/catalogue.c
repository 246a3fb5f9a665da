/* SPDX-License-Identifier: BSD-2-Clause
 *
 * catalogue: see catalogue.h
 */
#include "catalogue.h"

#include <stdlib.h>

static uint32_t
category_of(struct catalogue *catalogue, struct catalogue_text path)
{
	uint64_t hash = table_hash(path.p, path.n);
	uint32_t found = table_get(&catalogue->by_path, hash);

	if (path.n == 0 || found != TABLE_NONE)
		return path.n == 0 ? TABLE_NONE : found;
	if (path.n > CATALOGUE_TEXT_MAX - catalogue->text.n)
		return TABLE_NONE;
	catalogue->category = table_room(catalogue->category, catalogue->categories,
	    &catalogue->category_size, sizeof *catalogue->category);
	catalogue->category[catalogue->categories] =
	    (struct catalogue_category){catalogue->text.n, path.n};
	bytes_add(&catalogue->text, path.p, path.n);
	found = (uint32_t)catalogue->categories++;
	table_put(&catalogue->by_path, hash, found);
	return found;
}

/* The group's item, or a new one. */
static uint32_t
item_of(struct catalogue *catalogue, int64_t id, struct catalogue_text group,
    struct catalogue_text category)
{
	uint64_t hash = table_hash(group.p, group.n);
	uint32_t found = group.n == 0 ? TABLE_NONE : table_get(&catalogue->by_group, hash);

	if (found != TABLE_NONE)
		return found;
	catalogue->item = table_room(
	    catalogue->item, catalogue->items, &catalogue->item_size, sizeof *catalogue->item);
	found = (uint32_t)catalogue->items++;
	catalogue->item[found] = (struct catalogue_item){id, category_of(catalogue, category)};
	if (group.n > 0)
		table_put(&catalogue->by_group, hash, found);
	return found;
}

static void
digest(struct catalogue *catalogue, uint64_t number)
{
	catalogue->digest = table_mix(catalogue->digest * 31 + number);
}

void
catalogue_add(struct catalogue *catalogue, int64_t id, struct catalogue_text key,
    struct catalogue_text group, struct catalogue_text category, bool listed)
{
	struct catalogue_product *product;
	uint32_t at = (uint32_t)catalogue->products;

	if (at >= CATALOGUE_PRODUCTS_MAX)
		return;
	catalogue->product = table_room(catalogue->product, catalogue->products,
	    &catalogue->product_size, sizeof *catalogue->product);
	product = &catalogue->product[catalogue->products++];
	*product =
	    (struct catalogue_product){.id = id, .key = table_hash(key.p, key.n), .listed = listed};
	product->item = item_of(catalogue, id, group, category);
	table_put(&catalogue->by_id, (uint64_t)id, at);
	table_put(&catalogue->by_key, product->key, at);
	digest(catalogue, (uint64_t)id);
	digest(catalogue, product->key);
	digest(catalogue, table_hash(group.p, group.n));
	digest(catalogue, table_hash(category.p, category.n) + listed);
}

void
catalogue_fini(struct catalogue *catalogue)
{
	free(catalogue->product);
	free(catalogue->item);
	free(catalogue->category);
	bytes_fini(&catalogue->text);
	table_fini(&catalogue->by_id);
	table_fini(&catalogue->by_key);
	table_fini(&catalogue->by_group);
	table_fini(&catalogue->by_path);
	*catalogue = (struct catalogue){.products = 0};
}
