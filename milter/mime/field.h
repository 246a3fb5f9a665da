/* SPDX-License-Identifier: BSD-2-Clause
 *
 * field: header fields and the parameters of Content-Type, by place
 *
 * GMime says what a header holds; to splice a value one must also know where in
 * the message's bytes it stands. These two scanners only find places.
 *
 * Threads: any; they touch only their arguments.
 */
#ifndef MIME_FIELD_H
#define MIME_FIELD_H

#include "mime/mime.h"

/* Takes one field off `rest`. 1 and `field_r` is set; 0 the header ended: the
 * empty line (or the end of the text) has been taken; -1 the next line is neither
 * (`rest` stands before it). */
int mime_field_next(struct str *rest, struct mime_header *field_r);

/* Where the charset stands in a Content-Type value. */
struct mime_charset {
	struct str type;    /* "text" */
	struct str subtype; /* "plain" */
	struct str value;   /* as written, without quotes; {NULL,0} if there is none */
	struct str place;   /* what to replace; empty, at the place of a new parameter, if none */
	bool extended;	    /* `place` begins with the name: charset*=us-ascii'en'utf-8 */
};

/* False if `value` does not begin with type/subtype, or names several charsets. */
bool mime_charset_find(struct str value, struct mime_charset *charset_r);

#endif
