/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_maillog: what the relay's log says about copies of ours
 */
#ifndef OUTBOX_MAILLOG_H
#define OUTBOX_MAILLOG_H

#include "base/err.h"
#include "base/str.h"
#include "conf/conf.h"
#include "tailor/message_id.h"

#include <stdint.h>

#define OUTBOX_MAILLOG_QUEUE_ID_SIZE 64

/* One line of Postfix's log, taken apart. Exported for the tests. */
struct outbox_maillog_line {
	struct str program; /* "cleanup" of "postfix/cleanup[123]:" */
	struct str queue_id;
	struct str rest; /* after the queue id */
};

/* Lines as RFC 3164, RFC 5424, rsyslog (ISO time stamp) and postlogd write them. False if it is
 * no line about a message. */
bool outbox_maillog_parse(struct str line, struct outbox_maillog_line *line_r);

/* What is known of one copy. */
struct outbox_clue {
	char local[TAILOR_MESSAGE_ID_LOCAL + 1]; /* of its Message-ID */
	bool accepted;
	char queue_id[OUTBOX_MAILLOG_QUEUE_ID_SIZE]; /* empty: the relay never began to take it */
	char message_id[256];			     /* as the log has it, with <> */
};

struct outbox_maillog;

/* Follows these files (the newest first) from the beginning; of the older ones those that were
 * written to after `since_ms`. */
struct outbox_maillog *outbox_maillog_new(const struct conf_list *paths, int64_t since_ms);
void outbox_maillog_free(struct outbox_maillog **log);
/* `clue` is borrowed until the log is freed, and filled by outbox_maillog_read. Before the first
 * outbox_maillog_read only. */
void outbox_maillog_watch(struct outbox_maillog *log, struct outbox_clue *clue);
/* Reads what is new, also across a rotation. ERR_IO: the newest file can't be read, and nothing
 * follows from what is not in the log. */
int outbox_maillog_read(struct outbox_maillog *log, struct err *err);
/* Bytes read so far: does the log live? */
uint64_t outbox_maillog_bytes(const struct outbox_maillog *log);

#endif
