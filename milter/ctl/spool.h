/* SPDX-License-Identifier: BSD-2-Clause
 *
 * spool: rows that were read and found good, on their way into the database
 *
 * An import that must change nothing if one row is bad has to see all rows first; and while
 * it reads, which may be from a slow pipe, it must not hold the database. The rows wait in a
 * file without a name (in TMPDIR, or /var/tmp), which goes with the process.
 */
#ifndef CTL_SPOOL_H
#define CTL_SPOOL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdint.h>
#include <stdio.h>

struct ctl_spool {
	FILE *file;
	size_t texts;	/* in each row */
	size_t numbers; /* likewise */
	size_t count;	/* of rows */
};

/* ERR_IO. */
int ctl_spool_open(struct ctl_spool *spool, size_t texts, size_t numbers, struct err *err);
void ctl_spool_close(struct ctl_spool *spool);
int ctl_spool_put(
    struct ctl_spool *spool, const struct str *texts, const int64_t *numbers, struct err *err);
/* Before the first row is read. */
int ctl_spool_rewind(struct ctl_spool *spool, struct err *err);
/* The next row, its text in the arena (absent text has become empty): 1, 0 at the end, -1. */
int ctl_spool_get(struct ctl_spool *spool, struct arena *arena, struct str *texts_r,
    int64_t *numbers_r, struct err *err);

#endif
