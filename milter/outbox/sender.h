/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_sender: a thread that tailors copies and hands them to the relay
 */
#ifndef OUTBOX_SENDER_H
#define OUTBOX_SENDER_H

#include "master/worker.h"
#include "outbox/hands.h"
#include "outbox/letters.h"
#include "outbox/queue.h"
#include "outbox/smtp.h"

/* What all senders of a process work with; read only but for what locks itself. */
struct outbox_office {
	const struct worker *worker;
	struct store *store;
	struct tailor *tailor;
	struct outbox_letters *letters;
	struct outbox_queue *queue;
	struct outbox_hands *hands; /* of this slot; or NULL */
	int cancel_fd;		    /* eventfd: give up what can be given up safely */
};

/* Thread function; `office` is a struct outbox_office. Returns when the queue is closed. */
void *outbox_sender_run(void *office);
/* A connection to the relay with a fresh EHLO name; also for the settler. As
 * outbox_smtp_open. */
int outbox_sender_connect(const struct outbox_office *office, struct outbox_smtp **smtp_r,
    struct outbox_outcome *outcome_r);

#endif
