/* SPDX-License-Identifier: BSD-2-Clause
 *
 * learner: looks at the catalogue, reads what happened since, writes a new model
 *
 * The task is called every second, and does a little each time, since what it reads stays in
 * memory until it returns. A round is: scan the catalogue, read events up to the last one,
 * write model and state if something changed, rest for `learn_every`. Whoever kills it loses
 * one round: state and cursor are written together.
 *
 * Owns:    a struct learner, in the process that runs tasks.
 * Threads: one call at a time.
 */
#include "depot.h"
#include "event.h"
#include "recommend.h"

#include <stdlib.h>

#define PAGE	    1000
#define SCAN_PAGES  20 /* in one call */
#define READ_PAGES  20
#define ROUND_PAGES 500 /* of events, before it is written */
#define SWEEP_MOST  2000

enum phase { SWEEP, SCAN, READ, REST };

struct learner {
	enum phase phase;
	struct depot_head head;
	uint64_t options;
	struct learn learn;
	struct catalogue catalogue; /* the last whole one */
	struct catalogue scanned;   /* the next */
	int64_t product_cursor;
	int64_t cursor;
	uint64_t written_digest; /* of the catalogue in the model */
	size_t round_pages;
	bool learned; /* something that is not written yet */
	bool written; /* by this process */
	int64_t due;
};

static bool
is_of(const struct recommend_options *options, struct mt_str catalogue)
{
	return mt_str_eq(catalogue, mt_str_c(options->catalogue));
}

bool
recommend_may_show(const struct recommend_options *options, const struct mt_product *product)
{
	if (product->availability != MT_IN_STOCK &&
	    (!options->preorder ||
		(product->availability != MT_PREORDER && product->availability != MT_BACKORDER)))
		return false;
	return product->link.n > 0 && (!options->need_image || product->image.n > 0);
}

/* --- beginning --- */

static uint64_t
digest_of(const struct recommend_options *options)
{
	const int64_t numbers[] = {options->popular_half_life, options->together_half_life};

	return table_hash(numbers, sizeof numbers) ^
	    table_hash(options->catalogue, mt_str_c(options->catalogue).n);
}

static void
forget(struct recommend *me, struct learner *learner)
{
	learn_fini(&learner->learn);
	learn_init(&learner->learn, (double)me->options.popular_half_life,
	    (double)me->options.together_half_life, (size_t)me->options.pairs);
	learner->cursor = 0;
}

/* What was learned before, if it was by the same parameters. */
static int32_t
resume(struct mt_call *call, struct recommend *me, struct learner *learner)
{
	struct bytes state = {.n = 0};
	int32_t rc = depot_head(call, &learner->head);

	forget(me, learner);
	if (rc == MT_OK && learner->head.options == learner->options) {
		rc = depot_state(call, &learner->head, &state);
		if (rc == MT_OK && learn_load(&learner->learn, &state) == 0) {
			learner->cursor = learner->head.cursor;
		} else if (rc >= 0) {
			call->host->log(call, MT_LOG_WARNING,
			    MT_STR("what was learned can't be read: learning it anew"));
			forget(me, learner);
		}
		bytes_fini(&state);
	}
	return rc < 0 ? rc : MT_OK;
}

static int32_t
begin(struct mt_call *call, struct recommend *me, struct learner **learner_r)
{
	struct learner *learner = table_alloc(1, sizeof *learner);
	int32_t rc;

	learner->options = digest_of(&me->options);
	rc = resume(call, me, learner);
	if (rc != MT_OK) {
		recommend_learner_free(&learner);
		return rc;
	}
	*learner_r = learner;
	return MT_OK;
}

void
recommend_learner_free(struct learner **l)
{
	struct learner *learner = *l;

	if (learner == NULL)
		return;
	learn_fini(&learner->learn);
	catalogue_fini(&learner->catalogue);
	catalogue_fini(&learner->scanned);
	free(learner);
	*l = NULL;
}

/* --- the catalogue --- */

static struct catalogue_text
text_of(struct mt_str text)
{
	return (struct catalogue_text){text.p, text.p == NULL ? 0 : text.n};
}

static void
scan_page(const struct recommend_options *options, struct learner *learner,
    const struct mt_product *const *products, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct mt_product *product = products[i];

		learner->product_cursor = product->id;
		if (is_of(options, product->catalogue))
			catalogue_add(&learner->scanned, product->id, text_of(product->key),
			    text_of(product->group), text_of(product->category),
			    recommend_may_show(options, product));
	}
}

/* The next pages; when there are no more, events come. */
static int32_t
scan(struct mt_call *call, struct recommend *me, struct learner *learner)
{
	for (int page = 0; page < SCAN_PAGES; page++) {
		const struct mt_product *const *products;
		size_t count;
		int32_t rc = call->host->products_after(
		    call, learner->product_cursor, PAGE, &products, &count);

		/* The arena is full: go on in the next call. */
		if (rc == MT_LIMIT && page > 0)
			return MT_OK;
		if (rc != MT_OK)
			return rc;
		scan_page(&me->options, learner, products, count);
		if (count == PAGE)
			continue;
		catalogue_fini(&learner->catalogue);
		learner->catalogue = learner->scanned;
		learner->scanned = (struct catalogue){.products = 0};
		learner->product_cursor = 0;
		learner->phase = READ;
		break;
	}
	return MT_OK;
}

