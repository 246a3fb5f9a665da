/* SPDX-License-Identifier: BSD-2-Clause
 *
 * learn: what contacts did, as weights of products and of pairs of items
 *
 * Each view and each order counts less the older it is: half after a half-life. Weights are
 * kept relative to one point in time, the landmark, so that an event's weight depends on its
 * own time alone and events may come in any order ("forward decay": Cormode, Shkapenyuk,
 * Srivastava and Xu, ICDE 2009). Nothing is added up twice, nothing has to be read again.
 *
 * Items are kept by the row id of their oldest product, so what was learned survives a change
 * of groups: model.c adds up what belongs together by then.
 *
 * Pairs have a ceiling. Where it is reached, the lightest quarter is forgotten, as in lossy
 * counting (Manku and Motwani, VLDB 2002).
 *
 * Owns:    its arrays.
 * Threads: one at a time.
 */
#ifndef RECOMMEND_LEARN_H
#define RECOMMEND_LEARN_H

#include "catalogue.h"

#define LEARN_VIEW_WEIGHT 0.05 /* of an order */
#define LEARN_ORDER_MAX	  50   /* items of one order that make pairs, the first ones */
#define LEARN_FADED	  1e-6 /* what weighs less, of an order of today, is forgotten */

struct learn_row {
	int64_t id;
	double popularity; /* of this product */
	double orders;	   /* that have this item */
};

struct learn_pair {
	uint64_t key; /* two places in `row`, the lower one first; LEARN_FREE */
	double weight;
	uint64_t orders; /* how many, whatever they weigh */
};

#define LEARN_FREE UINT64_MAX

struct learn {
	double popular_ms; /* half-lives */
	double together_ms;
	size_t pairs_max;
	int64_t landmark; /* 0: nothing is learned yet */
	int64_t newest;	  /* time of an event */
	struct learn_row *row;
	size_t rows, row_size;
	struct table by_id;
	struct learn_pair *pair; /* open addressing */
	size_t pairs, pair_size;
};

void learn_init(struct learn *learn, double popular_ms, double together_ms, size_t pairs_max);
void learn_fini(struct learn *learn);

/* `product` is a place in the catalogue. */
void learn_view(
    struct learn *learn, const struct catalogue *catalogue, int64_t time, uint32_t product);
/* Products may stand there twice. */
void learn_order(struct learn *learn, const struct catalogue *catalogue, int64_t time,
    const uint32_t *products, size_t count);

/* From now on weights are those of the newest event's time, and what faded is gone. */
void learn_settle(struct learn *learn);

/* To keep it, and to go on with it. -1: that is none. Settle first. */
void learn_save(const struct learn *learn, struct bytes *bytes);
int learn_load(struct learn *learn, const struct bytes *bytes);

#endif
