/* SPDX-License-Identifier: BSD-2-Clause
 *
 * history: see history.h
 */
#include "history.h"

#include <string.h>

bool
history_has(const struct history_items *items, uint32_t item)
{
	for (size_t i = 0; i < items->count; i++) {
		if (items->at[i] == item)
			return true;
	}
	return false;
}

/* Twice the room, in the arena. */
static void *
more(struct mt_call *call, const void *old, size_t count, size_t *size, size_t element)
{
	size_t room = *size < 32 ? 32 : *size * 2;
	void *at = call->host->memory(call, room * element);

	if (at == NULL)
		return NULL;
	if (count > 0)
		memcpy(at, old, count * element);
	*size = room;
	return at;
}

int32_t
history_add(struct mt_call *call, struct history_items *items, uint32_t item)
{
	if (history_has(items, item))
		return MT_OK;
	if (items->count == items->size) {
		uint32_t *at = more(call, items->at, items->count, &items->size, sizeof *items->at);

		if (at == NULL)
			return MT_LIMIT;
		items->at = at;
	}
	items->at[items->count++] = item;
	return MT_OK;
}

uint32_t
history_product(const struct model *model, struct mt_str id, struct mt_str sku)
{
	uint32_t at = id.n == 0 ? TABLE_NONE : model_find(model, id.p, id.n);

	return at == TABLE_NONE && sku.n > 0 ? model_find(model, sku.p, sku.n) : at;
}

struct reading {
	struct mt_call *call;
	const struct model *model;
	struct history *history;
	const struct mt_event *event;
	enum event_kind kind;
	bool acts;   /* they become acts */
	bool bought; /* orders count as bought */
	int32_t rc;
};

static int32_t
add_act(struct reading *reading, uint32_t product)
{
	struct history *history = reading->history;

	if (history->acts == history->size) {
		struct history_act *act =
		    more(reading->call, history->act, history->acts, &history->size, sizeof *act);

		if (act == NULL)
			return MT_LIMIT;
		history->act = act;
	}
	history->act[history->acts++] = (struct history_act){
	    reading->event->time, reading->model->product[product].item, product, reading->kind};
	return MT_OK;
}

static void
take_product(void *closure, struct mt_str id, struct mt_str sku)
{
	struct reading *reading = closure;
	uint32_t product = history_product(reading->model, id, sku);

	if (product == TABLE_NONE || reading->rc != MT_OK)
		return;
	if (reading->acts)
		reading->rc = add_act(reading, product);
	if (reading->rc == MT_OK && reading->bought && reading->kind == EVENT_ORDERED)
		reading->rc = history_add(reading->call, &reading->history->bought,
		    reading->model->product[product].item);
}

/* `since`: orders from then on count as bought. */
static int32_t
read_all(struct reading *reading, const struct mt_event *const *events, size_t count, int64_t since)
{
	for (size_t i = 0; i < count && reading->rc == MT_OK; i++) {
		reading->event = events[i];
		reading->kind = event_kind(events[i]);
		reading->bought = since >= 0 && events[i]->time >= since;
		if (reading->kind != EVENT_OTHER)
			event_products(reading->call, events[i], take_product, reading);
	}
	return reading->rc;
}

int32_t
history_read(struct mt_call *call, const struct recommend *me, struct history *history_r)
{
	const struct mt_host *mt = call->host;
	const struct recommend_options *options = &me->options;
	struct reading reading = {
	    .call = call, .model = me->model, .history = history_r, .acts = true};
	struct mt_query query = {.size = sizeof query,
	    .kind = MT_EVENT_TRACK,
	    .flags = MT_QUERY_PEOPLE,
	    .types = event_types,
	    .type_count = EVENT_TYPES,
	    .most = options->history};
	int64_t since = options->bought_window == 0 ? -1 : mt->now(call) - options->bought_window;
	const struct mt_event *const *newest;
	const struct mt_event *const *orders;
	size_t count;
	int32_t rc;

	*history_r = (struct history){.acts = 0};
	rc = mt->events(call, &query, &newest, &count);
	if (rc != MT_OK || count == 0)
		return rc;
	rc = read_all(&reading, newest, count, since);
	/* Are there orders behind the newest events that count? */
	if (rc != MT_OK || since < 0 || count < (size_t)options->history ||
	    newest[count - 1]->time < since)
		return rc;
	query.types = &event_types[EVENT_TYPES - 1];
	query.type_count = 1;
	query.since = since;
	query.before = newest[count - 1]->time + 1;
	query.most = HISTORY_ORDERS;
	rc = mt->events(call, &query, &orders, &count);
	reading.acts = false;
	return rc == MT_OK ? read_all(&reading, orders, count, since) : rc;
}
