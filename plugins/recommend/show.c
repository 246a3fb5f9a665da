/* SPDX-License-Identifier: BSD-2-Clause
 *
 * show: a product as templates see it
 *
 * Texts are the shop's, so they are text: HTML parts escape them. Prices are numbers in the
 * currency's own unit, as the filter `money` takes them.
 *
 * Threads: any.
 */
#include "show.h"

static const struct mt_value *
price(struct mt_call *call, int64_t millionths)
{
	if (millionths == MT_NO_PRICE)
		return call->host->nil(call);
	return call->host->number(call, (double)millionths / 1e6);
}

static struct mt_str
availability(uint32_t number)
{
	switch (number) {
	case MT_IN_STOCK:
		return MT_STR("in_stock");
	case MT_PREORDER:
		return MT_STR("preorder");
	case MT_BACKORDER:
		return MT_STR("backorder");
	default:
		return MT_STR("out_of_stock");
	}
}

/* What the shop's feed said beside the fields that it knows. */
static const struct mt_value *
attributes(struct mt_call *call, struct mt_str json)
{
	const struct mt_value *value;

	if (json.n <= 2 || call->host->json(call, json, &value) != MT_OK)
		return call->host->object(call);
	return value;
}

const struct mt_value *
show_product(struct mt_call *call, const struct mt_product *product, struct mt_str reason)
{
	const struct mt_host *mt = call->host;
	struct mt_value *object = mt->object(call);
	const struct {
		struct mt_str name, text;
	} texts[] = {
	    {MT_STR("id"), product->key},
	    {MT_STR("title"), product->title},
	    {MT_STR("link"), product->link},
	    {MT_STR("image"), product->image},
	    {MT_STR("currency"), product->currency},
	    {MT_STR("category"), product->category},
	    {MT_STR("brand"), product->brand},
	    {MT_STR("group"), product->group},
	    {MT_STR("availability"), availability(product->availability)},
	    {MT_STR("reason"), reason},
	};
	int64_t sale = product->sale_price;
	int32_t rc = MT_OK;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0] && rc == MT_OK; i++)
		rc = mt->set(call, object, texts[i].name,
		    mt->text(call, texts[i].text.p == NULL ? MT_STR("") : texts[i].text));
	if (rc != MT_OK)
		return NULL;
	mt->set(call, object, MT_STR("price"), price(call, product->price));
	mt->set(call, object, MT_STR("sale_price"), price(call, sale));
	mt->set(call, object, MT_STR("final_price"),
	    price(call, sale != MT_NO_PRICE ? sale : product->price));
	rc = mt->set(call, object, MT_STR("attributes"), attributes(call, product->attributes));
	return rc == MT_OK ? object : NULL;
}
