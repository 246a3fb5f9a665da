/* SPDX-License-Identifier: BSD-2-Clause
 *
 * product: a shop's product, put together field by field from whatever file it stands in
 *
 * Fields have Google Merchant's names and some others that shops use; case, underscores,
 * dashes and spaces don't count: image_link, "Image Link" and imageLink are one. Of two names
 * for one thing the better one wins (mailtailor-products(7) lists them); a name that is none
 * of them makes an attribute.
 */
#ifndef INTAKE_PRODUCT_H
#define INTAKE_PRODUCT_H

#include "base/arena.h"
#include "store/product.h"

#include <jansson.h>

#define INTAKE_FIELD_MAX ((size_t)64 * 1024)

enum intake_field {
	INTAKE_KEY,
	INTAKE_GROUP,
	INTAKE_TITLE,
	INTAKE_LINK,
	INTAKE_IMAGE,
	INTAKE_PRICE,
	INTAKE_SALE_PRICE,
	INTAKE_SALE_DATES,
	INTAKE_CURRENCY,
	INTAKE_CATEGORY,
	INTAKE_AVAILABILITY,
	INTAKE_QUANTITY,
	INTAKE_BRAND,
	INTAKE_GTIN,
	INTAKE_FIELDS,
	INTAKE_ATTRIBUTE = INTAKE_FIELDS,
};

struct intake_product {
	struct arena *arena;
	struct str currency; /* where a price names none */
	struct str text[INTAKE_FIELDS];
	int rank[INTAKE_FIELDS]; /* of the name that the text stood under; lower is better */
	json_t *attributes;
};

/* Which field the name means. */
enum intake_field intake_field_of(struct str name);

/* Begins a product; the arena is emptied. */
void intake_product_init(struct intake_product *row, struct arena *arena, struct str currency);
void intake_product_fini(struct intake_product *row);

/* One field as text; the text is copied. `google`: the name comes from Google's namespace, which
 * wins. A second value for an attribute makes a list. ERR_INPUT (no UTF-8, controls), ERR_LIMIT. */
int intake_product_text(
    struct intake_product *row, struct str name, struct str value, bool google, struct err *err);
/* One field as JSON: texts and numbers are taken as above, lists of texts are joined with " > ",
 * {"value": "9.90", "currency": "EUR"} is a price. */
int intake_product_json(
    struct intake_product *row, struct str name, const json_t *value, struct err *err);
/* Text in the arena. ERR_INPUT names the field. */
int intake_product_finish(
    struct intake_product *row, struct store_product *product_r, struct err *err);

/* "19.99 EUR", "EUR 19,99", "1.299,00", "19.99": amount in millionths; `currency_r` (4 bytes)
 * stays empty if none is named. */
int intake_money(struct str text, int64_t *amount_r, char currency_r[4], struct err *err);

#endif
