/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_maillog: what the relay's log says about copies of ours
 */
#ifndef OUTBOX_MAILLOG_H
#define OUTBOX_MAILLOG_H

#include "base/err.h"
#include "base/str.h"
#include "conf/conf.h"
#include "outbox/reply.h"
#include "tailor/message_id.h"

#include <stdint.h>

/* What is known of one copy. The caller fills in the first five; text is borrowed. */
struct outbox_clue {
	char local[TAILOR_MESSAGE_ID_LOCAL + 1]; /* of its Message-ID */
	struct str sender, recipient;		 /* of the envelope, as the original has them */
	struct str bounce; /* bounce_address of the campaign; empty: the sender stayed */
	int64_t claimed_ms;
	bool accepted;
	char queue_id[OUTBOX_QUEUE_ID_SIZE]; /* empty: the relay never began to take it */
	char message_id[256];		     /* as the log has it, with <> */
};

struct outbox_maillog;

/* Follows these files (the newest first), from a little before `since_ms` on. */
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
