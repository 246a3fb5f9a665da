/* SPDX-License-Identifier: BSD-2-Clause
 *
 * words: what templates say
 *
 *	{% for product in recommend.products %} ...		the chain
 *	recommend.viewed, .bought_together, .category, .popular	one source alone
 *	{% assign more = line.product_id | recommend_for: 3 %}	goes with this
 *	{% assign teas = "Food > Tea" | recommend_in: 3 %}	of this category
 *
 * Each is computed when a template comes to it.
 *
 * Threads: any; one copy by one thread.
 */
#include "choose.h"

#define PLACES_MAX 100
#define SEEDS_MAX  50 /* of recommend_for */

const struct mt_str recommend_names[RECOMMEND_SOURCES] = {
    [RECOMMEND_VIEWED] = {"viewed", 6},
    [RECOMMEND_TOGETHER] = {"bought_together", 15},
    [RECOMMEND_CATEGORY] = {"category", 8},
    [RECOMMEND_POPULAR] = {"popular", 7},
};

static int32_t
give(struct choice *choice, int32_t rc, const struct mt_value **value_r)
{
	if (rc == MT_OK)
		*value_r = choice->list;
	return rc;
}

int32_t
recommend_value(
    struct mt_call *call, void *closure, struct mt_str member, const struct mt_value **value_r)
{
	const struct recommend *me = call->state;
	int source = mt_str_eq(member, MT_STR("products")) ? RECOMMEND_CHAIN : 0;
	struct choice choice;
	int32_t rc;

	(void)closure;
	while (source < RECOMMEND_SOURCES && !mt_str_eq(member, recommend_names[source]))
		source++;
	if (source == RECOMMEND_SOURCES)
		return MT_NONE;
	rc = choose_begin(&choice, call, (size_t)me->options.places);
	if (rc == MT_OK)
		rc = choose_from(&choice, (enum recommend_source)source);
	return give(&choice, rc, value_r);
}

/* The filters' number of products. */
static int32_t
places_of(struct mt_call *call, const struct mt_arguments *with, const char *why, size_t *places_r)
{
	const struct recommend *me = call->state;
	int64_t places = me->options.places;

	if (with->count > 0 &&
	    (call->host->as_int(call, with->at[0], &places) != MT_OK || places < 1 ||
		places > PLACES_MAX))
		return call->host->fail(call, mt_str_c(why));
	*places_r = (size_t)places;
	return MT_OK;
}

/* --- {{ x | recommend_for: 3 }} --- */

struct seeds {
	struct mt_call *call;
	const struct model *model;
	struct history_items items;
	int32_t rc;
};

static void
add_seed(void *closure, struct mt_str id, struct mt_str sku)
{
	struct seeds *seeds = closure;
	uint32_t product = history_product(seeds->model, id, sku);

	if (product != TABLE_NONE && seeds->rc == MT_OK && seeds->items.count < SEEDS_MAX)
		seeds->rc =
		    history_add(seeds->call, &seeds->items, seeds->model->product[product].item);
}

/* An id, one of our products, a line of an order, or a list of these. */
static void
add_seeds(struct seeds *seeds, const struct mt_value *value)
{
	const struct mt_host *mt = seeds->call->host;
	const struct mt_value *id;

	switch (mt->type(seeds->call, value)) {
	case MT_TYPE_TEXT:
	case MT_TYPE_INT:
		add_seed(seeds, mt->as_text(seeds->call, value), mt_str_n(NULL, 0));
		break;
	case MT_TYPE_OBJECT:
		id = mt->get(seeds->call, value, MT_STR("id"));
		if (id != NULL)
			add_seed(seeds, mt->as_text(seeds->call, id), mt_str_n(NULL, 0));
		else
			event_product(seeds->call, value, add_seed, seeds);
		break;
	default:
		break;
	}
}

/* Their categories, in their order. */
static int32_t
choose_their_categories(struct choice *choice, const struct history_items *seeds)
{
	int32_t rc = MT_OK;

	for (size_t i = 0; rc == MT_OK && i < seeds->count; i++) {
		uint32_t category = choice->model->item[seeds->at[i]].category;
		const struct history_items one = {&category, 1, 1};

		if (category != TABLE_NONE)
			rc = choose_categories(choice, &one, recommend_names[RECOMMEND_CATEGORY]);
	}
	return rc;
}

static int32_t
choose_for(struct choice *choice, const struct history_items *seeds)
{
	int32_t rc = MT_OK;

	for (size_t i = 0; rc == MT_OK && i < seeds->count; i++)
		rc = history_add(choice->call, &choice->tried, seeds->at[i]);
	if (rc == MT_OK)
		rc = choose_together(choice, seeds);
	if (rc == MT_OK)
		rc = choose_their_categories(choice, seeds);
	return rc == MT_OK ? choose_from(choice, RECOMMEND_POPULAR) : rc;
}

int32_t
recommend_for(struct mt_call *call, void *closure, const struct mt_arguments *with,
    const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	struct seeds seeds = {.call = call, .rc = MT_OK};
	struct choice choice;
	size_t places = 0;
	int32_t rc = places_of(
	    call, with, "recommend_for: expected a number of products from 1 to 100", &places);

	(void)closure;
	if (rc == MT_OK)
		rc = choose_begin(&choice, call, places);
	if (rc != MT_OK)
		return rc;
	seeds.model = choice.model;
	if (seeds.model != NULL && mt->type(call, with->input) == MT_TYPE_ARRAY) {
		size_t count = mt->length(call, with->input);

		for (size_t i = 0; i < count && i < SEEDS_MAX; i++)
			add_seeds(&seeds, mt->at(call, with->input, i));
	} else if (seeds.model != NULL) {
		add_seeds(&seeds, with->input);
	}
	if (seeds.model != NULL)
		rc = seeds.rc == MT_OK ? choose_for(&choice, &seeds.items) : seeds.rc;
	return give(&choice, rc, value_r);
}

/* --- {{ "Food > Tea" | recommend_in: 3 }} --- */

static void
add_category(void *closure, uint32_t category)
{
	struct seeds *categories = closure;

	if (categories->rc == MT_OK)
		categories->rc = history_add(categories->call, &categories->items, category);
}

int32_t
recommend_in(struct mt_call *call, void *closure, const struct mt_arguments *with,
    const struct mt_value **value_r)
{
	struct mt_str path = call->host->as_text(call, with->input);
	struct seeds categories = {.call = call, .rc = MT_OK};
	struct choice choice;
	size_t places = 0;
	int32_t rc = places_of(
	    call, with, "recommend_in: expected a number of products from 1 to 100", &places);

	(void)closure;
	if (rc == MT_OK)
		rc = choose_begin(&choice, call, places);
	if (rc != MT_OK)
		return rc;
	if (choice.model != NULL) {
		model_categories(
		    choice.model, path.p, path.p == NULL ? 0 : path.n, add_category, &categories);
		rc = categories.rc == MT_OK ? choose_categories(&choice, &categories.items,
						  recommend_names[RECOMMEND_CATEGORY])
					    : categories.rc;
	}
	return give(&choice, rc, value_r);
}
