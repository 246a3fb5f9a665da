/* SPDX-License-Identifier: BSD-2-Clause
 *
 * learn_impl: what take.c and learn.c share
 */
#ifndef FOLLOW_LEARN_IMPL_H
#define FOLLOW_LEARN_IMPL_H

#include "follow/apply.h"
#include "follow/learn.h"
#include "follow/names.h"
#include "maillog/entry.h"

#include <glib.h>

struct follow_item {
	enum maillog_kind kind;
	struct store_delivery_word word;
	bool derived; /* by its Message-ID it may be ours */
	bool ours;
};

/* A queue id got a Message-ID as ours are. */
struct follow_named {
	char queue_id[FOLLOW_QUEUE_ID_SIZE];
};

struct follow_learner {
	struct follow_hand hand;
	struct follow_names *names;
	struct arena *arena; /* of the batch */
	GArray *items;	     /* struct follow_item */
	GArray *named;	     /* struct follow_named: of this batch */
	GArray *settled; /* struct follow_named: kept in the store, and not needed there any more */
	int64_t early;	 /* rows that wait */
	struct follow_counts counts;
};

#endif
