/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mask: a template's tags, and its text with fillers in their place
 *
 * An HTML parser would read the tags as text, names or quotes. Fillers have the same
 * length, so that all offsets stay: letters for an output, space for the rest.
 *
 * Owns:    text and tags, until lint_mask_fini; the source is borrowed.
 * Threads: any.
 */
#ifndef LINT_MASK_H
#define LINT_MASK_H

#include "base/str.h"

#include <glib.h>

enum lint_tag_kind {
	LINT_TAG_OUTPUT,
	LINT_TAG_CONTROL,
	LINT_TAG_SILENT, /* a comment with all that is in it */
};

struct lint_tag {
	enum lint_tag_kind kind;
	size_t at;
	size_t end;
	struct str name; /* "if"; nothing for an output */
	struct str rest; /* what stands after it */
};

struct lint_mask {
	struct str source;
	char *text;   /* as long as the source */
	GArray *tags; /* of struct lint_tag, in order */
};

void lint_mask_init(struct lint_mask *mask, struct str source);
void lint_mask_fini(struct lint_mask *mask);
/* Are there tags in this piece of text? */
bool lint_has_tags(struct str text);

#endif
