/* SPDX-License-Identifier: BSD-2-Clause
 *
 * learn: views and orders
 */
#include "learn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Half-lives that the landmark may lie behind before weights are brought down. */
#define FAR 64

void
learn_init(struct learn *learn, double popular_ms, double together_ms, size_t pairs_max)
{
	*learn = (struct learn){
	    .popular_ms = popular_ms, .together_ms = together_ms, .pairs_max = pairs_max};
}

void
learn_fini(struct learn *learn)
{
	free(learn->row);
	free(learn->pair);
	table_fini(&learn->by_id);
	*learn = (struct learn){.rows = 0};
}

/* --- time --- */

static void
move_landmark(struct learn *learn, int64_t to)
{
	double by = (double)(learn->landmark - to);
	double popular = exp2(by / learn->popular_ms), together = exp2(by / learn->together_ms);

	for (size_t i = 0; i < learn->rows; i++) {
		learn->row[i].popularity *= popular;
		learn->row[i].orders *= together;
	}
	for (size_t i = 0; i < learn->pair_size; i++)
		learn->pair[i].weight *= together;
	learn->landmark = to;
}

static void
look_at(struct learn *learn, int64_t time)
{
	double shorter =
	    learn->popular_ms < learn->together_ms ? learn->popular_ms : learn->together_ms;

	if (learn->landmark == 0)
		learn->landmark = learn->newest = time;
	if (time > learn->newest)
		learn->newest = time;
	if ((double)(time - learn->landmark) > FAR * shorter)
		move_landmark(learn, time);
}

static double
weight_of(const struct learn *learn, int64_t time, double half_life)
{
	return exp2((double)(time - learn->landmark) / half_life);
}

/* --- rows and pairs --- */

static uint32_t
row_of(struct learn *learn, int64_t id)
{
	uint32_t at = table_get(&learn->by_id, (uint64_t)id);

	if (at != TABLE_NONE)
		return at;
	learn->row = table_room(learn->row, learn->rows, &learn->row_size, sizeof *learn->row);
	at = (uint32_t)learn->rows++;
	learn->row[at] = (struct learn_row){.id = id};
	table_put(&learn->by_id, (uint64_t)id, at);
	return at;
}

static struct learn_row *
row_at(struct learn *learn, int64_t id)
{
	uint32_t at = row_of(learn, id);

	return &learn->row[at];
}

static struct learn_pair *
place_of(struct learn_pair *pair, size_t size, uint64_t key)
{
	size_t at = table_mix(key) & (size - 1);

	while (pair[at].key != LEARN_FREE && pair[at].key != key)
		at = (at + 1) & (size - 1);
	return &pair[at];
}

/* The same pairs in a table of `size`, but for those without an order. */
static void
rehash(struct learn *learn, size_t size)
{
	struct learn_pair *pair = table_alloc(size, sizeof *pair);

	for (size_t i = 0; i < size; i++)
		pair[i].key = LEARN_FREE;
	for (size_t i = 0; i < learn->pair_size; i++) {
		const struct learn_pair *old = &learn->pair[i];

		if (old->key != LEARN_FREE && old->orders > 0)
			*place_of(pair, size, old->key) = *old;
	}
	free(learn->pair);
	learn->pair = pair;
	learn->pair_size = size;
}

static int
by_weight(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Forgets the lightest quarter. */
static void
forget_light(struct learn *learn)
{
	double *weight = table_alloc(learn->pairs, sizeof *weight), limit;
	size_t n = 0, drop = learn->pairs / 4 + 1;

	for (size_t i = 0; i < learn->pair_size; i++) {
		if (learn->pair[i].key != LEARN_FREE)
			weight[n++] = learn->pair[i].weight;
	}
	qsort(weight, n, sizeof *weight, by_weight);
	limit = weight[drop < n ? drop - 1 : n - 1];
	free(weight);
	for (size_t i = 0; i < learn->pair_size && drop > 0; i++) {
		struct learn_pair *pair = &learn->pair[i];

		if (pair->key == LEARN_FREE || pair->weight > limit)
			continue;
		pair->orders = 0;
		learn->pairs--;
		drop--;
	}
	rehash(learn, learn->pair_size);
}

static void
add_pair(struct learn *learn, uint32_t a, uint32_t b, double weight)
{
	uint64_t key = a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
	struct learn_pair *pair;

	if (learn->pairs * 3 >= learn->pair_size * 2)
		rehash(learn, learn->pair_size == 0 ? 256 : learn->pair_size * 2);
	pair = place_of(learn->pair, learn->pair_size, key);
	if (pair->key == LEARN_FREE && learn->pairs >= learn->pairs_max) {
		forget_light(learn);
		pair = place_of(learn->pair, learn->pair_size, key);
	}
	if (pair->key == LEARN_FREE) {
		*pair = (struct learn_pair){.key = key};
		learn->pairs++;
	}
	pair->weight += weight;
	pair->orders++;
}

/* --- what was done --- */

void
learn_view(struct learn *learn, const struct catalogue *catalogue, int64_t time, uint32_t product)
{
	look_at(learn, time);
	row_at(learn, catalogue->product[product].id)->popularity +=
	    LEARN_VIEW_WEIGHT * weight_of(learn, time, learn->popular_ms);
}

static bool
has(const uint32_t *list, size_t count, uint32_t wanted)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == wanted)
			return true;
	}
	return false;
}

