/* SPDX-License-Identifier: BSD-2-Clause
 *
 * names: which Message-ID the queue ids of the log's last messages have
 *
 * A table of fixed size; a new one takes the place of the oldest. What is forgotten so is still
 * found by its queue id, as journal and deliveries have it.
 *
 * Threads: one at a time.
 */
#ifndef FOLLOW_NAMES_H
#define FOLLOW_NAMES_H

#include "base/str.h"

#include <stdint.h>

/* Longer ones are not kept. */
#define FOLLOW_QUEUE_ID_SIZE   24
#define FOLLOW_MESSAGE_ID_SIZE 128

struct follow_name {
	char queue_id[FOLLOW_QUEUE_ID_SIZE]; /* empty: none */
	char message_id[FOLLOW_MESSAGE_ID_SIZE];
	int64_t began_ms; /* when it was first seen */
	uint64_t serial;
	bool derived; /* a Message-ID as we make them: one for each copy */
	bool kept;    /* the store has it, too */
	bool settled; /* a result was learned: the store knows the queue id by that */
	uint32_t next_queue, next_message; /* in their chains: 1 + index, 0 the end */
};

struct follow_names;

/* `size`: how many. */
struct follow_names *follow_names_new(uint32_t size);
void follow_names_free(struct follow_names **names);
/* A queue id begins: what it was before is forgotten. NULL if it is too long. */
struct follow_name *follow_names_begin(
    struct follow_names *names, struct str queue_id, int64_t time_ms);
/* Its Message-ID; a queue id that has another one begins anew. NULL if one of them is too long. */
struct follow_name *follow_names_put(
    struct follow_names *names, struct str queue_id, struct str message_id, int64_t time_ms);
struct follow_name *follow_names_get(const struct follow_names *names, struct str queue_id);
/* The one that began last with this Message-ID, which is not empty. */
struct follow_name *follow_names_newest(const struct follow_names *names, const char *message_id);

#endif
