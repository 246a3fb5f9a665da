/* SPDX-License-Identifier: BSD-2-Clause
 *
 * value: attributes as text, and the types that text stands for
 *
 * A cell has no type of its own, so it is read by its looks: number, boolean, date,
 * list, else text. What would lose something stays text: leading zeros, a plus
 * sign, exponents, more than 15 digits. So do the columns whose values may look like
 * something else by chance: phone numbers, zip codes, names, and countries (NO is
 * Norway). A column may name its type: "customer:text".
 */
#ifndef CTL_VALUE_H
#define CTL_VALUE_H

#include "base/err.h"
#include "base/str.h"

#include <jansson.h>

enum ctl_type {
	CTL_AUTO,
	CTL_TEXT,
	CTL_NUMBER,
	CTL_BOOLEAN,
	CTL_DATE,
	CTL_LIST,
	CTL_JSON,
};

/* Cuts ":TYPE" off a column's name, and gives its type; without one CTL_AUTO, or CTL_TEXT for
 * names as above. */
enum ctl_type ctl_type_of_name(struct str *name);
/* Has the name a suffix that ctl_type_of_name would cut off? */
bool ctl_type_is_suffixed(struct str name);
/* A new reference; NULL if the text is not of that type (err says what was expected). */
json_t *ctl_value_read(enum ctl_type type, struct str text, struct err *err);
/* "number", "boolean", "date", "list", "object" or "text". */
const char *ctl_value_type_name(const json_t *value);
/* As ctl_value_read(CTL_AUTO) or (CTL_TEXT) would read it; lists and objects as JSON. For
 * free(). */
char *ctl_value_text(const json_t *value);

#endif
