/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_smtp: a persistent SMTP connection to the relay, fed message by message
 *
 * After each message the caller knows exactly one of five things; what follows from it is the
 * caller's business.
 */
#ifndef OUTBOX_SMTP_H
#define OUTBOX_SMTP_H

#include "outbox/envelope.h"
#include "outbox/reply.h"

enum outbox_result {
	OUTBOX_ACCEPTED,  /* the relay has it */
	OUTBOX_TEMPORARY, /* 4xx for this message */
	OUTBOX_PERMANENT, /* 5xx for this message, or it can't be put on the wire */
	OUTBOX_NOT_SENT,  /* no answer for this message: connection lost, 421, cancelled; the relay
			   * does not have it */
	OUTBOX_IN_DOUBT,  /* the final dot may have arrived, the answer did not */
};

/* How far the dialogue was when the result became known. */
enum outbox_stage {
	OUTBOX_AT_CONNECT,
	OUTBOX_AT_GREETING,
	OUTBOX_AT_EHLO,
	OUTBOX_AT_MAIL,
	OUTBOX_AT_RCPT,
	OUTBOX_AT_DATA,
	OUTBOX_AT_DOT,
};

struct outbox_outcome {
	enum outbox_result result;
	enum outbox_stage stage;
	struct outbox_reply reply;	     /* code 0: the relay did not answer */
	char reason[ERR_TEXT_MAX];	     /* reply text, or what went wrong */
	char queue_id[OUTBOX_QUEUE_ID_SIZE]; /* when accepted; empty if the reply has none */
};

struct outbox_relay {
	const char *hostport;
	const char *ehlo_name;
	int64_t timeout_ms; /* for each answer */
	int cancel_fd;	    /* readable: give up whatever can be given up safely; -1: none */
};

struct outbox_smtp;

/* Connects, reads the greeting, says EHLO. On failure outcome_r has NOT_SENT with stage and
 * reason. */
int outbox_smtp_open(struct outbox_smtp **smtp_r, const struct outbox_relay *relay,
    struct outbox_outcome *outcome_r);
/* Hands over one message. Always fills outcome_r. */
void outbox_smtp_send(struct outbox_smtp *smtp, const struct outbox_message *message,
    struct outbox_outcome *outcome_r);
/* Can the next message go over this connection? False after it was lost or 421, when the relay
 * has said something or closed meanwhile, and when a fresh connection is the better one (old, or
 * so many refusals that the relay would soon slow us down). */
bool outbox_smtp_usable(const struct outbox_smtp *smtp);
/* Says QUIT where that makes sense. NULL is allowed. */
void outbox_smtp_close(struct outbox_smtp **smtp);

#endif
