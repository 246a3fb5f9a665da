/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_logline: one line of Postfix's log, taken apart
 */
#ifndef OUTBOX_LOGLINE_H
#define OUTBOX_LOGLINE_H

#include "base/str.h"
#include "outbox/reply.h"

#include <stdint.h>

/* So much of a line holds its time stamp. */
#define OUTBOX_LOGLINE_TIME_SIZE 48

struct outbox_logline {
	struct str program; /* "cleanup" of "postfix/cleanup[123]:" */
	struct str queue_id;
	struct str rest; /* after the queue id */
};

/* Lines as RFC 3164, RFC 5424, rsyslog (ISO time stamp) and postlogd write them. False if it is
 * no line about a message. */
bool outbox_logline_parse(struct str line, struct outbox_logline *line_r);
/* When the line was written, in milliseconds since the epoch, at the end of its second; 0 if it
 * can't be read. */
int64_t outbox_logline_time(const char *text);
/* The address in "NAMEaddress>," with NAME as in "to=<"; STR_NONE if there is none. */
struct str outbox_logline_address(struct str rest, const char *name);

#endif
