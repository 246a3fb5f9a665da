/* SPDX-License-Identifier: BSD-2-Clause
 *
 * model_build: from what was learned to what is looked up
 */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In the order that it has for people; `from` is its place in the catalogue. */
struct ranked {
	uint64_t popularity;
	int64_t id;
	uint32_t from;
	uint32_t item;
	bool listed;
};

struct edge {
	uint32_t from, to;
	double weight;
	uint64_t orders;
	uint32_t score;
};

struct build {
	const struct catalogue *catalogue;
	const struct learn *learn;
	uint64_t support;
	struct ranked *item;
	struct ranked *product;
	uint32_t *number; /* of an item of the catalogue */
	double *orders;	  /* that have this item of the catalogue */
	struct edge *edge;
	size_t edges;
	struct model_item *row;
	struct model_head head;
};

/* --- popularity --- */

static int
by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->listed != y->listed)
		return x->listed ? -1 : 1;
	if (x->popularity != y->popularity)
		return x->popularity > y->popularity ? -1 : 1;
	return (x->id < y->id) - (x->id > y->id);
}

static int
by_item(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	/* Of variants, all are tried. */
	const struct ranked p = {x->popularity, x->id, 0, 0, true},
			    q = {y->popularity, y->id, 0, 0, true};

	if (x->item != y->item)
		return x->item < y->item ? -1 : 1;
	return by_rank(&p, &q);
}

static uint64_t
popularity_of(const struct learn *learn, int64_t id, double *exact)
{
	uint32_t at = table_get(&learn->by_id, (uint64_t)id);

	*exact = at == TABLE_NONE ? 0 : learn->row[at].popularity;
	return (uint64_t)llround(*exact * 1e6);
}

static void
rank(struct build *build)
{
	const struct catalogue *catalogue = build->catalogue;
	double *popularity = table_alloc(catalogue->items, sizeof *popularity), exact;

	for (size_t i = 0; i < catalogue->items; i++)
		build->item[i] = (struct ranked){.id = catalogue->item[i].id, .from = (uint32_t)i};
	for (size_t i = 0; i < catalogue->products; i++) {
		const struct catalogue_product *product = &catalogue->product[i];

		build->product[i] =
		    (struct ranked){.popularity = popularity_of(build->learn, product->id, &exact),
			.id = product->id,
			.from = (uint32_t)i};
		popularity[product->item] += exact;
		build->item[product->item].listed |= product->listed;
	}
	for (size_t i = 0; i < catalogue->items; i++)
		build->item[i].popularity = (uint64_t)llround(popularity[i] * 1e6);
	free(popularity);
	qsort(build->item, catalogue->items, sizeof *build->item, by_rank);
	for (size_t i = 0; i < catalogue->items; i++)
		build->number[build->item[i].from] = (uint32_t)i;
	for (size_t i = 0; i < catalogue->products; i++)
		build->product[i].item = build->number[catalogue->product[i].item];
	qsort(build->product, catalogue->products, sizeof *build->product, by_item);
}

/* --- what is bought together --- */

/* The item of the catalogue, by the oldest product it had when it was learned. */
static uint32_t
item_of_row(const struct build *build, uint64_t row)
{
	uint32_t at = table_get(&build->catalogue->by_id, (uint64_t)build->learn->row[row].id);

	return at == TABLE_NONE ? TABLE_NONE : build->catalogue->product[at].item;
}

