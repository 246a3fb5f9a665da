/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cart: what lies in the contact's open cart
 *
 * {{ cart.lines }}, {{ cart.total }}, ...: made from what the shop told, the oldest event first.
 *
 * Threads: any; there is no state.
 */
#include "line.h"

#include <math.h>
#include <string.h>

#define CARTS_MAX 4
#define HOUR_MS	  ((int64_t)3600000)

static const struct mt_str types[] = {{"Product Added", 13}, {"Product Removed", 15},
    {"Cart Viewed", 11}, {"Checkout Started", 16}, {"Order Completed", 15}};
enum { ADDED, REMOVED, VIEWED, CHECKOUT, ORDERED, TYPES };

struct open_cart {
	struct mt_str id;
	struct lines lines;
	int64_t time; /* of its last event */
	bool checkout;
};

struct carts {
	struct open_cart at[CARTS_MAX];
	size_t count;
};

/* The cart of that id; a new one takes the place of the one that rests longest. */
static struct open_cart *
cart_of(struct carts *carts, struct mt_str id)
{
	struct open_cart *oldest = &carts->at[0];

	for (size_t i = 0; i < carts->count; i++) {
		if (mt_str_eq(carts->at[i].id, id))
			return &carts->at[i];
		if (carts->at[i].time < oldest->time)
			oldest = &carts->at[i];
	}
	if (carts->count < CARTS_MAX)
		oldest = &carts->at[carts->count++];
	memset(oldest, 0, sizeof *oldest);
	oldest->id = id;
	return oldest;
}

/* An order without a cart's id closes all. */
static void
close_carts(struct carts *carts, struct mt_str id)
{
	for (size_t i = 0; i < carts->count; i++) {
		if (id.n == 0 || mt_str_eq(carts->at[i].id, id)) {
			carts->at[i].lines.count = 0;
			carts->at[i].checkout = false;
		}
	}
}

static void
apply(struct mt_call *call, struct carts *carts, int type, const struct mt_event *event)
{
	const struct mt_host *mt = call->host;
	const struct mt_value *properties;
	struct open_cart *cart;
	struct mt_str id;

	if (mt->json(call, event->properties, &properties) != MT_OK)
		return;
	id = mt->as_text(call, mt->get(call, properties, MT_STR("cart_id")));
	if (type == ORDERED) {
		close_carts(carts, id);
		return;
	}
	cart = cart_of(carts, id);
	cart->time = event->time;
	if (type == REMOVED) {
		lines_remove(call, &cart->lines, properties);
		return;
	}
	/* What tells the whole cart counts for itself. */
	if (type != ADDED &&
	    mt->type(call, mt->get(call, properties, MT_STR("products"))) == MT_TYPE_ARRAY)
		cart->lines.count = 0;
	cart->checkout = type == CHECKOUT || (cart->checkout && type == VIEWED);
	if (type == ADDED || mt->get(call, properties, MT_STR("products")) != NULL)
		lines_add(call, &cart->lines, properties);
}

static int
type_of(const struct mt_event *event)
{
	for (int i = 0; i < TYPES; i++) {
		if (mt_str_eq(event->type, types[i]))
			return i;
	}
	return TYPES;
}

/* The open cart that was touched last; NULL: there is none. */
static int32_t
find_cart(struct mt_call *call, const struct open_cart **cart_r)
{
	const struct mt_host *mt = call->host;
	struct mt_query query = {.size = sizeof query,
	    .flags = MT_QUERY_PEOPLE,
	    .types = types,
	    .type_count = TYPES,
	    .since = mt->now(call) - mt->param_int(call, "window"),
	    .most = mt->param_int(call, "history")};
	const struct mt_event *const *events;
	struct carts *carts = mt->memory(call, sizeof *carts);
	const struct open_cart *found = NULL;
	size_t count;
	int32_t rc;

	if (carts == NULL)
		return MT_LIMIT;
	memset(carts, 0, sizeof *carts);
	rc = mt->events(call, &query, &events, &count);
	if (rc != MT_OK)
		return rc;
	for (size_t i = count; i-- > 0;) {
		if (events[i]->time <= mt->now(call))
			apply(call, carts, type_of(events[i]), events[i]);
	}
	for (size_t i = 0; i < carts->count; i++) {
		if (carts->at[i].lines.count > 0 &&
		    (found == NULL || carts->at[i].time > found->time))
			found = &carts->at[i];
	}
	*cart_r = found;
	return MT_OK;
}

