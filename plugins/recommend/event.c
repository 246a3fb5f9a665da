/* SPDX-License-Identifier: BSD-2-Clause
 *
 * event: see event.h
 */
#include "event.h"

const struct mt_str event_types[EVENT_TYPES] = {
    {"Product Viewed", 14}, {"Product Added", 13}, {"Order Completed", 15}};

enum event_kind
event_kind(const struct mt_event *event)
{
	if (event->kind != MT_EVENT_TRACK || (event->flags & MT_EVENT_MACHINE) != 0)
		return EVENT_OTHER;
	for (int i = 0; i < EVENT_TYPES; i++) {
		if (mt_str_eq(event->type, event_types[i]))
			return (enum event_kind)(EVENT_VIEWED + i);
	}
	return EVENT_OTHER;
}

void
event_product(struct mt_call *call, const struct mt_value *object,
    void (*each)(void *closure, struct mt_str id, struct mt_str sku), void *closure)
{
	const struct mt_host *mt = call->host;
	const struct mt_value *id = mt->get(call, object, MT_STR("product_id"));
	const struct mt_value *sku = mt->get(call, object, MT_STR("sku"));

	if (id == NULL && sku == NULL)
		return;
	each(closure, id == NULL ? mt_str_n(NULL, 0) : mt->as_text(call, id),
	    sku == NULL ? mt_str_n(NULL, 0) : mt->as_text(call, sku));
}

void
event_products(struct mt_call *call, const struct mt_event *event,
    void (*each)(void *closure, struct mt_str id, struct mt_str sku), void *closure)
{
	const struct mt_host *mt = call->host;
	const struct mt_value *properties, *products;
	size_t count;

	if (mt->json(call, event->properties, &properties) != MT_OK)
		return;
	products = mt->get(call, properties, MT_STR("products"));
	if (mt->type(call, products) != MT_TYPE_ARRAY) {
		event_product(call, properties, each, closure);
		return;
	}
	count = mt->length(call, products);
	for (size_t i = 0; i < count && i < EVENT_PRODUCTS_MAX; i++)
		event_product(call, mt->at(call, products, i), each, closure);
}
