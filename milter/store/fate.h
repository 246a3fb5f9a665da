/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fate: what became of copies, as journal and events say together
 *
 * A copy is a message key and a recipient. What ends a copy's way is one event, whoever told of
 * it and however often: the relay's log and the report that the same relay sends say the same.
 * So these events have the source STORE_FATE_SOURCE and an id made of the copy. What may come
 * several times (deferred) keeps the id of who told it.
 *
 * Threads: any.
 */
#ifndef STORE_FATE_H
#define STORE_FATE_H

#include "store/event.h"
#include "store/journal.h"

#define STORE_FATE_SOURCE  "delivery"
#define STORE_FATE_ID_SIZE 40

/* Letters stand in ids: never changed, only added to. */
enum store_fate {
	STORE_FATE_NONE = 0, /* it may come several times */
	STORE_FATE_DELIVERED = 'd',
	STORE_FATE_DEAD = 'h',	 /* bounced: the address is dead */
	STORE_FATE_FAILED = 's', /* bounced: for a reason of the address's, which may pass */
	STORE_FATE_TURNED = 'n', /* bounced: for a reason that is not the address's */
	STORE_FATE_COMPLAINED = 'c',
};

/* The source_id of the event of this copy. False: there is none. */
bool store_fate_id(
    struct str message, struct str recipient, enum store_fate fate, char id[STORE_FATE_ID_SIZE]);
/* Is there such an event? 1, 0, -1. */
int store_fate_known(struct store *store, struct str message, struct str recipient,
    enum store_fate fate, struct err *err);

/* How many of the recipient's copies since `since_ms` were dead or failed, newest first, until one that shows
 * that somebody is there: it was delivered and did not come back, or the contact (0: none) opened
 * or clicked later than it was sent. Counted up to `max`. */
int store_fate_failures(struct store *store, struct str recipient, int64_t contact,
    int64_t since_ms, int max, int *count_r, struct err *err);
/* Is there a sign of life later than `after_ms`, in the same sense? 1, 0, -1. */
int store_fate_alive(
    struct store *store, struct str recipient, int64_t contact, int64_t after_ms, struct err *err);

/* The newest row of this recipient whose message key begins with `prefix` (of a token, see
 * link_message_prefix), or whose Message-ID, with <>, is `message_id`; what is absent does not
 * count. 1 found, text in the arena; 0; -1. */
int store_fate_copy(struct store *store, struct str recipient, struct str prefix,
    struct str message_id, struct arena *arena, struct store_journal_row *row_r, struct err *err);

#endif
