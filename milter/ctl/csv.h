/* SPDX-License-Identifier: BSD-2-Clause
 *
 * csv: a CSV file with a header line, record by record
 *
 * libcsv takes it apart, fed line by line so that each record's first line is known.
 * The separator is the one of , ; and TAB that the header line has most of; a line
 * "sep=;" as Excel writes and reads it is heeded.
 *
 * A quote that is never closed swallows what follows. At the end of the file, or
 * after 1 MB, only the line with the quote is refused, and reading goes on behind
 * it; this a limited number of times, as each costs a second look at up to 1 MB.
 */
#ifndef CTL_CSV_H
#define CTL_CSV_H

#include "ctl/lines.h"

#include "base/str.h"

#define CTL_CSV_COLUMNS_MAX 1000

/* What is called; each returns 0, or -1 to stop. Texts are valid until it returns. */
struct ctl_csv {
	/* The names, as they stand, once; -1 with err, which needs no line. */
	int (*header)(void *closure, const struct str *names, size_t count, struct err *err);
	/* No more fields than names; rows of separators only are left out. */
	int (*record)(void *closure, size_t line, const struct str *fields, size_t count);
	/* The record is none. */
	int (*refuse)(void *closure, size_t line, const struct err *err);
	void *closure;
};

/* -1 with err if the file as a whole is unusable, without err if one of the above said so. */
int ctl_csv_read(struct ctl_lines *lines, const struct ctl_csv *csv, struct err *err);

#endif
