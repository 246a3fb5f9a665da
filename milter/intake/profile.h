/* SPDX-License-Identifier: BSD-2-Clause
 *
 * profile: what a contact's own fields may hold, and Segment's traits as attributes
 *
 * Segment writes its reserved traits in camel case and the postal address as an object; our
 * templates say contact.first_name and contact.city. Which becomes which stands in
 * mailtailor-events(7).
 */
#ifndef INTAKE_PROFILE_H
#define INTAKE_PROFILE_H

#include "base/err.h"
#include "base/str.h"

#include <jansson.h>

/* Is it what it should be? Empty is. The language's text may move to `room`. ERR_INPUT. */
int intake_language_check(struct str *language, char room[64], struct err *err);
int intake_time_zone_check(struct str time_zone, struct err *err);

struct intake_profile {
	json_t *attributes; /* null removes one */
	char language[64];
	char time_zone[64];
	bool has_language, has_time_zone;
};

/* Of a JSON object with traits. A language or time zone that is none is left out. */
void intake_profile_init(struct intake_profile *profile, const json_t *traits);
void intake_profile_fini(struct intake_profile *profile);
/* Takes away what `later` says, too. */
void intake_profile_subtract(struct intake_profile *profile, const struct intake_profile *later);

#endif
