/* SPDX-License-Identifier: BSD-2-Clause
 *
 * delivery: what the relay's log says of copies
 *
 * One row beside each journal row: the last word. What was learned and how far the log was read
 * belong into one transaction, so the functions that write are called between store_begin and
 * store_commit.
 *
 * Threads: any.
 */
#ifndef STORE_DELIVERY_H
#define STORE_DELIVERY_H

#include "store/outcome.h"
#include "store/store.h"

/* --- copies --- */

struct store_delivery_copy {
	int64_t journal; /* the row's id */
	int64_t time_ms; /* of the journal row */
	struct str message, campaign, recipient;
	int64_t contact;
	struct str queue_id, message_id, sender_domain;
	struct store_delivery last;
};

#define STORE_DELIVERY_COPIES 8

/* The recipient's copies that have this queue id, as the journal or the log has it, or this
 * Message-ID (with <>; may be empty); newest first. How many; -1. Text in the arena. */
int store_delivery_find(struct store *store, struct str recipient, struct str queue_id,
    struct str message_id, struct arena *arena,
    struct store_delivery_copy copies_r[STORE_DELIVERY_COPIES], struct err *err);
/* Copies on their way under this queue id. */
int store_delivery_of_queue(struct store *store, struct str queue_id, struct arena *arena,
    struct store_delivery_copy copies_r[STORE_DELIVERY_COPIES], struct err *err);
/* Replaces the last word. */
int store_delivery_put(
    struct store *store, int64_t journal, const struct store_delivery *last, struct err *err);

/* --- names of queue ids --- */

int store_delivery_name_put(struct store *store, struct str queue_id, struct str message_id,
    int64_t time_ms, struct err *err);
int store_delivery_name_drop(struct store *store, struct str queue_id, struct err *err);
/* Drops those older than `before_ms`. */
int store_delivery_name_purge(struct store *store, int64_t before_ms, struct err *err);
/* The newest `max`, oldest first. */
int store_delivery_name_each(struct store *store, size_t max,
    void (*each)(struct str queue_id, struct str message_id, int64_t time_ms, void *closure),
    void *closure, struct err *err);

/* --- results that came early --- */

/* What a line said of a recipient. */
struct store_delivery_word {
	int64_t id; /* of an early one */
	struct str queue_id, message_id;
	struct str recipient, original; /* the second may be empty */
	enum store_outcome outcome;
	int64_t began_ms; /* when the queue id was first seen; 0: not known */
	int64_t time_ms;
	int64_t delay_ms; /* -1: not said */
	struct str relay, status, text;
	struct str next; /* the queue id that it passed on to; or empty */
	int64_t since_ms;
};

int store_delivery_early_put(
    struct store *store, const struct store_delivery_word *word, struct err *err);
int store_delivery_early_drop(struct store *store, int64_t id, struct err *err);
/* Up to `max` with an id above `after`, in the order in which they came; how many; -1. */
int store_delivery_early(struct store *store, int64_t after, struct arena *arena,
    struct store_delivery_word *words_r, size_t max, struct err *err);
int store_delivery_early_count(struct store *store, int64_t *count_r, struct err *err);

/* --- how far the log is read --- */

#define STORE_LOG_HEAD_SIZE 33

struct store_log_place {
	int64_t device, inode, offset;
	int64_t head_n;			/* how many of the file's first bytes were digested */
	char head[STORE_LOG_HEAD_SIZE]; /* the digest, in hex */
	int64_t time_ms;		/* files that were written to later were not opened */
};

int store_log_places(struct store *store, struct store_log_place *places_r, size_t max,
    size_t *count_r, struct err *err);
int store_log_places_put(
    struct store *store, const struct store_log_place *places, size_t count, struct err *err);

#endif
