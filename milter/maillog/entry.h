/* SPDX-License-Identifier: BSD-2-Clause
 *
 * entry: what a line of Postfix or Sendmail says about a message
 *
 * Threads: any; touches only its arguments.
 */
#ifndef MAILLOG_ENTRY_H
#define MAILLOG_ENTRY_H

#include "maillog/line.h"

#include <stdint.h>

enum maillog_kind {
	MAILLOG_OTHER,	    /* nothing that matters */
	MAILLOG_CAME,	    /* the queue id begins a new life */
	MAILLOG_MESSAGE_ID, /* the message's Message-ID */
	MAILLOG_RESULT,	    /* what became of a recipient, or of several (Sendmail) */
	MAILLOG_EXPIRED,    /* it was too long in the queue, and returns to its sender */
	MAILLOG_DELETED,    /* somebody took it out of the queue */
	MAILLOG_DONE,	    /* it left the queue, as all recipients were served */
};

enum maillog_outcome { MAILLOG_SENT, MAILLOG_DEFERRED, MAILLOG_BOUNCED };

struct maillog_entry {
	enum maillog_kind kind;
	struct str message_id; /* with <>; may be empty */
	/* Of a result: */
	struct str to; /* see maillog_entry_address */
	bool several;  /* it may be a list */
	struct str orig_to;
	struct str relay; /* "mx.example.org[192.0.2.1]:25"; "none" */
	int64_t delay_ms; /* since it came; -1: not said */
	struct str status;
	enum maillog_outcome outcome;
	struct str text; /* what the server said */
	struct str next; /* the queue id that took it over, on this machine or another; or empty */
};

void maillog_entry_read(const struct maillog_line *line, struct maillog_entry *entry_r);
/* Takes an address off `rest`, which is `to` at first; false at the end. */
bool maillog_entry_address(
    const struct maillog_entry *entry, struct str *rest, struct str *address_r);

#endif
