/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report: what a returned message says about our mail
 *
 * A pure function from the bytes of one message to what it reports: a bounce, a delay, a
 * delivery, a complaint, an automatic reply, or nothing of the kind. Whose message it is
 * about is told by our own token where it holds one, else only by the addresses it names.
 * Nothing here says that the report is true: who acts on it has to ask for the token.
 *
 * How it is found out, in this order: a report by RFC 3464 (status.c), a complaint
 * (feedback.c), a report in free form (form.c), an automatic reply (autoreply.c).
 *
 * Threads: any; touches only its arguments.
 */
#ifndef DELIVERY_REPORT_H
#define DELIVERY_REPORT_H

#include "base/arena.h"
#include "base/str.h"
#include "link/link.h"

/* Ceilings. What lies beyond is not looked at, and the report says `truncated`. */
#define DELIVERY_RAW_MAX	((size_t)16 << 20)  /* bytes of the message */
#define DELIVERY_TEXT_MAX	((size_t)256 << 10) /* of the text for people */
#define DELIVERY_DIAGNOSTIC_MAX 2000
#define DELIVERY_RECIPIENTS_MAX 1000
/* An arena with this ceiling is large enough for every message. */
#define DELIVERY_ARENA (4 * DELIVERY_RAW_MAX)

enum delivery_kind {
	DELIVERY_NONE,
	DELIVERY_BOUNCE,    /* some recipient got nothing, and will not */
	DELIVERY_DELAYED,   /* not yet; nothing is lost */
	DELIVERY_DELIVERED, /* delivered, relayed or expanded */
	DELIVERY_COMPLAINT, /* somebody does not want our mail */
	DELIVERY_AUTOREPLY, /* out of office, challenges, and what else answers by itself */
};

enum delivery_action {
	DELIVERY_ACTION_NONE, /* not a matter of delivery */
	DELIVERY_ACTION_FAILED,
	DELIVERY_ACTION_DELAYED,
	DELIVERY_ACTION_DELIVERED,
	DELIVERY_ACTION_RELAYED,
	DELIVERY_ACTION_EXPANDED,
};

enum delivery_reason {
	DELIVERY_OTHER,
	DELIVERY_USER_UNKNOWN,
	DELIVERY_MAILBOX_FULL,
	DELIVERY_HOST_UNKNOWN, /* no such domain, or one that takes no mail (RFC 7505) */
	DELIVERY_POLICY,       /* who we are or how we came: lists, authentication, relaying */
	DELIVERY_SPAM,	       /* what the message looks like */
	DELIVERY_TOO_BIG,
	DELIVERY_CONTENT, /* viruses, attachments, a form that they don't take */
	DELIVERY_NETWORK, /* no connection, loops, DNS that fails */
	DELIVERY_RATE_LIMITED,
	DELIVERY_MOVED,
	DELIVERY_SUSPENDED,
	DELIVERY_EXPIRED, /* time ran out, and nothing says why */
};

struct delivery_recipient {
	struct str address;    /* Final-Recipient; who complained; who answered; may be empty */
	struct str original;   /* Original-Recipient where it differs; else empty */
	struct str status;     /* RFC 3463: "5.1.1"; empty if it is no matter of delivery */
	struct str diagnostic; /* what the server said, one line; may be empty */
	enum delivery_action action;
	enum delivery_reason reason;
	bool hard; /* this address will not work tomorrow either */
};

struct delivery_report {
	enum delivery_kind kind;
	/* A word more: "auth-failure", "opt-out", "read-receipt", ...; "" where there is none. */
	const char *detail;
	struct delivery_recipient *recipients; /* in the arena */
	size_t count;
	bool truncated;	       /* the message is larger than what was looked at */
	struct str message_id; /* of the message it is about, without <>; may be empty */
	bool has_token;
	bool token_in_envelope;	 /* it stands in the address that the message was sent to */
	struct link_facts token; /* of the copy it is about; if has_token */
};

struct delivery_input {
	struct str raw;		      /* any bytes; any line ends */
	struct str recipient;	      /* of the envelope it came in; may be empty */
	const struct link_keys *keys; /* NULL: tokens are not looked for */
};

/* All text in `report_r` is in the arena. It can't fail: a message that can't be read as a
 * report is DELIVERY_NONE. */
void delivery_read(
    const struct delivery_input *input, struct arena *arena, struct delivery_report *report_r);

/* "bounce", "user unknown", "failed" */
const char *delivery_kind_name(enum delivery_kind kind);
const char *delivery_reason_name(enum delivery_reason reason);
const char *delivery_action_name(enum delivery_action action);

#endif