/* Sets what adds up over the lines. A total of several currencies, or with a price that nobody
 * knows, would be a lie: then there is none. */
static int32_t
show_lines(struct mt_call *call, struct mt_value *object, const struct open_cart *cart)
{
	const struct mt_host *mt = call->host;
	struct mt_value *list = mt->array(call);
	enum line_price whose = (enum line_price)mt->param_int(call, "prices");
	struct mt_str currency = MT_STR("");
	double total = 0, quantity = 0;
	bool known = true;
	int32_t rc = list == NULL ? MT_LIMIT : MT_OK;

	for (size_t i = 0; i < cart->lines.count && rc == MT_OK; i++) {
		double one = 0;
		struct mt_str its = MT_STR("");
		const struct mt_value *line = line_show(call, &cart->lines.at[i],
		    mt->param_text(call, "catalogue"), whose, &one, &its, &rc);

		if (rc != MT_OK)
			return rc;
		if (i == 0)
			currency = its;
		known = known && one >= 0 && mt_str_eq(currency, its);
		total += one;
		quantity += cart->lines.at[i].quantity;
		rc = mt->add(call, list, line);
	}
	mt->set(call, object, MT_STR("lines"), list);
	mt->set(call, object, MT_STR("count"), line_quantity(call, quantity));
	mt->set(call, object, MT_STR("currency"), mt->text(call, known ? currency : MT_STR("")));
	if (known)
		mt->set(call, object, MT_STR("total"),
		    mt->number(call, (double)llround(total * 1e6) / 1e6));
	return rc;
}

static int32_t
get(struct mt_call *call, void *closure, struct mt_str member, const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	const struct open_cart *cart;
	struct mt_contact contact = {.size = sizeof contact};
	struct mt_value *object;
	int64_t age;
	int32_t rc = find_cart(call, &cart);

	(void)closure;
	(void)member;
	if (rc != MT_OK || cart == NULL)
		return rc == MT_OK ? MT_NONE : rc;
	mt->contact(call, &contact);
	object = mt->object(call);
	age = mt->now(call) - cart->time;
	mt->set(call, object, MT_STR("id"), mt->text(call, cart->id));
	mt->set(call, object, MT_STR("updated"), mt->time(call, cart->time, contact.time_zone));
	mt->set(call, object, MT_STR("age_hours"), mt->integer(call, age / HOUR_MS));
	mt->set(call, object, MT_STR("age_days"), mt->integer(call, age / (24 * HOUR_MS)));
	rc = mt->set(call, object, MT_STR("checkout"), mt->boolean(call, cart->checkout));
	if (rc == MT_OK)
		rc = show_lines(call, object, cart);
	*value_r = object;
	return rc;
}

/* --- the plugin --- */

static const struct mt_namespace values[] = {
    {"cart",
	"The contact's open cart: lines, total, currency, count, updated, age_hours, age_days, "
	"checkout, id; nil without one.",
	get, NULL, 0, 0},
};

static const struct mt_parameter parameters[] = {
    {"window", MT_TIME, 0, "30d", "1h..366d",
	"A cart is open so long at most: older events don't count."},
    {"history", MT_INT, 0, "100", "10..1000", "So many events of a contact are read, the newest."},
    {"prices", MT_ENUM, 0, "catalogue", "catalogue|event",
	"Whose prices are shown: the catalogue's of now, or those that the shop told with the "
	"event; each stands in where the other is missing."},
    {"catalogue", MT_TEXT, 0, "", "", "The catalogue's name; empty: default."},
};

const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me =
	    MT_PLUGIN("cart", "1.0", "What lies in the contact's open cart");

	me.threads = MT_THREADS_ANY;
	MT_SET(me.values, values);
	MT_SET(me.parameters, parameters);
	return &me;
}
