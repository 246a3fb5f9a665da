/* SPDX-License-Identifier: BSD-2-Clause
 *
 * column: which columns of a file are a contact's own, and which are attributes
 */
#ifndef CTL_COLUMN_H
#define CTL_COLUMN_H

#include "ctl/value.h"

/* The roles beside "attribute"; each has several names, the first one counts most. */
enum ctl_role { CTL_ADDRESS, CTL_LANGUAGE, CTL_TIME_ZONE, CTL_ROLES, CTL_ATTRIBUTE = CTL_ROLES };

#define CTL_COLUMNS_MAX 1000

/* For each role the index of the column that has it, or -1: the name that stands first in the
 * role's list wins, so that beside "email" an "address" is where somebody lives. */
void ctl_roles_find(const struct str *names, size_t count, int index_r[CTL_ROLES]);
/* The role that the name alone would have. */
enum ctl_role ctl_role_of(struct str name);

#endif
