/* SPDX-License-Identifier: BSD-2-Clause
 *
 * product_row: one row of products as SQL gives it, for the product*.c of this folder
 */
#ifndef STORE_PRODUCT_ROW_H
#define STORE_PRODUCT_ROW_H

#include "store/db.h"
#include "store/product.h"

/* Of `product p` joined with `catalogue c`. */
#define STORE_PRODUCT_COLUMNS                                                                \
	"p.id, c.name, p.key, p.availability, p.price, p.sale_price, p.sale_from_ms, "       \
	"p.sale_until_ms, p.created_ms, p.updated_ms, p.currency, p.category, p.group_key, " \
	"p.title, p.link, p.image, p.brand, p.gtin, p.attributes"

/* Text in the arena; `full` is set when that is. */
struct store_product store_product_copy(sqlite3_stmt *statement, struct arena *arena, bool *full);

#endif
