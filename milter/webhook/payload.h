/* SPDX-License-Identifier: BSD-2-Clause
 *
 * payload: which events a webhook gets, and the body that tells of them
 *
 * A batch is a stretch of events: those behind the cursor, up to its last one, that the webhook
 * wants. So it is made anew from the store for each attempt: what was erased meanwhile is not
 * told any more.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef WEBHOOK_PAYLOAD_H
#define WEBHOOK_PAYLOAD_H

#include "base/buf.h"
#include "conf/conf.h"
#include "store/event.h"

/* Events that are looked at for one batch, wanted or not. */
#define WEBHOOK_SCAN_MAX 1000
/* A batch ends where the properties in it have so many bytes. */
#define WEBHOOK_BYTES_MAX ((size_t)1 << 20)
#define WEBHOOK_BODY_MAX  ((size_t)16 << 20)
/* For what one batch reads. */
#define WEBHOOK_MEMORY ((size_t)64 << 20)

/* `type`: the event's name, of those that have one. */
bool webhook_wants(const struct conf_webhook *section, enum store_event_kind kind, struct str type);
/* Does any webhook want some of this kind? */
bool webhook_any_wants(const struct conf *conf, enum store_event_kind kind);

struct webhook_batch {
	struct buf body; /* its ceiling is WEBHOOK_BODY_MAX */
	size_t count;	 /* of events in it; 0: there is no body */
	int64_t last;	 /* the last event that was looked at; 0: there was none */
	bool more;	 /* there may be more behind it */
};

void webhook_batch_init(struct webhook_batch *batch);
void webhook_batch_fini(struct webhook_batch *batch);
/* What there is behind `cursor`; `last` 0: as much as may be in one batch, else up to that one. 0 or
 * -1. */
int webhook_batch_make(struct webhook_batch *batch, struct store *store,
    const struct conf_webhook *section, int64_t cursor, int64_t last, struct err *err);
/* The body of a test: one event that never was. */
int webhook_batch_test(
    struct webhook_batch *batch, const struct conf_webhook *section, int64_t now_ms);
/* How many wait behind `cursor`; at most the first `max` events are looked at. */
int webhook_behind(struct store *store, const struct conf_webhook *section, int64_t cursor,
    int64_t max, int64_t *count_r, struct err *err);

#endif
