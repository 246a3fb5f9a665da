/* SPDX-License-Identifier: BSD-2-Clause
 *
 * column: see column.h
 *
 * Threads: one (the last good time zone is remembered).
 * Fails:   ERR_INPUT.
 */
#include "ctl/column.h"

#include "base/clock.h"

#include <glib.h>
#include <stdio.h>
#include <unistd.h>

#define NAMES_MAX 8
#define ZONE_MAX  64
#define ZONE_DIR  "/usr/share/zoneinfo"

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

/* BCP 47: subtags of 1 to 8 letters and digits; de_DE is taken for de-DE. */
int
ctl_language_check(struct str *language, char room[64], struct err *err)
{
	size_t subtag = 0;

	if (language->n == 0)
		return 0;
	if (language->n >= 36)
		return err_set(err, ERR_INPUT, "a language tag of more than 35 characters");
	for (size_t i = 0; i < language->n; i++) {
		char c = language->p[i] == '_' ? '-' : language->p[i];

		subtag = c == '-' ? 0 : subtag + 1;
		if ((c != '-' && !g_ascii_isalnum(c)) || subtag > 8 ||
		    (c == '-' && (i == 0 || i + 1 == language->n || room[i - 1] == '-')))
			return err_set(err, ERR_INPUT,
			    "\"%.*s\" is no language tag like de or pt-BR", STR_F(*language));
		room[i] = c;
	}
	language->p = room;
	return 0;
}

int
ctl_time_zone_check(struct str time_zone, struct err *err)
{
	static char last[ZONE_MAX];
	char name[ZONE_MAX];
	GTimeZone *zone;
	bool known;

	if (time_zone.n == 0 || str_is(time_zone, last))
		return 0;
	known = time_zone.n < sizeof name && g_ascii_isalpha(time_zone.p[0]);
	for (size_t i = 0; i < time_zone.n && known; i++)
		known = g_ascii_isalnum(time_zone.p[i]) || strchr("/_+-", time_zone.p[i]) != NULL;
	if (known) {
		snprintf(name, sizeof name, "%.*s", STR_F(time_zone));
		zone = g_time_zone_new_identifier(name);
		/* Without tzdata there is nothing to compare with. */
		known = zone != NULL || access(ZONE_DIR, F_OK) != 0;
		if (zone != NULL)
			g_time_zone_unref(zone);
	}
	if (!known)
		return err_set(
		    err, ERR_INPUT, "\"%.*s\" is no time zone like Europe/Paris", STR_F(time_zone));
	memcpy(last, name, sizeof last);
	return 0;
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
