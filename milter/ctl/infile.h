/* SPDX-License-Identifier: BSD-2-Clause
 *
 * infile: the file that a command imports, and what is told of its lines
 */
#ifndef CTL_INFILE_H
#define CTL_INFILE_H

#include "base/err.h"

#include <stdio.h>

struct ctl_infile {
	FILE *in;
	const char *name; /* for messages */
};

/* "-" is standard input. 0, or the exit status after an error message. */
int ctl_infile_open(struct ctl_infile *file, const char *path);
void ctl_infile_close(struct ctl_infile *file);
/* The first byte behind a byte order mark, spaces and tabs, which it skips; it stays unread
 * itself. Or EOF. */
int ctl_infile_peek(struct ctl_infile *file);
/* "FILE: line N: sentence" on stderr. */
void ctl_infile_report(const struct ctl_infile *file, size_t line, const struct err *err);

#endif
