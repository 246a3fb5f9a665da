/* SPDX-License-Identifier: BSD-2-Clause
 *
 * verdict: what the MTA is told; the one place that maps errors and verdicts to replies
 */
#ifndef SESSION_VERDICT_H
#define SESSION_VERDICT_H

#include "tailor/tailor.h"

#include <libmilter/mfapi.h>

/* smfi_setreply takes at most 980 bytes (RFC 5321 section 4.5.3.1.5 allows 512, which
 * Postfix does not insist on). */
#define VERDICT_TEXT_SIZE 901

struct session_verdict {
	sfsistat status;
	const char *code;  /* "451"; NULL: no text is sent */
	const char *xcode; /* RFC 3463 */
	char text[VERDICT_TEXT_SIZE];
};

/* An error keeps the message with the client: always 4xx, except that a message beyond
 * max_message, which never fits, is refused for good (see session_verdict_too_long). */
void session_verdict_error(const struct err *err, struct session_verdict *verdict_r);
void session_verdict_too_long(struct session_verdict *verdict_r);
/* SENT is SMFIS_ACCEPT. */
void session_verdict_copy(const struct tailor_copy *copy, struct session_verdict *verdict_r);
/* Hands the text to libmilter and returns the status. */
sfsistat session_verdict_reply(SMFICTX *ctx, const struct session_verdict *verdict);

#endif
