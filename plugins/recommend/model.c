/* SPDX-License-Identifier: BSD-2-Clause
 *
 * model: looking up
 *
 * Bytes come from the database with a digest (depot.c), so they are what model_build() wrote;
 * their lengths and numbers are looked at nevertheless, once.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

/* The next `count` elements. All of them are multiples of four bytes long; those of eight come
 * first. */
static const void *
take(const uint8_t **p, size_t count, size_t element)
{
	const uint8_t *at = *p;

	*p += count * element;
	return at;
}

static bool
lay_out(struct model *model)
{
	const struct model_head *head = &model->head;
	const uint8_t *p = model->bytes.p + sizeof *head;
	uint64_t size = sizeof *head + (uint64_t)head->products * sizeof *model->product +
	    (uint64_t)head->products * sizeof *model->member +
	    (uint64_t)head->items * sizeof *model->item +
	    (uint64_t)head->nears * sizeof *model->near +
	    (uint64_t)head->categories * sizeof *model->category +
	    (uint64_t)head->listings * sizeof *model->listing;

	if (head->magic != MODEL_MAGIC || head->text_n > model->bytes.n ||
	    size + head->text_n != model->bytes.n || head->listed > head->items)
		return false;
	model->product = take(&p, head->products, sizeof *model->product);
	model->member = take(&p, head->products, sizeof *model->member);
	model->item = take(&p, head->items, sizeof *model->item);
	model->near = take(&p, head->nears, sizeof *model->near);
	model->category = take(&p, head->categories, sizeof *model->category);
	model->listing = take(&p, head->listings, sizeof *model->listing);
	model->text = (const char *)p;
	return true;
}

static bool
within(uint32_t first, uint32_t count, uint64_t all)
{
	return first <= all && count <= all - first;
}

static bool
numbers_are_good(const struct model *model)
{
	const struct model_head *head = &model->head;

	for (uint32_t i = 0; i < head->products; i++) {
		if (model->product[i].item >= head->items)
			return false;
	}
	for (uint32_t i = 0; i < head->items; i++) {
		const struct model_item *item = &model->item[i];

		if (!within(item->member, item->members, head->products) ||
		    !within(item->near, item->nears, head->nears) ||
		    (item->category != TABLE_NONE && item->category >= head->categories))
			return false;
	}
	for (uint32_t i = 0; i < head->nears; i++) {
		if (model->near[i].item >= head->items)
			return false;
	}
	for (uint32_t i = 0; i < head->categories; i++) {
		const struct model_category *category = &model->category[i];

		if (!within(category->first, category->items, head->listings) ||
		    !within(category->text, category->text_n, head->text_n))
			return false;
	}
	for (uint32_t i = 0; i < head->listings; i++) {
		if (model->listing[i] >= head->items)
			return false;
	}
	return true;
}

struct model *
model_open(struct bytes *bytes)
{
	struct model *model = table_alloc(1, sizeof *model);

	model->bytes = *bytes;
	*bytes = (struct bytes){.n = 0};
	if (model->bytes.n >= sizeof model->head) {
		memcpy(&model->head, model->bytes.p, sizeof model->head);
		if (lay_out(model) && numbers_are_good(model))
			return model;
	}
	model_close(&model);
	return NULL;
}

void
model_close(struct model **model)
{
	if (*model != NULL)
		bytes_fini(&(*model)->bytes);
	free(*model);
	*model = NULL;
}

uint32_t
model_find(const struct model *model, const char *key, size_t n)
{
	uint64_t hash = table_hash(key, n);
	uint32_t low = 0, high = model->head.products;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (model->product[middle].key < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low < model->head.products && model->product[low].key == hash ? low : TABLE_NONE;
}

/* --- categories --- */

#define STEP   " > "
#define STEP_N (sizeof STEP - 1)

struct path {
	const char *p;
	size_t n;
};

static struct path
path_of(const struct model *model, uint32_t category)
{
	const struct model_category *row = &model->category[category];

	return (struct path){model->text + row->text, row->text_n};
}

/* Is this category `path`, or below it? */
static bool
is_below(struct path category, struct path path)
{
	if (category.n < path.n || memcmp(category.p, path.p, path.n) != 0)
		return false;
	return category.n == path.n ||
	    (category.n > path.n + STEP_N && memcmp(category.p + path.n, STEP, STEP_N) == 0);
}

/* The first category that does not come before `path`. */
static uint32_t
lower_bound(const struct model *model, struct path path)
{
	uint32_t low = 0, high = model->head.categories;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct path at = path_of(model, middle);
		int order = memcmp(at.p, path.p, at.n < path.n ? at.n : path.n);

		if (order < 0 || (order == 0 && at.n < path.n))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Does it have this step, or steps? */
static bool
has_step(struct path category, struct path path)
{
	for (;;) {
		const char *next;

		if (is_below(category, path))
			return true;
		next = memmem(category.p, category.n, STEP, STEP_N);
		if (next == NULL)
			return false;
		next += STEP_N;
		category.n -= (size_t)(next - category.p);
		category.p = next;
	}
}

void
model_categories(const struct model *model, const char *p, size_t n,
    void (*each)(void *closure, uint32_t category), void *closure)
{
	struct path path = {p, n};
	uint32_t i = lower_bound(model, path), found = 0;

	/* "Food & Co" lies between "Food" and "Food > Tea". */
	for (; n > 0 && i < model->head.categories; i++) {
		struct path at = path_of(model, i);

		if (at.n < n || memcmp(at.p, p, n) != 0)
			break;
		if (is_below(at, path)) {
			each(closure, i);
			found++;
		}
	}
	for (i = 0; n > 0 && found == 0 && i < model->head.categories; i++) {
		if (has_step(path_of(model, i), path))
			each(closure, i);
	}
}
