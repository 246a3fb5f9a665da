/* SPDX-License-Identifier: BSD-2-Clause
 *
 * phone: countries, their calling codes, and how their numbers are written
 *
 * Owns:    nothing; the tables are constant.
 * Threads: any.
 */
#ifndef LIQUID_PHONE_H
#define LIQUID_PHONE_H

#include "base/str.h"

/* ITU-T E.164: with the calling code. */
#define PHONE_DIGITS_MAX 15

struct phone_country {
	const char *iso;   /* ISO 3166; "" for what belongs to no country (satellites, toll-free) */
	const char *code;  /* calling code */
	const char *trunk; /* dialled before a number at home; several: "044/01" */
	unsigned char min; /* digits of a number without calling code and trunk prefix */
	unsigned char usual; /* the longest of ordinary lines */
	unsigned char max;   /* the longest of all */
	bool zero;	     /* such a number may begin with 0 */
};

/* By ISO 3166 code (UK and EL are understood), or by calling code, which means the country
 * that is the main one there. NULL if there is none. */
const struct phone_country *phone_country(struct str name);
/* The country whose calling code these digits begin with: `home` where that is right. */
const struct phone_country *phone_called(struct str digits, const struct phone_country *home);

/* How a number of this calling code is grouped: `#` is one of its digits, all else stands as
 * it is. NULL if such numbers have no one way. `national`: as at home, with trunk prefix. */
const char *phone_layout(struct str code, struct str number, bool national);

#endif
