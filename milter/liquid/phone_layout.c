/* SPDX-License-Identifier: BSD-2-Clause
 *
 * phone_layout: how numbers are grouped where all of a length are grouped alike
 *
 * Elsewhere the length of the area code decides, which takes a table of all area codes:
 * such numbers stay in one piece.
 */
#include "liquid/phone.h"

struct layout {
	const char *code;
	const char *leading; /* first digits that it is for; NULL: any */
	const char *abroad;  /* without the calling code */
	const char *home;    /* NULL: the same */
};

static const struct layout layouts[] = {
    {"1", NULL, "###-###-####", "(###) ###-####"},
    {"7", NULL, "### ###-##-##", "8 (###) ###-##-##"},
    {"31", "6", "# ########", "0# ########"},
    {"32", "4", "### ## ## ##", "0### ## ## ##"},
    {"33", NULL, "# ## ## ## ##", "0# ## ## ## ##"},
    {"34", NULL, "### ## ## ##", NULL},
    {"41", NULL, "## ### ## ##", "0## ### ## ##"},
    {"45", NULL, "## ## ## ##", NULL},
    {"47", "49", "### ## ###", NULL},
    {"47", NULL, "## ## ## ##", NULL},
    {"48", NULL, "### ### ###", NULL},
    {"51", "9", "### ### ###", NULL},
    {"52", NULL, "### ### ####", NULL},
    {"54", "9", "# ##########", NULL},
    {"55", NULL, "## #####-####", "(##) #####-####"},
    {"55", NULL, "## ####-####", "(##) ####-####"},
    {"61", "4", "### ### ###", "0### ### ###"},
    {"61", "2378", "# #### ####", "(0#) #### ####"},
    {"65", NULL, "#### ####", NULL},
    {"86", "1", "### #### ####", NULL},
    {"90", NULL, "### ### ## ##", "0### ### ## ##"},
    {"91", "6789", "##### #####", "0##### #####"},
    {"250", "7", "### ### ###", "0### ### ###"},
    {"351", NULL, "### ### ###", NULL},
    {"354", NULL, "### ####", NULL},
    {"356", NULL, "#### ####", NULL},
    {"357", NULL, "## ######", NULL},
    {"371", NULL, "## ### ###", NULL},
    {"375", NULL, "#########", "8 0#########"},
    {"377", "6", "# ## ## ## ##", "0# ## ## ## ##"},
    {"380", NULL, "## ### ####", "0## ### ####"},
    {"420", NULL, "### ### ###", NULL},
    {"421", "9", "### ### ###", "0### ### ###"},
    {"598", "9", "## ### ###", "0## ### ###"},
    {"852", NULL, "#### ####", NULL},
    {"961", "78", "## ### ###", NULL},
    {"977", "9", "###-#######", NULL},
    {"995", "5", "### ## ## ##", NULL},
};

static size_t
count_digits(const char *layout)
{
	size_t n = 0;

	for (; *layout != '\0'; layout++)
		n += *layout == '#';
	return n;
}

const char *
phone_layout(struct str code, struct str number, bool national)
{
	for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
		const struct layout *layout = &layouts[i];

		if (!str_is(code, layout->code) || count_digits(layout->abroad) != number.n ||
		    (layout->leading != NULL && strchr(layout->leading, number.p[0]) == NULL))
			continue;
		return national && layout->home != NULL ? layout->home : layout->abroad;
	}
	return NULL;
}
