/* SPDX-License-Identifier: BSD-2-Clause
 *
 * line: what was bought, or lies in a cart, as events tell it
 *
 * Segment's names: product_id, or sku where there is none; quantity (1 if absent), price, name,
 * url, image_url. An event is about the products of its list `products`, or about the one in its
 * properties.
 *
 * Threads: any; everything lies in the call's arena.
 */
#ifndef COMMON_LINE_H
#define COMMON_LINE_H

#include <mailtailor/plugin.h>

#include <stdbool.h>

#define LINES_MAX 100

struct line {
	struct mt_str id;
	double quantity;
	double price; /* of one; negative: not told */
	struct mt_str title, link, image, currency;
};

struct lines {
	struct line at[LINES_MAX]; /* each id once */
	size_t count;
};

/* Adds to what is there: quantities of one id add up, and the rest is as told last. */
void lines_add(struct mt_call *call, struct lines *lines, const struct mt_value *properties);
/* Takes away; a product without a quantity goes as a whole. */
void lines_remove(struct mt_call *call, struct lines *lines, const struct mt_value *properties);

/* Whose price is shown. */
enum line_price { LINE_PRICE_CATALOGUE, LINE_PRICE_EVENT };

/* Pieces: a whole number without a fraction, "2" and not "2.0". */
const struct mt_value *line_quantity(struct mt_call *call, double quantity);

/* As templates see it: the product of the catalogue, if it is there, with quantity, unit_price,
 * total and available. *total_r: its price; negative: not known. NULL beyond the ceiling, or
 * where the store does not answer (*rc_r). */
struct mt_value *line_show(struct mt_call *call, const struct line *line, struct mt_str catalogue,
    enum line_price whose, double *total_r, struct mt_str *currency_r, int32_t *rc_r);

#endif
