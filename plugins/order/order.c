/* SPDX-License-Identifier: BSD-2-Clause
 *
 * order: what the contact ordered, and what may be used up
 *
 * {{ order.last }}, {{ order.due }}, ...: made from what the shop told, the oldest event first.
 *
 * Threads: any; there is no state.
 */
#include "line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS	   ((int64_t)86400000)
#define THINGS_MAX 500
#define TIMES_MAX  100
#define CURRENCIES 8

static const struct mt_str types[] = {{"Order Completed", 15}, {"Order Updated", 13},
    {"Order Refunded", 14}, {"Order Cancelled", 15}};
enum { COMPLETED, UPDATED, REFUNDED, CANCELLED, TYPES };

struct one_order {
	struct mt_str id;
	int64_t time;
	double total; /* negative: not told */
	struct mt_str currency;
	struct lines *lines;
	bool gone; /* cancelled, or given back as a whole */
};

struct orders {
	struct one_order *at; /* in order of time */
	size_t count;
};

/* --- reading --- */

static struct mt_str
text_of(struct mt_call *call, const struct mt_value *object, struct mt_str name)
{
	return call->host->as_text(call, call->host->get(call, object, name));
}

static double
total_of(struct mt_call *call, const struct mt_value *properties, struct mt_str name)
{
	double number;

	if (call->host->as_number(call, call->host->get(call, properties, name), &number) !=
		MT_OK ||
	    !isfinite(number) || number < 0 || number > 1e12)
		return -1;
	return number;
}

static struct one_order *
find(struct orders *orders, struct mt_str id)
{
	for (size_t i = orders->count; id.n > 0 && i-- > 0;) {
		if (mt_str_eq(orders->at[i].id, id))
			return &orders->at[i];
	}
	return NULL;
}

static int32_t
set_order(struct mt_call *call, struct one_order *order, const struct mt_value *properties)
{
	order->lines = call->host->memory(call, sizeof *order->lines);
	if (order->lines == NULL)
		return MT_LIMIT;
	order->lines->count = 0;
	lines_add(call, order->lines, properties);
	order->total = total_of(call, properties, MT_STR("total"));
	if (order->total < 0)
		order->total = total_of(call, properties, MT_STR("revenue"));
	order->currency = text_of(call, properties, MT_STR("currency"));
	order->gone = false;
	return MT_OK;
}

static void
refund(struct mt_call *call, struct one_order *order, const struct mt_value *properties)
{
	double back = total_of(call, properties, MT_STR("total"));

	if (call->host->get(call, properties, MT_STR("products")) != NULL)
		lines_remove(call, order->lines, properties);
	else if (back < 0 || back >= order->total)
		order->lines->count = 0;
	if (order->total >= 0 && back >= 0)
		order->total = back >= order->total ? 0 : order->total - back;
	order->gone = order->lines->count == 0;
}

