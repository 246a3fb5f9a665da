/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_envelope: one message for one recipient, and the commands that announce it
 */
#ifndef OUTBOX_ENVELOPE_H
#define OUTBOX_ENVELOPE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* What the relay offered in its EHLO reply. */
enum outbox_extension {
	OUTBOX_EXT_PIPELINING = 1,
	OUTBOX_EXT_DSN = 2,
	OUTBOX_EXT_SMTPUTF8 = 4,
	OUTBOX_EXT_8BITMIME = 8,
	OUTBOX_EXT_SIZE = 16,
};

struct outbox_message {
	struct str sender; /* without <>; empty: the null sender */
	struct str recipient;
	struct str mail_args; /* RET and ENVID are passed on, the rest is not */
	struct str rcpt_args; /* the same for NOTIFY and ORCPT */
	bool smtputf8;
	const struct str *spans; /* header fields, empty line, body; lines end in CRLF */
	size_t span_count;
	/* Called before the first byte of the data leaves; or NULL. */
	void (*begins)(void *closure);
	void *closure;
};

/* MAIL and RCPT with CRLF. `size_max`: what the relay said with SIZE, 0: no limit. With -1 this
 * message can never be sent to this relay: an address or parameter that can't stand in a command
 * (ERR_INPUT), SMTPUTF8 needed but not offered (ERR_PROTO), too big (ERR_LIMIT). */
int outbox_envelope_commands(const struct outbox_message *message, unsigned extensions,
    unsigned long long size_max, struct buf *mail, struct buf *rcpt, struct err *err);

#endif
