/* SPDX-License-Identifier: BSD-2-Clause
 *
 * table: a file of rows and columns: CSV with any of , ; and TAB between fields, or lines whose
 * fields are separated by TAB and never quoted, as GeoNames has them
 *
 * Threads: any; everything touches only its arguments.
 */
#ifndef NEAREST_TABLE_H
#define NEAREST_TABLE_H

#include "fault.h"

#include <stdbool.h>

#define TABLE_COLUMNS_MAX 200
#define TABLE_RECORD_MAX  ((size_t)64 << 10)

struct table {
	const char *path;
	/* Called for each row that is not empty; texts are NUL-terminated, without white space
	 * around them, and valid until it returns. 0, or -1 with the fault. */
	int (*row)(struct table *table, const char *const *fields, size_t count);
	void *closure;
	size_t line; /* where the row begins */
	size_t rows;
	bool geonames; /* the file has no header line: it is one of GeoNames' */
	struct fault *fault;
};

/* Calls `row` for the header line, too; it is the first, unless `geonames` is set. -1 with the
 * fault: the file can't be read, is no UTF-8, has a quote without end, or `row` said so. */
int table_read(struct table *table);
/* Of the row that is being read: returns -1. */
int table_fault(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Which column has one of these names (a list that ends with NULL)? -1: none. */
int table_column(const char *const *names, size_t count, const char *const *wanted);
/* A column's name as templates say it: small letters, digits and _. */
void table_name(const char *from, char *to, size_t size);

#endif
