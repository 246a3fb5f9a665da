/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_reply: one SMTP reply, read strictly
 */
#ifndef OUTBOX_REPLY_H
#define OUTBOX_REPLY_H

#include "outbox/wire.h"

#define OUTBOX_REPLY_TEXT_SIZE ERR_TEXT_MAX
#define OUTBOX_QUEUE_ID_SIZE   64

struct outbox_reply {
	int code;
	char enhanced[12];		   /* "5.1.1", or empty */
	char text[OUTBOX_REPLY_TEXT_SIZE]; /* code and the lines joined by spaces, cut if long; no
					    * controls */
};

/* Called for each line with what stands after the code and its separator. */
typedef void outbox_reply_line(struct str text, void *closure);

/* `each` may be NULL. ERR_IO, ERR_PROTO: the connection is of no use any more. */
int outbox_reply_read(struct outbox_wire *wire, int64_t deadline_us, outbox_reply_line *each,
    void *closure, struct outbox_reply *reply_r, struct err *err);
/* The queue id in the reply to the final dot, as Postfix ("queued as ID"), Sendmail ("ID Message
 * accepted for delivery") and Exim ("id=ID") give it. Empty if there is none. */
void outbox_reply_queue_id(const struct outbox_reply *reply, char id[OUTBOX_QUEUE_ID_SIZE]);

#endif
