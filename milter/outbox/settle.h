/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_settle: decides about rows whose copy may or may not have reached the relay
 *
 * A row is in doubt when its process died while it was claimed, or when the connection broke
 * after the final dot. The relay's log decides, by the Message-ID; see settle.c.
 */
#ifndef OUTBOX_SETTLE_H
#define OUTBOX_SETTLE_H

#include "outbox/sender.h"

struct outbox_settler;

/* Starts the settler's thread. `office` is borrowed. */
int outbox_settler_new(
    struct outbox_settler **settler_r, const struct outbox_office *office, struct err *err);
/* Takes rows over, which are claimed in the store; copies what it needs. */
void outbox_settler_add(
    struct outbox_settler *settler, const struct store_outbox_row *rows, size_t count);
/* Ends the thread. Rows still in doubt stay claimed, and the next process of this slot goes on
 * with them. */
void outbox_settler_free(struct outbox_settler **settler);

#endif
