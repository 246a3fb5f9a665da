/* SPDX-License-Identifier: BSD-2-Clause
 *
 * maildir: one message more in a maildir
 *
 * On disk before it shows: written below tmp/, synced, then linked into new/.
 */
#ifndef CTL_MAILDIR_H
#define CTL_MAILDIR_H

#include "base/err.h"
#include "base/str.h"

#include <stdio.h>

/* Makes the folder, for its parent's owner if root asks. `rest` (may be NULL): what follows
 * `raw`, read to its end. ERR_IO. */
int ctl_maildir_put(const char *folder, struct str raw, FILE *rest, struct err *err);

#endif
