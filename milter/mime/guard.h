/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guard: what GMime must not be given
 *
 * GMime builds the whole tree before one can look at it, and goes into the groups of
 * an address list by recursion. So what would cost it too much memory or stack is
 * found beforehand, by counting characters.
 *
 * Threads: any.
 */
#ifndef MIME_GUARD_H
#define MIME_GUARD_H

#include "mime/mime.h"

/* `body` is the end of `raw`. ERR_LIMIT. */
int mime_guard(struct str raw, struct str body, const struct mime_limits *limits, struct err *err);
/* May this be read as a list of addresses? */
bool mime_guard_addresses(struct str value);

#endif
