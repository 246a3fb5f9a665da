/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_hands: which claimed rows have gone so far that the relay may have them
 *
 * A note in memory that the master shares with the outbox processes of each slot, so that it
 * outlives them. A row is noted before the first byte of its data leaves, and wiped when what
 * became of it is committed. Claimed rows of a dead process that do not stand there were never
 * handed over, and need not be settled by the relay's log. After a restart of the master nothing
 * is known, and all are in doubt.
 *
 * The master leaves word there, too: which row a plugin was busy with when its process died.
 *
 * Threads: any. The lists are one process's at a time (see slot.h); the master writes `culprit`
 *          and `why` while there is none.
 */
#ifndef OUTBOX_HANDS_H
#define OUTBOX_HANDS_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdint.h>

/* More than one process has in hand in practice; what goes beyond is in doubt after a crash. */
#define OUTBOX_HANDS_ROWS 4096

struct outbox_hands {
	atomic_int known; /* whoever does not stand in `row` was not begun */
	atomic_uint next; /* where to look for room */
	atomic_llong row[OUTBOX_HANDS_ROWS];
	atomic_llong culprit; /* row, or 0 */
	char why[ERR_TEXT_MAX];
};

/* For so many slots, zero, to be shared with processes that are forked then; NULL: there is no
 * memory for it. */
struct outbox_hands *outbox_hands_new(size_t slots);

/* All of these do nothing, or know nothing, if `hands` is NULL. */

/* The row's data is about to leave. Returns what outbox_hands_end wants. */
int outbox_hands_begin(struct outbox_hands *hands, int64_t row);
/* What became of it is committed. 0: it was not begun. */
void outbox_hands_end(struct outbox_hands *hands, int hand);
/* The same for a row whose number was lost. */
void outbox_hands_forget(struct outbox_hands *hands, int64_t row);
bool outbox_hands_has(const struct outbox_hands *hands, int64_t row);
bool outbox_hands_known(const struct outbox_hands *hands);
/* From now on these rows are noted, and no others. */
void outbox_hands_reset(struct outbox_hands *hands, const int64_t *rows, size_t count);

/* For the master: a plugin was busy with this row when the slot's process died. */
void outbox_hands_accuse(struct outbox_hands *hands, int64_t row, const char *why);

#endif
