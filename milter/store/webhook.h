/* SPDX-License-Identifier: BSD-2-Clause
 *
 * webhook: how far the events of each webhook were taken
 *
 * One process sends, and commands may move or stop a webhook meanwhile. So each change names the
 * state that it was made from, and is refused if that is not the present one any more.
 */
#ifndef STORE_WEBHOOK_H
#define STORE_WEBHOOK_H

#include "base/id.h"
#include "store/event.h"

/* Stored as numbers. */
enum store_webhook_state {
	STORE_WEBHOOK_ACTIVE = 0,
	STORE_WEBHOOK_PAUSED = 1,
	STORE_WEBHOOK_GONE = 2, /* its receiver answered 410 */
};

#define STORE_WEBHOOK_ID_SIZE 48

struct store_webhook {
	struct str name;
	enum store_webhook_state state;
	int64_t revision;
	int64_t cursor;		       /* the last event that was taken */
	int64_t batch_last;	       /* what is on its way ends there; 0: nothing is */
	struct str batch_id;	       /* webhook-id; empty: nothing is on its way */
	struct id_digest batch_digest; /* SHA-256 of its body */
	int64_t failures;	       /* attempts in a row */
	int64_t failing_ms;	       /* since then; 0: all is well */
	int64_t tried_ms;	       /* the last attempt; 0: none */
	int64_t next_ms;	       /* not before */
	int64_t sent;		       /* events that were taken, ever */
	struct str answer;	       /* to the last attempt, in words */
};

/* "active", "paused", "gone" */
const char *store_webhook_state_name(enum store_webhook_state state);
/* 1 found, text in the arena; 0 there is none; -1. */
int store_webhook_get(struct store *store, struct str name, struct arena *arena,
    struct store_webhook *hook_r, struct err *err);
/* The same; if there is none it is made, and begins behind the newest event. 0 or -1. */
int store_webhook_add(struct store *store, struct str name, struct arena *arena,
    struct store_webhook *hook_r, struct err *err);
/* All members but name and revision. `safe`: survives a loss of power, and so do the events before.
 * 1 done, and `hook` has the new revision; 0 it was changed meanwhile, or is gone; -1. */
int store_webhook_change(
    struct store *store, struct store_webhook *hook, bool safe, struct err *err);
/* In order of name; `each` returns false to stop. */
int store_webhook_each(struct store *store,
    bool (*each)(const struct store_webhook *hook, void *closure), void *closure, struct err *err);
/* How many events of each kind and name there are behind `cursor`; at most the first `max` are
 * looked at. */
int store_webhook_behind(struct store *store, int64_t cursor, int64_t max,
    void (*each)(enum store_event_kind kind, struct str type, int64_t count, void *closure),
    void *closure, struct err *err);
/* The cursor behind which all events stand that came in then or later. */
int store_webhook_before(struct store *store, int64_t received_ms, int64_t *id_r, struct err *err);

#endif
