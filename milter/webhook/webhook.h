/* SPDX-License-Identifier: BSD-2-Clause
 *
 * webhook: one of them in the process that sends: what it waits for, what is under way
 *
 * One request at a time, and the next batch only when this one was taken: that keeps the order.
 * Before a batch leaves for the first time the store has where it ends, its id and the digest of its
 * body, and so have all events in it, on disk: whoever sends it again, after whatever end of this
 * process, sends the same. Only if what it tells has changed meanwhile (a contact was erased, a click
 * turned out to be a machine's) does it get another id.
 *
 * Owns:    the transfer.
 * Threads: one.
 * Fails:   as lines in the log, and in the store; nothing is skipped.
 */
#ifndef WEBHOOK_WEBHOOK_H
#define WEBHOOK_WEBHOOK_H

#include "store/store.h"
#include "webhook/send.h"

#define WEBHOOK_MESSAGE_ID_SIZE 40

struct webhook {
	const struct conf_webhook *section;
	const struct webhook_secrets *secrets;
	struct fetch *fetch; /* NULL: nothing is under way */
	char id[WEBHOOK_MESSAGE_ID_SIZE];
	size_t count;	 /* of events under way */
	int64_t look_us; /* when to look again (clock_mono_us) */
	int64_t cursor;	 /* as the store had it last */
	int64_t seen;	 /* nothing up to here is wanted; at least the cursor */
	int64_t complained_us;
};

/* Something to send? Then `fetch` is ready and new. */
void webhook_look(struct webhook *hook, struct store *store);
/* The transfer ended so; it is freed. */
void webhook_ended(struct webhook *hook, struct store *store, CURLcode code);
/* "msg_" and 32 random digits. */
void webhook_new_id(char id[WEBHOOK_MESSAGE_ID_SIZE]);

#endif
