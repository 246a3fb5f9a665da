/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dkim: what `mailtailor dkim` and `mailtailor doctor` share
 *
 * Threads: one.
 */
#ifndef CTL_DKIM_H
#define CTL_DKIM_H

#include "ctl/ctl.h"
#include "dkim/record.h"

/* What ought to be in DNS for one section, and what is. */
struct ctl_dkim_record {
	char name[DKIM_NAME_MAX];
	EVP_PKEY *key;
	enum dkim_algorithm algorithm;
	char *text;		     /* what ought to be there */
	const char *state;	     /* ok, missing, different, revoked, silent; by _ask */
	const char *why;	     /* a sentence without its stop; NULL if it is ok */
	char found[DKIM_RECORD_MAX]; /* what is there, or empty */
};

/* NULL if the key can't be read. */
struct ctl_dkim_record *ctl_dkim_record_new(const struct conf_dkim *section, struct err *err);
void ctl_dkim_record_free(struct ctl_dkim_record *record);
void ctl_dkim_record_ask(struct ctl_dkim_record *record, const char *dns);

/* `mailtailor dkim verify`. */
int ctl_dkim_verify(struct ctl *ctl, int argc, char **argv);

#endif
