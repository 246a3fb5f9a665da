/* SPDX-License-Identifier: BSD-2-Clause
 *
 * reason: why a message was not delivered, from what the server said
 *
 * Three witnesses, in this order: the words (reason_words.c), the enhanced status (RFC 3463,
 * RFC 5248), the reply code of SMTP. Words come first since servers choose codes carelessly.
 *
 * `hard` is said with care, for it stops mail to an address for good: the failure is
 * permanent, it is about the address itself (unknown, moved, its domain unknown), and it
 * was said where an address is judged: by status x.1.y, in the reply to RCPT, or in words that only
 * a server that knows its mailboxes has. "User unknown" in reply to DATA is what
 * some systems say to unwanted mail. Nor is the code enough: 550 in reply to RCPT stands for
 * policy and full mailboxes as well (RFC 5321 section 4.2.3).
 *
 * Threads: any; touches only its arguments.
 */
#ifndef DELIVERY_REASON_H
#define DELIVERY_REASON_H

#include "delivery/found.h"

enum delivery_stage {
	DELIVERY_STAGE_UNKNOWN,
	DELIVERY_STAGE_CONNECT, /* greeting, HELO, STARTTLS, AUTH */
	DELIVERY_STAGE_MAIL,
	DELIVERY_STAGE_RCPT,
	DELIVERY_STAGE_DATA,
	DELIVERY_STAGE_LOCAL, /* no SMTP: the reporting system's own mailboxes */
};

/* Fills status, diagnostic, action, reason and hard. */
void delivery_judge(const struct delivery_found *found, struct arena *arena,
    struct delivery_recipient *recipient_r);

/* From the first reply code that says no (RFC 5321 section 4.2); empty if there is none. */
struct str delivery_from_code(struct str text);

/* --- reason_words.c --- */

struct delivery_words {
	const char *phrase;
	enum delivery_reason reason;
	bool certain; /* said of an address by one who knows */
};

/* Ends with phrase == NULL; the first one that is found counts. */
extern const struct delivery_words delivery_reason_words[];

struct delivery_stage_words {
	const char *phrase;
	enum delivery_stage stage;
};

extern const struct delivery_stage_words delivery_stage_words[];

#endif