/* --- events --- */

struct order {
	const struct catalogue *catalogue;
	uint32_t product[EVENT_PRODUCTS_MAX];
	size_t count;
};

static void
add_product(void *closure, struct mt_str id, struct mt_str sku)
{
	struct order *order = closure;
	const struct table *keys = &order->catalogue->by_key;
	uint32_t at = id.n == 0 ? TABLE_NONE : table_get(keys, table_hash(id.p, id.n));

	if (at == TABLE_NONE && sku.n > 0)
		at = table_get(keys, table_hash(sku.p, sku.n));
	if (at != TABLE_NONE && order->count < EVENT_PRODUCTS_MAX)
		order->product[order->count++] = at;
}

static void
learn_event(struct mt_call *call, struct learner *learner, const struct mt_event *event)
{
	struct order order = {.catalogue = &learner->catalogue};
	enum event_kind kind = event_kind(event);

	if (kind != EVENT_VIEWED && kind != EVENT_ORDERED)
		return;
	event_products(call, event, add_product, &order);
	if (order.count == 0)
		return;
	if (kind == EVENT_ORDERED)
		learn_order(
		    &learner->learn, order.catalogue, event->time, order.product, order.count);
	else
		learn_view(&learner->learn, order.catalogue, event->time, order.product[0]);
	learner->learned = true;
	call->host->count(call, MT_STR("learned"), 1);
}

static int32_t write_all(struct mt_call *call, struct recommend *me, struct learner *learner);

static int32_t
read_events(struct mt_call *call, struct recommend *me, struct learner *learner)
{
	for (int page = 0; page < READ_PAGES; page++) {
		const struct mt_event *const *events;
		size_t count;
		int32_t rc = call->host->events_after(call, learner->cursor, PAGE, &events, &count);

		if (rc == MT_LIMIT && page > 0)
			return MT_OK;
		if (rc != MT_OK)
			return rc;
		for (size_t i = 0; i < count; i++)
			learn_event(call, learner, events[i]);
		if (count > 0)
			learner->cursor = events[count - 1]->id;
		if (count < PAGE || ++learner->round_pages >= ROUND_PAGES) {
			learner->due = count < PAGE ? call->host->now(call) + me->options.every : 0;
			learner->round_pages = 0;
			learner->phase = REST;
			return write_all(call, me, learner);
		}
	}
	return MT_OK;
}

/* --- writing --- */

static int32_t
write_both(struct mt_call *call, struct recommend *me, struct learner *learner)
{
	struct bytes model = {.n = 0}, state = {.n = 0};
	int32_t rc;

	learn_settle(&learner->learn);
	learn_save(&learner->learn, &state);
	model_build(&model, &learner->catalogue, &learner->learn, (uint64_t)me->options.support);
	rc = depot_write(call, &learner->head, learner->options, learner->cursor, &model, &state);
	bytes_fini(&model);
	bytes_fini(&state);
	return rc;
}

static int32_t
write_all(struct mt_call *call, struct recommend *me, struct learner *learner)
{
	int32_t rc;

	if (learner->written && !learner->learned &&
	    learner->written_digest == learner->catalogue.digest)
		return MT_OK;
	rc = write_both(call, me, learner);
	if (rc == MT_CHANGED) {
		/* Another process learns, too, for a moment: what it wrote counts. */
		recommend_learner_free(&me->learner);
		return MT_OK;
	}
	if (rc != MT_OK)
		return rc;
	learner->learned = false;
	learner->written = true;
	learner->written_digest = learner->catalogue.digest;
	call->host->count(call, MT_STR("models"), 1);
	return call->host->changed(call);
}

/* --- the task --- */

static int32_t
step(struct mt_call *call, struct recommend *me, struct learner *learner)
{
	switch (learner->phase) {
	case SWEEP: {
		int32_t rc = depot_sweep(call, &learner->head, SWEEP_MOST);

		if (rc == MT_NONE)
			learner->phase = SCAN;
		return rc < 0 ? rc : MT_OK;
	}
	case SCAN:
		return scan(call, me, learner);
	case READ:
		return read_events(call, me, learner);
	case REST:
		if (call->host->now(call) >= learner->due)
			learner->phase = SCAN;
		return MT_OK;
	}
	return MT_FAILED;
}

int32_t
recommend_learn(struct mt_call *call, void *closure)
{
	struct recommend *me = call->state;
	int32_t rc = MT_OK;

	(void)closure;
	if (me->learner == NULL)
		rc = begin(call, me, &me->learner);
	/* A small shop needs one call. */
	for (int i = 0; rc == MT_OK && me->learner != NULL && i <= REST; i++) {
		enum phase phase = me->learner->phase;

		rc = step(call, me, me->learner);
		if (me->learner != NULL && me->learner->phase == phase)
			break;
	}
	/* What failed halfway begins again with what was written. */
	if (rc != MT_OK)
		recommend_learner_free(&me->learner);
	return rc;
}
