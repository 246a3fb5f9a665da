/* SPDX-License-Identifier: BSD-2-Clause
 *
 * look_work: what the files of a look share; nobody else includes it
 */
#ifndef TAILOR_LOOK_WORK_H
#define TAILOR_LOOK_WORK_H

#include "base/str.h"

#include <glib.h>

/* Between pieces of text that do not follow each other: in no address. */
#define TAILOR_LOOK_GAP '\x01'

/* --- look_mark.c --- */

/* An output, or a tag that is not raw, comment or doc. */
struct tailor_look_mark {
	bool output;
	struct str text; /* between the delimiters */
	struct str word; /* of a tag */
	size_t begin;
	size_t end;
};

/* All of them, in order. */
void tailor_look_marks(struct str source, GArray *marks);
/* Does the output print `object`.`member`, whatever filters follow? */
bool tailor_look_prints(
    struct str source, const struct tailor_look_mark *mark, const char *object, const char *member);
/* {% render "name" %} and its like, but for those that may take it in no time. */
bool tailor_look_names(struct str source, const struct tailor_look_mark *mark, struct str *name_r);

/* --- look_text.c --- */

/* Is there a sign that a reader sees? */
bool tailor_look_shows(struct str text);

#endif
