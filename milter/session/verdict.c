/* SPDX-License-Identifier: BSD-2-Clause
 *
 * verdict: see verdict.h
 *
 * Threads: any; touches only its arguments.
 */
#include "session/verdict.h"

#include <stdio.h>

/* RFC 3463: x.3.x mail system, x.6.x content, x.7.x policy. */
static const char *const xcodes[] = {
    [ERR_NONE] = "4.7.1",
    [ERR_CONFIG] = "4.3.5",
    [ERR_INPUT] = "4.6.0",
    [ERR_TEMPLATE] = "4.6.0",
    [ERR_MISSING] = "4.7.1",
    [ERR_ABORT] = "4.7.1",
    [ERR_LIMIT] = "4.3.4",
    [ERR_NOTFOUND] = "4.7.1",
    [ERR_PERM] = "4.3.5",
    [ERR_IO] = "4.3.0",
    [ERR_STORE] = "4.3.0",
    [ERR_BUSY] = "4.3.2",
    [ERR_KEY] = "4.3.5",
    [ERR_PLUGIN] = "4.3.0",
    [ERR_PROTO] = "4.3.0",
};

/* One line of printable ASCII; a percent sign is doubled, since the MTA reads the text
 * as a format (smfi_setreply). */
static void
set_text(struct session_verdict *verdict, struct str reason)
{
	size_t used = 0;

	for (size_t i = 0; i < reason.n && used + 2 < sizeof verdict->text; i++) {
		unsigned char c = (unsigned char)reason.p[i];

		if (c < ' ' || c > '~')
			c = '?';
		if (c == '%')
			verdict->text[used++] = '%';
		verdict->text[used++] = (char)c;
	}
	verdict->text[used] = '\0';
}

static void
set(struct session_verdict *verdict, sfsistat status, const char *code, const char *xcode,
    struct str reason)
{
	verdict->status = status;
	verdict->code = code;
	verdict->xcode = xcode;
	set_text(verdict, reason);
}

void
session_verdict_error(const struct err *err, struct session_verdict *verdict_r)
{
	set(verdict_r, SMFIS_TEMPFAIL, "451", xcodes[err->code], str_c(err->text));
}

void
session_verdict_too_long(struct session_verdict *verdict_r)
{
	set(verdict_r, SMFIS_REJECT, "552", "5.3.4",
	    STR("The campaign message is larger than max_message allows"));
}

void
session_verdict_copy(const struct tailor_copy *copy, struct session_verdict *verdict_r)
{
	switch (copy->verdict) {
	case STORE_SENT:
		set(verdict_r, SMFIS_ACCEPT, NULL, NULL, STR_NONE);
		return;
	case STORE_SUPPRESSED:
		set(verdict_r, SMFIS_DISCARD, NULL, NULL, STR_NONE);
		return;
	case STORE_FAILED:
		set(verdict_r, SMFIS_REJECT, "550", "5.7.1", copy->reason);
		return;
	case STORE_DEFERRED:
		break;
	}
	set(verdict_r, SMFIS_TEMPFAIL, "451", xcodes[copy->code], copy->reason);
}

sfsistat
session_verdict_reply(SMFICTX *ctx, const struct session_verdict *verdict)
{
	char code[4], xcode[8], text[VERDICT_TEXT_SIZE];

	if (verdict->code == NULL)
		return verdict->status;
	/* libmilter takes char *, though it changes nothing. A text that it does not like
	 * is left out; the status is what counts. */
	snprintf(code, sizeof code, "%s", verdict->code);
	snprintf(xcode, sizeof xcode, "%s", verdict->xcode);
	snprintf(text, sizeof text, "%s", verdict->text);
	(void)smfi_setreply(ctx, code, xcode, text);
	return verdict->status;
}
