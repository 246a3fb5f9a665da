/* SPDX-License-Identifier: BSD-2-Clause
 *
 * value: the text of one parameter becomes its member
 *
 * Threads: any.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "base/err.h"
#include "conf/check.h"
#include "conf/row.h"

#include <stdint.h>

struct conf_value {
	const char *text; /* as it is stored, for TEXT and the elements of a LIST */
	int64_t number;	  /* of all other types; milliseconds, bytes, index, 0 or 1 */
};

/* `text` is one element where the row is a LIST. Text of the result lives in the
 * arena or is `text`. ERR_CONFIG with `NAME: expected WHAT, got "VALUE"`. */
int conf_value_parse(const struct conf_row *row, const char *text, const char *folder,
    struct arena *arena, struct conf_value *value_r, struct err *err);
/* Writes the member that `row` describes; not for lists. */
void conf_value_store(const struct conf_row *row, const struct conf_value *value, void *object);
/* "500ms", "30s", "7d" and "64k", "1g"; -1 if the text is none. */
int conf_value_time(struct str text, int64_t *ms_r);
int conf_value_size(struct str text, int64_t *bytes_r);

#endif