void
learn_order(struct learn *learn, const struct catalogue *catalogue, int64_t time,
    const uint32_t *products, size_t count)
{
	uint32_t item[LEARN_ORDER_MAX];
	double popular, together;
	size_t items = 0;

	look_at(learn, time);
	popular = weight_of(learn, time, learn->popular_ms);
	together = weight_of(learn, time, learn->together_ms);
	for (size_t i = 0; i < count; i++) {
		const struct catalogue_product *product = &catalogue->product[products[i]];
		uint32_t at;

		if (!has(products, i, products[i]))
			row_at(learn, product->id)->popularity += popular;
		at = row_of(learn, catalogue->item[product->item].id);
		if (items < LEARN_ORDER_MAX && !has(item, items, at)) {
			learn->row[at].orders += together;
			item[items++] = at;
		}
	}
	for (size_t i = 0; i < items; i++) {
		for (size_t k = 0; k < i; k++)
			add_pair(learn, item[k], item[i], together);
	}
}

/* --- forgetting --- */

static void
forget_faded(struct learn *learn)
{
	for (size_t i = 0; i < learn->pair_size; i++) {
		struct learn_pair *pair = &learn->pair[i];

		if (pair->key != LEARN_FREE && pair->weight < LEARN_FADED) {
			pair->orders = 0;
			learn->pairs--;
		}
	}
	if (learn->pair_size > 0)
		rehash(learn, learn->pair_size);
}

/* New places of the rows that stay; TABLE_NONE for those that go. */
static uint32_t *
places_of(const struct learn *learn, size_t *stay_r)
{
	uint32_t *place = table_alloc(learn->rows, sizeof *place);

	*stay_r = 0;
	for (size_t i = 0; i < learn->rows; i++)
		place[i] =
		    learn->row[i].popularity >= LEARN_FADED || learn->row[i].orders >= LEARN_FADED;
	for (size_t i = 0; i < learn->pair_size; i++) {
		if (learn->pair[i].key != LEARN_FREE)
			place[learn->pair[i].key >> 32] = place[learn->pair[i].key & UINT32_MAX] =
			    1;
	}
	for (size_t i = 0; i < learn->rows; i++)
		place[i] = place[i] != 0 ? (uint32_t)(*stay_r)++ : TABLE_NONE;
	return place;
}

static void
forget_rows(struct learn *learn)
{
	size_t stay;
	uint32_t *place = places_of(learn, &stay);

	if (stay < learn->rows) {
		table_fini(&learn->by_id);
		for (size_t i = 0; i < learn->rows; i++) {
			if (place[i] == TABLE_NONE)
				continue;
			learn->row[place[i]] = learn->row[i];
			table_put(&learn->by_id, (uint64_t)learn->row[i].id, place[i]);
		}
		learn->rows = stay;
		for (size_t i = 0; i < learn->pair_size; i++) {
			uint64_t *key = &learn->pair[i].key;

			/* The order of places stays. */
			if (*key != LEARN_FREE)
				*key = (uint64_t)place[*key >> 32] << 32 | place[*key & UINT32_MAX];
		}
		if (learn->pair_size > 0)
			rehash(learn, learn->pair_size);
	}
	free(place);
}

void
learn_settle(struct learn *learn)
{
	if (learn->landmark == 0)
		return;
	move_landmark(learn, learn->newest);
	forget_faded(learn);
	forget_rows(learn);
}

/* --- keeping --- */

#define MAGIC 0x314e524145544d00u

struct head {
	uint64_t magic;
	int64_t landmark;
	uint64_t rows;
	uint64_t pairs;
};

void
learn_save(const struct learn *learn, struct bytes *bytes)
{
	const struct head head = {MAGIC, learn->landmark, learn->rows, learn->pairs};

	bytes_add(bytes, &head, sizeof head);
	bytes_add(bytes, learn->row, learn->rows * sizeof *learn->row);
	for (size_t i = 0; i < learn->pair_size; i++) {
		if (learn->pair[i].key != LEARN_FREE)
			bytes_add(bytes, &learn->pair[i], sizeof learn->pair[i]);
	}
}

int
learn_load(struct learn *learn, const struct bytes *bytes)
{
	struct head head;
	const uint8_t *p = bytes->p + sizeof head;

	if (bytes->n < sizeof head)
		return -1;
	memcpy(&head, bytes->p, sizeof head);
	if (head.magic != MAGIC || head.rows > bytes->n || head.pairs > bytes->n ||
	    bytes->n !=
		sizeof head + head.rows * sizeof *learn->row + head.pairs * sizeof *learn->pair)
		return -1;
	learn->landmark = learn->newest = head.landmark;
	for (size_t i = 0; i < head.rows; i++, p += sizeof *learn->row) {
		struct learn_row row;

		memcpy(&row, p, sizeof row);
		*row_at(learn, row.id) = row;
	}
	for (size_t i = 0; i < head.pairs; i++, p += sizeof *learn->pair) {
		struct learn_pair pair;

		memcpy(&pair, p, sizeof pair);
		if (pair.key >> 32 >= learn->rows || (pair.key & UINT32_MAX) >= learn->rows)
			return -1;
		add_pair(learn, (uint32_t)(pair.key >> 32), (uint32_t)pair.key, pair.weight);
		place_of(learn->pair, learn->pair_size, pair.key)->orders = pair.orders;
	}
	return 0;
}
