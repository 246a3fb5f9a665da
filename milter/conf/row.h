/* SPDX-License-Identifier: BSD-2-Clause
 *
 * row: the rows of table.h as data
 *
 * What parses, documents or walks parameters without naming them reads these.
 *
 * Owns:    nothing; all is constant.
 * Threads: any.
 */
#ifndef CONF_ROW_H
#define CONF_ROW_H

#include "base/str.h"

#include <stddef.h>

enum conf_type {
	CONF_TYPE_TEXT,
	CONF_TYPE_BOOL,
	CONF_TYPE_INT,
	CONF_TYPE_TIME,
	CONF_TYPE_SIZE,
	CONF_TYPE_ENUM,
	CONF_TYPE_LIST
};

struct conf_row {
	enum conf_type type;
	const char *name;
	const char *initial;
	const char *rule; /* without the word "required" */
	bool required;
	const char *document;
	size_t offset; /* of the member in its struct */
};

struct conf_rows {
	const struct conf_row *at;
	size_t count;
};

/* Members of struct conf, struct conf_campaign and so on. */
struct conf_rows conf_rows_global(void);
struct conf_rows conf_rows_campaign(void);
struct conf_rows conf_rows_dkim(void);
struct conf_rows conf_rows_plugin(void);
struct conf_rows conf_rows_form(void);
struct conf_rows conf_rows_webhook(void);

/* NULL if there is none of that name. */
const struct conf_row *conf_row_find(struct conf_rows rows, const char *name);
/* The name that differs least from `name`, NULL if all differ too much. */
const char *conf_row_guess(struct conf_rows rows, const char *name);
/* The same for one pair: 0 is equal, each letter too many, too few, wrong or swapped
 * with its neighbour adds 1. Long names count as very different. */
size_t conf_name_distance(const char *a, const char *b);

#endif
