/* SPDX-License-Identifier: BSD-2-Clause
 *
 * entity: character references (HTML standard, sections 13.2.5.72 to 80)
 */
#ifndef HTML_ENTITY_H
#define HTML_ENTITY_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>

struct html_entity_name {
	const char *name; /* with its ; where it needs one */
	const char *text; /* UTF-8 */
};

#define HTML_ENTITY_NAME_MAX 32

extern const struct html_entity_name html_entity_names[];
extern const size_t html_entity_name_count;

/* Writes `text` with its references decoded, once. In an attribute a name without ; that
 * = or a letter or digit follows stays as it is: a=1&copy=2. -1: out is full. */
int html_entity_decode(struct str text, bool attribute, struct buf *out);

#endif
