/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin_answer: what plugins fetched from elsewhere, and what they want fetched
 *
 * Who makes mail reads answers and says now and then which requests are wanted; one process
 * fetches what is due and writes what came. A request that nobody asked for since its answer came
 * is not made again.
 *
 * Threads: any.
 */
#ifndef STORE_PLUGIN_ANSWER_H
#define STORE_PLUGIN_ANSWER_H

#include "base/id.h"
#include "store/store.h"

/* Ceilings of one plugin: what was not wanted for longest goes. */
#define STORE_ANSWERS_MAX	10000
#define STORE_ANSWERS_BYTES_MAX ((int64_t)128 << 20)

struct store_request {
	int64_t plugin;
	struct id_digest digest; /* of url and headers */
	struct str url;
	struct str headers; /* lines with LF between them, or empty */
	int64_t fresh_ms;
	int64_t keep_ms; /* at least fresh_ms */
	int64_t timeout_ms;
};

struct store_answer {
	int64_t wanted_ms; /* when that was told last */
	int status;	   /* 0: none came yet; the rest is empty then */
	int64_t time_ms;
	struct str type;
	struct str body;
};

/* 1 found, text in the arena; 0 nobody wanted it so far; -1. An answer older than keep_ms counts
 * as none. */
int store_answer_get(struct store *store, const struct store_request *request, int64_t now_ms,
    struct arena *arena, struct store_answer *answer_r, struct err *err);
/* They are wanted now: all in one transaction. */
int store_answer_want(struct store *store, const struct store_request *const *requests,
    size_t count, int64_t now_ms, struct err *err);
/* A good one came. Made if it is not there. */
int store_answer_put(struct store *store, const struct store_request *request,
    const struct store_answer *answer, struct err *err);
/* It did not come; not to be asked for before `next_ms`. */
int store_answer_fail(
    struct store *store, const struct store_request *request, int64_t next_ms, struct err *err);

struct store_due {
	struct store_request request;
	int64_t failures; /* in a row */
};

/* Up to `max` of a plugin that are wanted and due, the longest due first. */
int store_answer_due(struct store *store, int64_t plugin, int64_t now_ms, size_t max,
    struct arena *arena, struct store_due **due_r, size_t *count_r, struct err *err);
/* Deletes what serves nobody any more, and what is beyond the ceilings. */
int store_answer_purge(struct store *store, int64_t now_ms, struct err *err);

#endif
