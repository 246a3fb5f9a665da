/* SPDX-License-Identifier: BSD-2-Clause
 *
 * apply: news of a copy go into its delivery, and to delivery_act()
 *
 * Threads: one at a time.
 */
#ifndef FOLLOW_APPLY_H
#define FOLLOW_APPLY_H

#include "delivery/act.h"
#include "follow/match.h"

/* Whose work it is, and what it remembers. */
struct follow_hand {
	struct store *store;
	struct delivery_rules rules;
	struct arena *arena;
	char campaign[256]; /* the last one */
	int64_t campaign_id;
};

/* In the caller's store_begin. 1 it was news; 0 it was known; -1. */
int follow_apply(struct follow_hand *hand, const struct store_delivery_word *word,
    const struct follow_match *match, struct err *err);
/* The relay gives up (BOUNCED), or somebody took it away (DELETED): all copies on their way under
 * this queue id. How many; -1. */
int follow_apply_end(struct follow_hand *hand, struct str queue_id, int64_t time_ms,
    enum store_outcome outcome, struct err *err);

#endif
