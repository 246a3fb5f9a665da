/* SPDX-License-Identifier: BSD-2-Clause
 *
 * choose: see choose.h
 */
#include "choose.h"

#include "show.h"

#include <stdlib.h>

int32_t
choose_begin(struct choice *choice_r, struct mt_call *call, size_t places)
{
	const struct recommend *me = call->state;

	*choice_r = (struct choice){.call = call,
	    .me = me,
	    .model = me->model,
	    .places = places,
	    .list = call->host->array(call)};
	if (choice_r->list == NULL)
		return MT_LIMIT;
	return me->model == NULL ? MT_OK : history_read(call, me, &choice_r->history);
}

static bool
is_full(const struct choice *choice)
{
	return choice->count >= choice->places || choice->looks >= CHOOSE_LOOKS;
}

/* --- one item --- */

/* MT_OK: it is in the list; MT_NONE: it may not be shown. */
static int32_t
try_product(struct choice *choice, int64_t id, struct mt_str reason)
{
	const struct mt_host *mt = choice->call->host;
	const struct mt_product *product;
	int32_t rc = mt->product_by_id(choice->call, id, &product);

	choice->looks++;
	if (rc != MT_OK)
		return rc;
	if (!recommend_may_show(&choice->me->options, product))
		return MT_NONE;
	rc = mt->add(choice->call, choice->list, show_product(choice->call, product, reason));
	choice->count++;
	return rc;
}

/* One of the item's products, if any may be shown: `first` (TABLE_NONE: none), or the most
 * popular. Nothing comes twice. */
static int32_t
offer(struct choice *choice, uint32_t number, uint32_t first, struct mt_str reason)
{
	const struct model *model = choice->model;
	const struct model_item *item = &model->item[number];
	int32_t rc = MT_NONE;

	if (history_has(&choice->history.bought, number) || history_has(&choice->tried, number))
		return MT_OK;
	if (history_add(choice->call, &choice->tried, number) != MT_OK)
		return MT_LIMIT;
	if (first != TABLE_NONE)
		rc = try_product(choice, model->product[first].id, reason);
	for (uint32_t i = 0; rc == MT_NONE && i < item->members && !is_full(choice); i++) {
		int64_t id = model->member[item->member + i];

		if (first == TABLE_NONE || id != model->product[first].id)
			rc = try_product(choice, id, reason);
	}
	return rc == MT_NONE ? MT_OK : rc;
}

/* --- viewed, not bought --- */

static bool
was_ordered(const struct choice *choice, uint32_t item)
{
	for (size_t i = 0; i < choice->history.acts; i++) {
		const struct history_act *act = &choice->history.act[i];

		if (act->kind == EVENT_ORDERED && act->item == item)
			return true;
	}
	return false;
}

static int32_t
choose_viewed(struct choice *choice)
{
	int64_t since = choice->call->host->now(choice->call) - choice->me->options.viewed_window;
	int32_t rc = MT_OK;

	for (size_t i = 0; rc == MT_OK && i < choice->history.acts && !is_full(choice); i++) {
		const struct history_act *act = &choice->history.act[i];

		if (act->time < since)
			break;
		if (act->kind != EVENT_ORDERED && !was_ordered(choice, act->item))
			rc = offer(
			    choice, act->item, act->product, recommend_names[RECOMMEND_VIEWED]);
	}
	return rc;
}

/* --- bought together --- */

static int
by_item(const void *a, const void *b)
{
	const struct model_near *x = a, *y = b;

	return (x->item > y->item) - (x->item < y->item);
}

static int
by_score(const void *a, const void *b)
{
	const struct model_near *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return by_item(a, b);
}

/* The neighbours of all seeds, the scores of each added up; without the seeds. */
static size_t
add_up(const struct choice *choice, const struct history_items *seeds, struct model_near *sum)
{
	const struct model *model = choice->model;
	size_t count = 0, to = 0;

	for (size_t i = 0; i < seeds->count; i++) {
		const struct model_item *seed = &model->item[seeds->at[i]];

		for (uint32_t k = 0; k < seed->nears; k++)
			sum[count++] = model->near[seed->near + k];
	}
	qsort(sum, count, sizeof *sum, by_item);
	for (size_t i = 0; i < count; i++) {
		if (history_has(seeds, sum[i].item))
			continue;
		if (to > 0 && sum[to - 1].item == sum[i].item)
			sum[to - 1].score += sum[i].score;
		else
			sum[to++] = sum[i];
	}
	qsort(sum, to, sizeof *sum, by_score);
	return to;
}

int32_t
choose_together(struct choice *choice, const struct history_items *seeds)
{
	struct model_near *sum;
	size_t room = 0, count;
	int32_t rc = MT_OK;

	for (size_t i = 0; i < seeds->count; i++)
		room += choice->model->item[seeds->at[i]].nears;
	sum = choice->call->host->memory(choice->call, (room + 1) * sizeof *sum);
	if (sum == NULL)
		return MT_LIMIT;
	count = add_up(choice, seeds, sum);
	for (size_t i = 0; rc == MT_OK && i < count && !is_full(choice); i++)
		rc = offer(choice, sum[i].item, TABLE_NONE, recommend_names[RECOMMEND_TOGETHER]);
	return rc;
}

