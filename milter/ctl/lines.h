/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lines: a file or pipe line by line, with their numbers and a ceiling
 */
#ifndef CTL_LINES_H
#define CTL_LINES_H

#include "base/buf.h"
#include "base/err.h"

#include <stdio.h>

#define CTL_LINE_MAX ((size_t)1024 * 1024)

struct ctl_lines {
	FILE *in;
	struct buf line;
	size_t number; /* of the line that was read last, from 1 */
	bool too_long; /* that line was longer than CTL_LINE_MAX; only its beginning is there */
};

void ctl_lines_init(struct ctl_lines *lines, FILE *in);
void ctl_lines_fini(struct ctl_lines *lines);
/* The next line in lines->line, with its end (LF, CRLF or CR, as it came). A byte order mark
 * before the first is skipped. 1, 0 at the end of the file, -1 (ERR_IO; ERR_INPUT for UTF-16). */
int ctl_lines_next(struct ctl_lines *lines, struct err *err);

#endif
