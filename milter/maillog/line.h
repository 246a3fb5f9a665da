/* SPDX-License-Identifier: BSD-2-Clause
 *
 * line: one line of a mail log about one message, taken apart
 *
 * Lines as RFC 3164, RFC 5424, rsyslog (time stamp of RFC 3339), postlogd and journalctl's
 * short formats write them, of Postfix and of Sendmail.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef MAILLOG_LINE_H
#define MAILLOG_LINE_H

#include "base/str.h"

/* Longer ones are no queue ids. */
#define MAILLOG_QUEUE_ID_SIZE 64

struct maillog_line {
	struct str stamp;   /* begins with the time stamp; see stamp.h */
	struct str program; /* "cleanup" of "postfix/cleanup[123]:", "sendmail" of "sendmail[1]:" */
	bool postfix;	    /* there was a slash */
	struct str queue_id;
	struct str rest; /* after the queue id */
};

/* False if it is no line about a message. */
bool maillog_line_parse(struct str line, struct maillog_line *line_r);
/* The same without time stamp and host: "postfix/cleanup", and what it said. */
bool maillog_line_make(struct str tag, struct str text, struct maillog_line *line_r);
/* The address in "NAMEaddress>," with NAME as in "to=<"; STR_NONE if there is none. */
struct str maillog_line_address(struct str rest, const char *name);

#endif