static int
by_ends(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

static int
by_score(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

static void
collect(struct build *build)
{
	const struct learn *learn = build->learn;

	for (size_t i = 0; i < learn->rows; i++) {
		uint32_t item = item_of_row(build, i);

		if (item != TABLE_NONE)
			build->orders[item] += learn->row[i].orders;
	}
	for (size_t i = 0; i < learn->pair_size; i++) {
		const struct learn_pair *pair = &learn->pair[i];
		uint32_t a, b;

		if (pair->key == LEARN_FREE)
			continue;
		a = item_of_row(build, pair->key >> 32);
		b = item_of_row(build, pair->key & UINT32_MAX);
		if (a == TABLE_NONE || b == TABLE_NONE || a == b)
			continue;
		a = build->number[a];
		b = build->number[b];
		build->edge[build->edges++] = (struct edge){a, b, pair->weight, pair->orders, 0};
		build->edge[build->edges++] = (struct edge){b, a, pair->weight, pair->orders, 0};
	}
}

/* Pairs that became one since items became one. */
static void
merge(struct build *build)
{
	size_t to = 0;

	qsort(build->edge, build->edges, sizeof *build->edge, by_ends);
	for (size_t i = 0; i < build->edges; i++) {
		struct edge *last = to > 0 ? &build->edge[to - 1] : NULL;

		if (last != NULL && by_ends(last, &build->edge[i]) == 0) {
			last->weight += build->edge[i].weight;
			last->orders += build->edge[i].orders;
		} else {
			build->edge[to++] = build->edge[i];
		}
	}
	build->edges = to;
}

static uint32_t
cosine(const struct build *build, const struct edge *edge)
{
	double a = build->orders[build->item[edge->from].from];
	double b = build->orders[build->item[edge->to].from];
	double score = a > 0 && b > 0 ? edge->weight / sqrt(a * b) : 0;

	return score >= 1 ? 1000000 : (uint32_t)lround(score * 1e6);
}

/* Those that have the support, the best of each item. */
static void
choose(struct build *build)
{
	size_t to = 0;

	for (size_t i = 0; i < build->edges; i++) {
		struct edge edge = build->edge[i];

		edge.score = cosine(build, &edge);
		if (edge.orders >= build->support && edge.score > 0)
			build->edge[to++] = edge;
	}
	build->edges = to;
	qsort(build->edge, build->edges, sizeof *build->edge, by_score);
	to = 0;
	for (size_t i = 0; i < build->edges; i++) {
		struct model_item *item = &build->row[build->edge[i].from];

		if (item->nears >= MODEL_NEAR)
			continue;
		if (item->nears++ == 0)
			item->near = (uint32_t)to;
		build->edge[to++] = build->edge[i];
	}
	build->edges = to;
}

/* --- the bytes --- */

static int
by_key(const void *a, const void *b)
{
	const struct model_product *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static void
add_products(struct build *build, struct bytes *bytes)
{
	size_t count = build->catalogue->products;
	struct model_product *product = table_alloc(count, sizeof *product);

	for (size_t i = 0; i < count; i++)
		product[i] = (struct model_product){
		    .key = build->catalogue->product[build->product[i].from].key,
		    .id = build->product[i].id,
		    .item = build->product[i].item};
	qsort(product, count, sizeof *product, by_key);
	bytes_add(bytes, product, count * sizeof *product);
	free(product);
	for (size_t i = 0; i < count; i++) {
		struct model_item *item = &build->row[build->product[i].item];

		if (item->members++ == 0)
			item->member = (uint32_t)i;
		bytes_add(bytes, &build->product[i].id, sizeof build->product[i].id);
	}
}

struct path {
	const uint8_t *p;
	size_t n;
	uint32_t from;
};

static int
by_path(const void *a, const void *b)
{
	const struct path *x = a, *y = b;
	int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

/* The categories of the catalogue in order of path; *number_r: the place of each. */
static struct path *
sort_paths(const struct catalogue *catalogue, uint32_t **number_r)
{
	struct path *path = table_alloc(catalogue->categories, sizeof *path);

	for (size_t i = 0; i < catalogue->categories; i++)
		path[i] = (struct path){catalogue->text.p + catalogue->category[i].at,
		    catalogue->category[i].n, (uint32_t)i};
	qsort(path, catalogue->categories, sizeof *path, by_path);
	*number_r = table_alloc(catalogue->categories, sizeof **number_r);
	for (size_t i = 0; i < catalogue->categories; i++)
		(*number_r)[path[i].from] = (uint32_t)i;
	return path;
}

/* Their texts, and which listed items each has. */
static void
add_categories(struct build *build, struct bytes *rows, struct bytes *listings, struct bytes *text)
{
	const struct catalogue *catalogue = build->catalogue;
	size_t count = catalogue->categories, listed = 0;
	uint32_t *number, *listing;
	struct path *path = sort_paths(catalogue, &number);
	struct model_category *category = table_alloc(count, sizeof *category);

	for (size_t i = 0; i < catalogue->items; i++) {
		uint32_t from = catalogue->item[build->item[i].from].category;

		build->row[i].category = from == TABLE_NONE ? TABLE_NONE : number[from];
		if (from != TABLE_NONE && build->item[i].listed)
			category[number[from]].items++;
	}
	for (size_t i = 0; i < count; i++) {
		category[i].text = (uint32_t)text->n;
		category[i].text_n = (uint32_t)path[i].n;
		category[i].first = (uint32_t)listed;
		listed += category[i].items;
		category[i].items = 0;
		bytes_add(text, path[i].p, path[i].n);
	}
	listing = table_alloc(listed, sizeof *listing);
	for (size_t i = 0; i < build->head.listed; i++) {
		uint32_t at = build->row[i].category;

		if (at != TABLE_NONE)
			listing[category[at].first + category[at].items++] = (uint32_t)i;
	}
	bytes_add(rows, category, count * sizeof *category);
	bytes_add(listings, listing, listed * sizeof *listing);
	free(listing);
	free(category);
	free(path);
	free(number);
}

/* In the order in which model_open() reads it. */
static void
put_together(struct build *build, struct bytes *bytes)
{
	struct bytes products = {.n = 0}, rows = {.n = 0}, listings = {.n = 0}, text = {.n = 0};
	struct model_head *head = &build->head;

	add_products(build, &products);
	add_categories(build, &rows, &listings, &text);
	head->categories = (uint32_t)build->catalogue->categories;
	head->listings = (uint32_t)(listings.n / sizeof(uint32_t));
	head->text_n = text.n;
	bytes_add(bytes, head, sizeof *head);
	bytes_add(bytes, products.p, products.n);
	bytes_add(bytes, build->row, head->items * sizeof *build->row);
	for (size_t i = 0; i < build->edges; i++) {
		const struct model_near near = {build->edge[i].to, build->edge[i].score};

		bytes_add(bytes, &near, sizeof near);
	}
	bytes_add(bytes, rows.p, rows.n);
	bytes_add(bytes, listings.p, listings.n);
	bytes_add(bytes, text.p, text.n);
	bytes_fini(&products);
	bytes_fini(&rows);
	bytes_fini(&listings);
	bytes_fini(&text);
}

void
model_build(struct bytes *bytes, const struct catalogue *catalogue, const struct learn *learn,
    uint64_t support)
{
	struct build build = {.catalogue = catalogue,
	    .learn = learn,
	    .support = support,
	    .item = table_alloc(catalogue->items, sizeof *build.item),
	    .product = table_alloc(catalogue->products, sizeof *build.product),
	    .number = table_alloc(catalogue->items, sizeof *build.number),
	    .orders = table_alloc(catalogue->items, sizeof *build.orders),
	    .edge = table_alloc(learn->pairs * 2, sizeof *build.edge),
	    .row = table_alloc(catalogue->items, sizeof *build.row)};

	rank(&build);
	collect(&build);
	merge(&build);
	choose(&build);
	build.head = (struct model_head){.magic = MODEL_MAGIC,
	    .products = (uint32_t)catalogue->products,
	    .items = (uint32_t)catalogue->items,
	    .nears = (uint32_t)build.edges};
	while (build.head.listed < build.head.items && build.item[build.head.listed].listed)
		build.head.listed++;
	put_together(&build, bytes);
	free(build.item);
	free(build.product);
	free(build.number);
	free(build.orders);
	free(build.edge);
	free(build.row);
}
