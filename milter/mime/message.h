/* SPDX-License-Identifier: BSD-2-Clause
 *
 * message: what a parsed message knows about its bytes
 *
 * Private to milter/mime. Everything is a piece of the raw message, but for the
 * decoded texts.
 *
 * Threads: written by parse.c alone; read by any.
 */
#ifndef MIME_MESSAGE_H
#define MIME_MESSAGE_H

#include "mime/mime.h"

#include <gmime/gmime.h>

/* A header field of a part, and the piece of its value that must change. */
struct mime_splice {
	const struct mime_header *header; /* top-level fields only */
	struct str value; /* the whole value; {NULL,0}: the part has no such field */
	struct str place; /* in the value; may be empty */
};

struct mime_slot {
	struct mime_part part;
	bool top;		 /* the message's own body: its fields are the message's */
	bool crlf_needed;	 /* nothing stands between the content and the boundary */
	const char *header_end;	 /* the empty line after the part's fields */
	struct mime_splice type; /* place: the charset's */
	const char *type_text;	 /* what goes there; NULL: it is UTF-8 already */
	struct mime_splice cte;
};

struct mime_message {
	struct str raw;
	struct str body;
	struct mime_header *headers;
	size_t header_count;
	struct mime_slot *slots; /* in the order they stand in the body */
	size_t slot_count;
	size_t slot_size;
	struct str *fixed; /* see mime_fixed_at; each on the heap */
	size_t fixed_count;
	size_t image_bytes; /* of image parts, encoded */
};

/* Notes the part, decoded, if it is inline text (fixed.c). */
void mime_fixed_add(struct mime_message *message, GMimePart *part);
void mime_fixed_free(struct mime_message *message);
/* Is the part something to be saved, not read? */
bool mime_is_attachment(GMimeObject *object);

#endif
