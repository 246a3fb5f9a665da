/* SPDX-License-Identifier: BSD-2-Clause
 *
 * match: which copy of ours a result of the log is about
 *
 * Threads: any; touches only its arguments.
 */
#ifndef FOLLOW_MATCH_H
#define FOLLOW_MATCH_H

#include "store/delivery.h"

struct follow_match {
	struct store_delivery_copy copy;
	bool expanded; /* the relay made another address of the recipient's, or several */
};

/* 1 found, text in the arena; 0 it is none of ours, or its journal row is not there yet; -1. */
int follow_match(struct store *store, const struct store_delivery_word *word, struct arena *arena,
    struct follow_match *match_r, struct err *err);
/* Does the word say more than the last one did? */
bool follow_is_news(const struct store_delivery_word *word, const struct store_delivery *last);

#endif