/* What was bought last, or put into the cart. */
static int32_t
choose_together_with_history(struct choice *choice)
{
	struct history_items seeds = {.count = 0};

	for (size_t i = 0; i < choice->history.acts; i++) {
		const struct history_act *act = &choice->history.act[i];

		if (seeds.count >= (size_t)choice->me->options.seeds)
			break;
		if (act->kind != EVENT_VIEWED &&
		    history_add(choice->call, &seeds, act->item) != MT_OK)
			return MT_LIMIT;
	}
	return choose_together(choice, &seeds);
}

/* --- categories --- */

/* A category that items are taken from, one after the other. */
struct listing {
	const uint32_t *at;
	const uint32_t *end;
};

int32_t
choose_categories(
    struct choice *choice, const struct history_items *categories, struct mt_str reason)
{
	const struct model *model = choice->model;
	struct listing *listing =
	    choice->call->host->memory(choice->call, (categories->count + 1) * sizeof *listing);
	int32_t rc = MT_OK;

	if (listing == NULL)
		return MT_LIMIT;
	for (size_t i = 0; i < categories->count; i++) {
		const struct model_category *category = &model->category[categories->at[i]];

		listing[i].at = model->listing + category->first;
		listing[i].end = listing[i].at + category->items;
	}
	while (rc == MT_OK && !is_full(choice)) {
		struct listing *best = NULL;

		/* The lower number is the more popular item. */
		for (size_t i = 0; i < categories->count; i++) {
			if (listing[i].at < listing[i].end &&
			    (best == NULL || *listing[i].at < *best->at))
				best = &listing[i];
		}
		if (best == NULL)
			break;
		rc = offer(choice, *best->at++, TABLE_NONE, reason);
	}
	return rc;
}

struct interest {
	uint32_t category;
	uint32_t acts;
};

/* Those of the contact's acts, the one with most acts first; of equals the newest. */
static size_t
interests(const struct choice *choice, struct interest *interest)
{
	size_t count = 0;

	for (size_t i = 0; i < choice->history.acts; i++) {
		uint32_t category = choice->model->item[choice->history.act[i].item].category;
		size_t k = 0;

		while (k < count && interest[k].category != category)
			k++;
		if (category == TABLE_NONE)
			continue;
		if (k == count)
			interest[count++] = (struct interest){category, 0};
		interest[k].acts++;
	}
	for (size_t i = 1; i < count; i++) {
		struct interest moved = interest[i];
		size_t k = i;

		for (; k > 0 && interest[k - 1].acts < moved.acts; k--)
			interest[k] = interest[k - 1];
		interest[k] = moved;
	}
	return count;
}

static int32_t
choose_same_category(struct choice *choice)
{
	struct interest *interest =
	    choice->call->host->memory(choice->call, (choice->history.acts + 1) * sizeof *interest);
	size_t count;
	int32_t rc = MT_OK;

	if (interest == NULL)
		return MT_LIMIT;
	count = interests(choice, interest);
	for (size_t i = 0; rc == MT_OK && i < count && !is_full(choice); i++) {
		const struct history_items one = {&interest[i].category, 1, 1};

		rc = choose_categories(choice, &one, recommend_names[RECOMMEND_CATEGORY]);
	}
	return rc;
}

/* --- popular, and all in a row --- */

static int32_t
choose_popular(struct choice *choice)
{
	int32_t rc = MT_OK;

	for (uint32_t i = 0; rc == MT_OK && i < choice->model->head.listed && !is_full(choice); i++)
		rc = offer(choice, i, TABLE_NONE, recommend_names[RECOMMEND_POPULAR]);
	return rc;
}

int32_t
choose_from(struct choice *choice, enum recommend_source source)
{
	if (choice->model == NULL)
		return MT_OK;
	switch (source) {
	case RECOMMEND_VIEWED:
		return choose_viewed(choice);
	case RECOMMEND_TOGETHER:
		return choose_together_with_history(choice);
	case RECOMMEND_CATEGORY:
		return choose_same_category(choice);
	case RECOMMEND_POPULAR:
		return choose_popular(choice);
	case RECOMMEND_CHAIN:
		return choose_chain(choice);
	case RECOMMEND_SOURCES:
		break;
	}
	return MT_MISUSE;
}

int32_t
choose_chain(struct choice *choice)
{
	const struct recommend_options *options = &choice->me->options;
	int32_t rc = MT_OK;

	for (size_t i = 0; rc == MT_OK && i < options->chain_n && !is_full(choice); i++)
		rc = choose_from(choice, options->chain[i]);
	return rc == MT_OK && !is_full(choice) ? choose_from(choice, RECOMMEND_POPULAR) : rc;
}
