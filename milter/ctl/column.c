/* SPDX-License-Identifier: BSD-2-Clause
 *
 * column: see column.h
 *
 * Threads: any; touches only its arguments.
 */
#include "ctl/column.h"

#define NAMES_MAX 8

static const char *const role_names[CTL_ROLES][NAMES_MAX] = {
    [CTL_ADDRESS] = {"email", "e-mail", "e_mail", "email address", "email_address",
	"e-mail address", "mail", "address"},
    [CTL_LANGUAGE] = {"language", "lang"},
    [CTL_TIME_ZONE] = {"time_zone", "timezone", "time zone", "tz"},
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
