/* SPDX-License-Identifier: BSD-2-Clause
 *
 * line: see line.h
 */
#include "line.h"

#include "show.h"

#include <math.h>

#define QUANTITY_MAX 1e6

/* --- reading --- */

static struct mt_str
text_of(struct mt_call *call, const struct mt_value *object, struct mt_str name)
{
	const struct mt_value *value = call->host->get(call, object, name);

	return value == NULL ? MT_STR("") : call->host->as_text(call, value);
}

/* `otherwise` where it is no number, or one that nothing can mean. */
static double
number_of(struct mt_call *call, const struct mt_value *object, struct mt_str name, double otherwise)
{
	double number;

	if (call->host->as_number(call, call->host->get(call, object, name), &number) != MT_OK ||
	    !isfinite(number) || number < 0 || number > 1e12)
		return otherwise;
	return number;
}

static bool
read_line(struct mt_call *call, const struct mt_value *object, struct line *line)
{
	*line = (struct line){.id = text_of(call, object, MT_STR("product_id")),
	    .quantity = number_of(call, object, MT_STR("quantity"), -1),
	    .price = number_of(call, object, MT_STR("price"), -1),
	    .title = text_of(call, object, MT_STR("name")),
	    .link = text_of(call, object, MT_STR("url")),
	    .image = text_of(call, object, MT_STR("image_url")),
	    .currency = text_of(call, object, MT_STR("currency"))};
	if (line->id.n == 0)
		line->id = text_of(call, object, MT_STR("sku"));
	if (line->quantity > QUANTITY_MAX)
		line->quantity = QUANTITY_MAX;
	return line->id.n > 0;
}

static struct line *
find(struct lines *lines, struct mt_str id)
{
	for (size_t i = 0; i < lines->count; i++) {
		if (mt_str_eq(lines->at[i].id, id))
			return &lines->at[i];
	}
	return NULL;
}

static void
add(struct lines *lines, const struct line *line)
{
	struct line *old = find(lines, line->id);
	double before = old == NULL ? 0 : old->quantity;

	if (old == NULL && lines->count == LINES_MAX)
		return;
	if (old == NULL)
		old = &lines->at[lines->count++];
	*old = *line;
	old->quantity = before + (line->quantity < 0 ? 1 : line->quantity);
}

static void
take_away(struct lines *lines, const struct line *line)
{
	struct line *old = find(lines, line->id);

	if (old == NULL)
		return;
	old->quantity = line->quantity < 0 ? 0 : old->quantity - line->quantity;
	if (old->quantity > 0)
		return;
	/* The others keep their order. */
	for (; old + 1 < lines->at + lines->count; old++)
		*old = old[1];
	lines->count--;
}

static void
each(struct mt_call *call, struct lines *lines, const struct mt_value *properties,
    void (*what)(struct lines *lines, const struct line *line))
{
	const struct mt_host *mt = call->host;
	const struct mt_value *products = mt->get(call, properties, MT_STR("products"));
	struct mt_str currency = text_of(call, properties, MT_STR("currency"));
	struct line line;
	size_t count;

	if (mt->type(call, products) != MT_TYPE_ARRAY) {
		if (read_line(call, properties, &line))
			what(lines, &line);
		return;
	}
	count = mt->length(call, products);
	for (size_t i = 0; i < count && i < 1000; i++) {
		if (!read_line(call, mt->at(call, products, i), &line))
			continue;
		if (line.currency.n == 0)
			line.currency = currency;
		what(lines, &line);
	}
}

void
lines_add(struct mt_call *call, struct lines *lines, const struct mt_value *properties)
{
	each(call, lines, properties, add);
}

void
lines_remove(struct mt_call *call, struct lines *lines, const struct mt_value *properties)
{
	each(call, lines, properties, take_away);
}

/* --- showing --- */

/* One that the catalogue does not have: as the event told it. */
static struct mt_value *
show_unknown(struct mt_call *call, const struct line *line)
{
	struct mt_product product = {.size = sizeof product,
	    .availability = MT_GONE,
	    .key = line->id,
	    .title = line->title.n > 0 ? line->title : line->id,
	    .link = line->link,
	    .image = line->image,
	    .price = line->price < 0 ? MT_NO_PRICE : (int64_t)llround(line->price * 1e6),
	    .sale_price = MT_NO_PRICE,
	    .currency = line->currency};

	return show_product(call, &product, mt_str_n(NULL, 0));
}

static double
price_of(const struct line *line, const struct mt_product *product, enum line_price whose)
{
	int64_t now = MT_NO_PRICE;

	if (product != NULL)
		now = product->sale_price != MT_NO_PRICE ? product->sale_price : product->price;
	if (whose == LINE_PRICE_EVENT && line->price >= 0)
		return line->price;
	return now != MT_NO_PRICE ? (double)now / 1e6 : line->price;
}

/* Cents, not the dust of binary fractions. */
static const struct mt_value *
money(struct mt_call *call, double amount)
{
	return amount < 0 ? call->host->nil(call)
			  : call->host->number(call, (double)llround(amount * 1e6) / 1e6);
}

const struct mt_value *
line_quantity(struct mt_call *call, double quantity)
{
	if (quantity == floor(quantity) && quantity < 1e15)
		return call->host->integer(call, (int64_t)quantity);
	return call->host->number(call, quantity);
}

struct mt_value *
line_show(struct mt_call *call, const struct line *line, struct mt_str catalogue,
    enum line_price whose, double *total_r, struct mt_str *currency_r, int32_t *rc_r)
{
	const struct mt_host *mt = call->host;
	const struct mt_product *product;
	struct mt_value *object;
	double price;

	*rc_r = mt->product(call, catalogue, line->id, &product);
	if (*rc_r < 0)
		return NULL;
	if (*rc_r == MT_NONE)
		product = NULL;
	*rc_r = MT_LIMIT;
	object = product != NULL ? show_product(call, product, mt_str_n(NULL, 0))
				 : show_unknown(call, line);
	if (object == NULL)
		return NULL;
	price = price_of(line, product, whose);
	*total_r = price < 0 ? -1 : price * line->quantity;
	*currency_r =
	    product != NULL && product->currency.n > 0 ? product->currency : line->currency;
	mt->set(call, object, MT_STR("quantity"), line_quantity(call, line->quantity));
	mt->set(call, object, MT_STR("unit_price"), money(call, price));
	mt->set(call, object, MT_STR("total"), money(call, *total_r));
	*rc_r = mt->set(call, object, MT_STR("available"),
	    mt->boolean(call,
		product != NULL && product->availability != MT_OUT_OF_STOCK &&
		    product->availability != MT_GONE));
	return *rc_r == MT_OK ? object : NULL;
}
