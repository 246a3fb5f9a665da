/* SPDX-License-Identifier: BSD-2-Clause
 *
 * column: see column.h
 *
 * Threads: any; touches only its arguments.
 */
#include "ctl/column.h"

#include "base/clock.h"

#include <stdio.h>

#define NAMES_MAX 8

static const char *const role_names[CTL_ROLES][NAMES_MAX] = {
    [CTL_ADDRESS] = {"email", "e-mail", "e_mail", "email address", "email_address",
	"e-mail address", "mail", "address"},
    [CTL_LANGUAGE] = {"language", "lang"},
    [CTL_TIME_ZONE] = {"time_zone", "timezone", "time zone", "tz"},
    [CTL_CONSENT] = {"consent"},
    [CTL_CONSENT_SOURCE] = {"consent_source", "consent source"},
    [CTL_CONSENT_TIME] = {"consent_time", "consent time"},
    [CTL_CONSENT_PROOF] = {"consent_proof", "consent proof"},
};

/* The place of the name in the role's list, or NAMES_MAX. */
static int
rank(enum ctl_role role, struct str name)
{
	int i;

	name = str_trim(name);
	for (i = 0; i < NAMES_MAX && role_names[role][i] != NULL; i++) {
		if (str_is_nocase(name, role_names[role][i]))
			return i;
	}
	return NAMES_MAX;
}

void
ctl_roles_find(const struct str *names, size_t count, int index_r[CTL_ROLES])
{
	for (int role = 0; role < CTL_ROLES; role++) {
		int best = NAMES_MAX;

		index_r[role] = -1;
		for (size_t i = 0; i < count; i++) {
			int here = rank((enum ctl_role)role, names[i]);

			if (here < best) {
				best = here;
				index_r[role] = (int)i;
			}
		}
	}
}

enum ctl_role
ctl_role_of(struct str name)
{
	for (int role = 0; role < CTL_ROLES; role++) {
		if (rank((enum ctl_role)role, name) < NAMES_MAX)
			return (enum ctl_role)role;
	}
	return CTL_ATTRIBUTE;
}

static int
read_time(struct str text, int64_t *ms_r, struct err *err)
{
	char time[64];

	if (text.n == 0)
		return 0;
	snprintf(time, sizeof time, "%.*s", STR_F(text));
	/* "30m" and "7d" would mean another time at each import. */
	if (text.n < 10 || text.n >= sizeof time || clock_parse(time, ms_r) != 0)
		return err_set(err, ERR_INPUT,
		    "consent_time: \"%.40s\": a time like 2026-01-31T08:15:00Z was expected", time);
	return 0;
}

int
ctl_consent_read(
    const struct str texts[CTL_ROLES], struct store_consent *consent_r, struct err *err)
{
	struct str state = str_trim(texts[CTL_CONSENT]), time = str_trim(texts[CTL_CONSENT_TIME]);

	*consent_r = (struct store_consent){
	    .source = str_trim(texts[CTL_CONSENT_SOURCE]),
	    .proof = str_trim(texts[CTL_CONSENT_PROOF]),
	};
	if (state.n == 0 && (consent_r->source.n > 0 || consent_r->proof.n > 0 || time.n > 0))
		return err_set(err, ERR_INPUT, "details of a consent, but consent is empty");
	if (state.n == 0)
		return 0;
	if (!store_consent_find(state, &consent_r->state))
		return err_set(err, ERR_INPUT,
		    "consent: \"%.*s\": granted, pending, withdrawn or none was expected",
		    state.n > 40 ? 40 : (int)state.n, state.p);
	return read_time(time, &consent_r->time_ms, err) != 0 ? -1 : 1;
}