static int32_t
apply(struct mt_call *call, struct orders *orders, int type, const struct mt_event *event)
{
	const struct mt_value *properties;
	struct one_order *order;
	struct mt_str id;

	if (call->host->json(call, event->properties, &properties) != MT_OK)
		return MT_OK;
	id = text_of(call, properties, MT_STR("order_id"));
	order = find(orders, id);
	if (order == NULL && (type == COMPLETED || type == UPDATED)) {
		order = &orders->at[orders->count++];
		*order = (struct one_order){.id = id, .time = event->time};
		return set_order(call, order, properties);
	}
	if (order == NULL)
		return MT_OK;
	if (type == CANCELLED)
		order->gone = true;
	else if (type == REFUNDED)
		refund(call, order, properties);
	else
		return set_order(call, order, properties);
	return MT_OK;
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

static int32_t
read_orders(struct mt_call *call, struct orders *orders)
{
	const struct mt_host *mt = call->host;
	struct mt_query query = {.size = sizeof query,
	    .flags = MT_QUERY_PEOPLE,
	    .types = types,
	    .type_count = TYPES,
	    .most = mt->param_int(call, "history")};
	const struct mt_event *const *events;
	size_t count, kept = 0;
	int32_t rc = mt->events(call, &query, &events, &count);

	if (rc != MT_OK)
		return rc;
	orders->count = 0;
	orders->at = mt->memory(call, (count + 1) * sizeof *orders->at);
	if (orders->at == NULL)
		return MT_LIMIT;
	for (size_t i = count; i-- > 0 && rc == MT_OK;) {
		if (events[i]->time <= mt->now(call))
			rc = apply(call, orders, type_of(events[i]), events[i]);
	}
	for (size_t i = 0; i < orders->count; i++) {
		if (!orders->at[i].gone)
			orders->at[kept++] = orders->at[i];
	}
	orders->count = kept;
	return rc;
}

/* --- the last order --- */

static struct mt_str
zone_of(struct mt_call *call)
{
	struct mt_contact contact = {.size = sizeof contact};

	call->host->contact(call, &contact);
	return contact.time_zone;
}

static int32_t
show_order(struct mt_call *call, const struct one_order *order, const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	struct mt_value *object = mt->object(call), *list = mt->array(call);
	struct mt_str currency;
	double total;
	int32_t rc = list == NULL ? MT_LIMIT : MT_OK;

	for (size_t i = 0; i < order->lines->count && rc == MT_OK; i++) {
		const struct mt_value *line = line_show(call, &order->lines->at[i],
		    mt->param_text(call, "catalogue"), LINE_PRICE_EVENT, &total, &currency, &rc);

		if (rc == MT_OK)
			rc = mt->add(call, list, line);
	}
	if (rc != MT_OK)
		return rc;
	mt->set(call, object, MT_STR("id"), mt->text(call, order->id));
	mt->set(call, object, MT_STR("time"), mt->time(call, order->time, zone_of(call)));
	mt->set(call, object, MT_STR("currency"), mt->text(call, order->currency));
	if (order->total >= 0)
		mt->set(call, object, MT_STR("total"),
		    mt->number(call, (double)llround(order->total * 1e6) / 1e6));
	*value_r = object;
	return mt->set(call, object, MT_STR("lines"), list);
}

/* --- what was spent --- */

static int32_t
show_spent(struct mt_call *call, const struct orders *orders, const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	struct mt_value *list = mt->array(call);
	struct mt_str currency[CURRENCIES];
	double sum[CURRENCIES];
	size_t count = 0, k;
	int32_t rc = MT_OK;

	for (size_t i = 0; i < orders->count; i++) {
		const struct one_order *order = &orders->at[i];

		for (k = 0; k < count && !mt_str_eq(currency[k], order->currency); k++)
			;
		if (order->total < 0 || k == CURRENCIES)
			continue;
		if (k == count) {
			currency[count] = order->currency;
			sum[count++] = 0;
		}
		sum[k] += order->total;
	}
	for (k = 0; k < count && rc == MT_OK; k++) {
		struct mt_value *object = mt->object(call);

		mt->set(call, object, MT_STR("currency"), mt->text(call, currency[k]));
		mt->set(call, object, MT_STR("total"),
		    mt->number(call, (double)llround(sum[k] * 1e6) / 1e6));
		rc = mt->add(call, list, object);
	}
	*value_r = list;
	return rc;
}

/* --- what may be used up --- */

struct thing {
	struct line line;	  /* as it was ordered last */
	int64_t times[TIMES_MAX]; /* of its orders, growing */
	size_t count;
	int64_t interval, due;
};

struct things {
	struct thing at[THINGS_MAX];
	size_t count;
};

static void
note(struct things *things, const struct line *line, int64_t time)
{
	struct thing *thing = NULL;

	for (size_t i = 0; i < things->count && thing == NULL; i++) {
		if (mt_str_eq(things->at[i].line.id, line->id))
			thing = &things->at[i];
	}
	if (thing == NULL && things->count == THINGS_MAX)
		return;
	if (thing == NULL) {
		thing = &things->at[things->count++];
		thing->count = 0;
	}
	if (thing->count == TIMES_MAX)
		memmove(thing->times, thing->times + 1, (--thing->count) * sizeof thing->times[0]);
	thing->line = *line;
	thing->times[thing->count++] = time;
}

static int
compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Of an even number the mean of the two in the middle. */
static int64_t
median_interval(const struct thing *thing)
{
	int64_t intervals[TIMES_MAX];
	size_t n = thing->count - 1;

	for (size_t i = 0; i < n; i++)
		intervals[i] = thing->times[i + 1] - thing->times[i];
	qsort(intervals, n, sizeof intervals[0], compare_times);
	return n % 2 == 1 ? intervals[n / 2] : (intervals[n / 2 - 1] + intervals[n / 2]) / 2;
}

/* The catalogue's `replenish_days`; 0: it says nothing. */
static int32_t
catalogue_interval(struct mt_call *call, struct mt_str id, int64_t *interval_r)
{
	const struct mt_host *mt = call->host;
	const struct mt_product *product;
	const struct mt_value *attributes;
	double days;
	int32_t rc = mt->product(call, mt->param_text(call, "catalogue"), id, &product);

	*interval_r = 0;
	if (rc != MT_OK)
		return rc == MT_NONE ? MT_OK : rc;
	if (mt->json(call, product->attributes, &attributes) == MT_OK &&
	    mt->as_number(call, mt->get(call, attributes, MT_STR("replenish_days")), &days) ==
		MT_OK &&
	    days >= 1 && days <= 3650)
		*interval_r = (int64_t)(days * (double)DAY_MS);
	return MT_OK;
}

static int
compare_due(const void *a, const void *b)
{
	const struct thing *x = *(const struct thing *const *)a,
			   *y = *(const struct thing *const *)b;

	if (x->due != y->due)
		return x->due < y->due ? -1 : 1;
	return x < y ? -1 : 1;
}

/* Due now or soon, and not for so long that the contact has given it up. */
static int32_t
is_due(struct mt_call *call, struct thing *thing, bool *due_r)
{
	const struct mt_host *mt = call->host;
	int64_t now = mt->now(call);
	int32_t rc = MT_OK;

	*due_r = false;
	thing->interval = thing->count >= 2 ? median_interval(thing) : 0;
	if (thing->interval < DAY_MS) {
		rc = catalogue_interval(call, thing->line.id, &thing->interval);
		if (rc != MT_OK || thing->interval == 0)
			return rc;
	}
	thing->due = thing->times[thing->count - 1] + thing->interval;
	*due_r =
	    thing->due - mt->param_int(call, "ahead") <= now && now < thing->due + thing->interval;
	return rc;
}

static int32_t
show_thing(struct mt_call *call, const struct thing *thing, struct mt_value *list)
{
	const struct mt_host *mt = call->host;
	struct mt_str currency, zone = zone_of(call);
	int32_t rc = MT_OK;
	double total;
	struct mt_value *line = line_show(call, &thing->line, mt->param_text(call, "catalogue"),
	    LINE_PRICE_CATALOGUE, &total, &currency, &rc);

	if (rc != MT_OK)
		return rc;
	mt->set(call, line, MT_STR("due"), mt->time(call, thing->due, zone));
	mt->set(call, line, MT_STR("last"), mt->time(call, thing->times[thing->count - 1], zone));
	mt->set(call, line, MT_STR("interval_days"),
	    mt->integer(call, (thing->interval + DAY_MS / 2) / DAY_MS));
	mt->set(call, line, MT_STR("times"), mt->integer(call, (int64_t)thing->count));
	return mt->add(call, list, line);
}

static int32_t
show_due(struct mt_call *call, const struct orders *orders, const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	struct things *things = mt->memory(call, sizeof *things);
	struct thing **due = mt->memory(call, THINGS_MAX * sizeof *due);
	struct mt_value *list = mt->array(call);
	int64_t most = mt->param_int(call, "places");
	size_t count = 0;
	int32_t rc = MT_OK;
	bool is;

	if (things == NULL || due == NULL || list == NULL)
		return MT_LIMIT;
	things->count = 0;
	for (size_t i = 0; i < orders->count; i++) {
		for (size_t k = 0; k < orders->at[i].lines->count; k++)
			note(things, &orders->at[i].lines->at[k], orders->at[i].time);
	}
	for (size_t i = 0; i < things->count && rc == MT_OK; i++) {
		rc = is_due(call, &things->at[i], &is);
		if (rc == MT_OK && is)
			due[count++] = &things->at[i];
	}
	qsort(due, count, sizeof(struct thing *), compare_due);
	for (size_t i = 0; i < count && (int64_t)i < most && rc == MT_OK; i++)
		rc = show_thing(call, due[i], list);
	*value_r = list;
	return rc;
}

/* --- the value --- */

static int32_t
get(struct mt_call *call, void *closure, struct mt_str member, const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	struct orders orders;
	int32_t rc = read_orders(call, &orders);

	(void)closure;
	if (rc != MT_OK)
		return rc;
	if (mt_str_eq(member, MT_STR("count"))) {
		*value_r = mt->integer(call, (int64_t)orders.count);
		return MT_OK;
	}
	if (mt_str_eq(member, MT_STR("spent")))
		return show_spent(call, &orders, value_r);
	if (mt_str_eq(member, MT_STR("due")))
		return show_due(call, &orders, value_r);
	if (orders.count == 0)
		return MT_NONE;
	if (mt_str_eq(member, MT_STR("last")))
		return show_order(call, &orders.at[orders.count - 1], value_r);
	if (mt_str_eq(member, MT_STR("first_time")))
		*value_r = mt->time(call, orders.at[0].time, zone_of(call));
	else if (mt_str_eq(member, MT_STR("last_time")))
		*value_r = mt->time(call, orders.at[orders.count - 1].time, zone_of(call));
	else
		return MT_NONE;
	return MT_OK;
}

static const struct mt_namespace values[] = {
    {"order", "What the contact ordered: last, due, count, spent, first_time, last_time.", get,
	NULL, MT_VALUE_MEMBERS, 0},
};

static const struct mt_parameter parameters[] = {
    {"history", MT_INT, 0, "200", "10..1000",
	"So many events about orders of a contact are read, the newest."},
    {"ahead", MT_TIME, 0, "3d", "0s..90d", "A product counts as due so long before it is."},
    {"places", MT_INT, 0, "6", "1..50", "So many products due are shown at most."},
    {"catalogue", MT_TEXT, 0, "", "", "The catalogue's name; empty: default."},
};

const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me =
	    MT_PLUGIN("order", "1.0", "What the contact ordered, and what may be used up");

	me.threads = MT_THREADS_ANY;
	MT_SET(me.values, values);
	MT_SET(me.parameters, parameters);
	return &me;
}
