/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce: what the files of `mailtailor bounce` share
 */
#ifndef CTL_BOUNCE_H
#define CTL_BOUNCE_H

#include "ctl/ctl.h"
#include "ctl/mailfile.h"
#include "delivery/act.h"
#include "delivery/proof.h"
#include "delivery/report.h"

struct bounce_command {
	struct ctl *ctl;
	struct str recipient;
	const char *client; /* that the relay got the message from; NULL: not known */
	bool json;
	bool pipe;		/* one message, which must not get lost */
	bool act;		/* there is a database, and nobody said --dry-run */
	struct link_keys *keys; /* NULL without a configuration */
	struct arena *arena;
	size_t messages;
	size_t kinds[DELIVERY_AUTOREPLY + 1];
	size_t suppressed;
	int failed; /* exit status of what could not be acted upon */
	bool keep;  /* the last message has to go into the folder */
};

/* What was done about a message. */
struct bounce_result {
	/* NULL: nothing was tried. "dmarc", "unproven", "untrusted", "nothing", or what
	 * delivery_outcome_name says. */
	const char *outcome;
	char scope[256]; /* that the address is suppressed for; may be empty */
	char why[256];	 /* it is untrusted or no report; may be empty */
	enum delivery_proof_kind proof;
	bool kept; /* something came of it, so it need not be kept in the folder */
};

/* Acts on what was read: 0, or -1, and the message has to come again. */
int bounce_act(struct bounce_command *command, const struct ctl_mail *mail,
    const struct delivery_report *report, struct bounce_result *result_r, struct err *err);

void bounce_put_json(const struct bounce_command *command, const struct ctl_mail *mail,
    const struct delivery_report *report, const struct bounce_result *result);
void bounce_put_text(const struct bounce_command *command, const struct ctl_mail *mail,
    const struct delivery_report *report, const struct bounce_result *result);

#endif
