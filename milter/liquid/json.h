/* SPDX-License-Identifier: BSD-2-Clause
 *
 * json: template data from JSON text
 *
 * Jansson reads it, with two differences: an integer beyond 64 bits becomes a real
 * number instead of an error, and a string may hold NUL.
 */
#ifndef LIQUID_JSON_H
#define LIQUID_JSON_H

#include "base/err.h"
#include "base/str.h"

#include <jansson.h>

#define LIQUID_JSON_MAX	  ((size_t)16 << 20) /* bytes of text */
#define LIQUID_JSON_DEPTH 200		     /* arrays and objects within each other */

/* `name` stands in messages, `flags` are Jansson's. A new reference, or NULL: ERR_INPUT with
 * a place, ERR_LIMIT. */
json_t *liquid_json_load(struct str name, struct str text, size_t flags, struct err *err);
/* The same of a file; its path is the name. Also ERR_IO (it can't be read, or is no regular
 * file), ERR_NOTFOUND. */
json_t *liquid_json_load_file(const char *path, size_t flags, struct err *err);

#endif
