/* SPDX-License-Identifier: BSD-2-Clause
 *
 * postfix: what postconf(1) says about one Postfix
 *
 * Asked once for everything, with all $names expanded; look-ups are local then.
 *
 * Owns:    every text that it returns, until postfix_close.
 * Threads: one at a time.
 */
#ifndef CTL_POSTFIX_H
#define CTL_POSTFIX_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

struct postfix;

/* One line of master.cf. */
struct postfix_service {
	const char *name;    /* as in "submission" or "127.0.0.1:10026" */
	const char *type;    /* inet, unix, pass, ... */
	const char *program; /* smtpd, cleanup, ... */
	bool chroot;
};

/* `folder` "" is the default instance. ERR_NOTFOUND if there is no postconf on this
 * machine, ERR_IO if it fails; the text holds what it says. */
int postfix_open(struct postfix **postfix_r, const char *folder, struct err *err);
void postfix_close(struct postfix **postfix);

/* The value in main.cf or the default; "" if it is empty or this Postfix does not know it. */
const char *postfix_get(const struct postfix *postfix, const char *name);
/* The same for one service: its -o option, else postfix_get. */
const char *postfix_service_get(
    const struct postfix *postfix, const struct postfix_service *service, const char *name);
bool postfix_service_overrides(
    const struct postfix *postfix, const struct postfix_service *service, const char *name);
/* All services; *count_r of them. */
const struct postfix_service *postfix_services(const struct postfix *postfix, size_t *count_r);
/* The first SMTP transport whose NAME_destination_recipient_limit is 1; NULL if none. */
const char *postfix_splitting_transport(const struct postfix *postfix);
/* "postconf", with -c and the folder where it is not the default: for advice. */
const char *postfix_command(const struct postfix *postfix);

/* "30s", "5m", or a number alone, which counts in `unit` ('s', 'm', 'h', 'd'); in
 * seconds, -1 if it is none. */
int64_t postfix_seconds(const char *value, char unit);
/* Next element of a list with white space or commas between; braces hold together and
 * are left out of the result. */
bool postfix_next(struct str *rest, struct str *element_r);

#endif
