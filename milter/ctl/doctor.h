/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor: looks at the machine and says what is missing for the job
 *
 * Each concern is a function that looks and adds findings; none of them changes
 * anything.
 *
 * Owns:    the findings and what postconf said, in struct doctor.
 * Threads: one at a time, and no others: some checks fork (conf/machine.h).
 */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include "conf/conf.h"
#include "ctl/finding.h"
#include "ctl/postfix.h"

struct doctor {
	const struct conf *conf;
	struct postfix *postfix; /* NULL if there is no postconf */
	struct finding_list found;
	bool dns_silent; /* it did not answer once: it is not asked again */
};

/* `mailtailor doctor [--json] [--postfix DIR]` with the configuration file `path`.
 * Exit code: 0 if there are no errors, 1 if there are, EX_USAGE. */
int doctor_command(const char *path, int argc, char **argv, FILE *out);

/* What Postfix's settings say: doctor_postfix.c, with doctor_smtpd.c for how each smtpd
 * calls us, and doctor_bytes.c for what changes a message once it is signed. */
void doctor_check_postfix(struct doctor *doctor);
void doctor_check_smtpds(struct doctor *doctor);
void doctor_check_bytes(struct doctor *doctor);
/* Does the relay greet on its port, does mailtailord answer on the milter socket:
 * doctor_reach.c. */
void doctor_check_reach(struct doctor *doctor);
/* The mail log, the database, disk and clock: doctor_machine.c. */
void doctor_check_machine(struct doctor *doctor);
/* Keys and their DNS records: doctor_dkim.c. */
void doctor_check_dkim(struct doctor *doctor);
/* DMARC records, and whether d= and envelope sender align with From: doctor_dmarc.c. */
void doctor_check_dmarc(struct doctor *doctor);
/* The keys of link tokens: doctor_link.c. */
void doctor_check_link(struct doctor *doctor);
void doctor_check_law(struct doctor *doctor);
/* Secrets of webhooks, and what their receivers say: doctor_webhook.c. */
void doctor_check_webhook(struct doctor *doctor);

/* The command that sets `name` to `value` becomes the newest finding's remedy: in
 * master.cf where `service` (may be NULL) has it there, else in main.cf. */
void doctor_advise(struct doctor *doctor, const struct postfix_service *service, const char *name,
    const char *value);

enum doctor_reach {
	DOCTOR_REACH_NONE,
	DOCTOR_REACH_OURS,
	DOCTOR_REACH_CHROOT /* ours, were it not for the chroot */
};

/* Does this address, as Postfix writes it, lead to our socket? */
enum doctor_reach doctor_milter_reach(const struct doctor *doctor, struct str address, bool chroot);
/* What a smtpd_milters element that leads to our socket looks like for a service of
 * Postfix; NULL if it can't reach it. For chrooted services the path is within
 * queue_directory. The result lives until the next call. */
const char *doctor_milter_value(const struct doctor *doctor, bool chroot);

#endif
