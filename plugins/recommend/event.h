/* SPDX-License-Identifier: BSD-2-Clause
 *
 * event: which products an event is about
 *
 * Events have the names and shapes of Segment's: "Product Viewed" and "Product Added" with
 * product_id or sku, "Order Completed" with a list `products` of such objects.
 *
 * Threads: any.
 */
#ifndef RECOMMEND_EVENT_H
#define RECOMMEND_EVENT_H

#include <mailtailor/plugin.h>

#define EVENT_PRODUCTS_MAX 200 /* of one event; more are not looked at */

enum event_kind { EVENT_OTHER, EVENT_VIEWED, EVENT_ADDED, EVENT_ORDERED };

#define EVENT_TYPES 3
extern const struct mt_str event_types[EVENT_TYPES]; /* EVENT_ORDERED's is the last */

enum event_kind event_kind(const struct mt_event *event);
/* Calls `each` with a product's id and then its SKU, or the other alone (absent), in the order
 * of the event. */
void event_products(struct mt_call *call, const struct mt_event *event,
    void (*each)(void *closure, struct mt_str id, struct mt_str sku), void *closure);
/* The same of one object. */
void event_product(struct mt_call *call, const struct mt_value *object,
    void (*each)(void *closure, struct mt_str id, struct mt_str sku), void *closure);

#endif
