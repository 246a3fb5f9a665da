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

/* A leaf part that may leave in another form. */
struct mime_slot {
	struct mime_part part; /* `text` of text parts only */
	GMimeContentEncoding encoding;
	struct str charset;	 /* as written; {NULL,0}: none */
	const char *begin;	 /* the boundary before it; NULL: it is the body */
	bool top;		 /* the message's own body: its fields are the message's */
	bool crlf_needed;	 /* nothing stands between the content and the boundary */
	const char *header_end;	 /* the empty line after the part's fields */
	struct mime_splice type; /* place: the charset's */
	const char *type_text;	 /* what goes there; NULL: it is UTF-8 already */
	struct mime_splice cte;
	struct str again; /* in base64; of those in `loose`; {NULL,0}: the label alone is wrong */
	bool composite;	  /* a multipart: `content` is the place behind its fields */
};

struct mime_message {
	struct str raw;
	struct str body;
	struct mime_header *headers;
	size_t header_count;
	struct mime_slot *slots; /* in the order they stand in the body */
	size_t slot_count;
	size_t slot_size;
	struct mime_slot *loose; /* others, which a relay would change; in order, too */
	bool plain; /* all but these parts is 7-bit already, so that a multipart may say so */
	size_t loose_count;
	size_t loose_size;
	struct arena *arena;	/* what is encoded again; NULL: nothing */
	struct mime_seal seal;	/* how == NULL: none */
	struct str data;	/* see mime_data; on the heap */
	struct str data_extent; /* what to leave out with it, boundary included */
	struct err data_err;
	struct str *fixed; /* see mime_fixed_at; each on the heap */
	size_t fixed_count;
	size_t image_bytes; /* of image parts, encoded */
};

/* --- parse.c --- */

/* Lets GMime read the message; its objects and their streams live until `use` returns. 0 if
 * there is nothing to read, else what `use` returned. */
int mime_with_tree(struct str raw, int (*use)(GMimeObject *root, void *closure), void *closure);

/* --- part.c --- */

/* Fills everything but what text parts alone have. `multipart` NULL: the message's own body. */
bool mime_part_locate(const struct mime_message *message, GMimeMultipart *multipart,
    GMimePart *part, struct mime_slot *slot);
/* Does it say 8bit or binary? A relay whose next hop wants neither encodes such a part anew,
 * whatever it holds. */
bool mime_part_says_8bit(const struct mime_slot *slot);
/* The same for something with parts inside; `slot` is filled then. `parent` NULL: the message. */
bool mime_part_label(const struct mime_message *message, GMimeMultipart *parent,
    GMimeObject *object, struct mime_slot *slot);
/* The bytes from its boundary to the next one. */
bool mime_part_extent(const struct mime_message *message, GMimeMultipart *multipart,
    const struct mime_slot *slot, struct str *extent_r);
/* Is it a text part that may be replaced? Then slot->part.text is set (g_free). */
bool mime_part_text(GMimePart *part, struct mime_slot *slot);

/* --- seal.c --- */

/* NULL, or the name of what signs or encrypts everything in this object. `kind_r` is set. */
const char *mime_seal_of(GMimeObject *object, const char **kind_r);
const char *mime_seal_of_text(struct str text, const char **kind_r);
void mime_seal_note(struct mime_message *message, const char *how, const char *kind, bool whole);

/* --- data.c --- */

bool mime_data_is(GMimeObject *object);
void mime_data_add(
    struct mime_message *message, GMimeMultipart *multipart, GMimePart *part, bool sealed);

/* Once all parts have been seen. */
void mime_data_check_end(struct mime_message *message);

/* --- fixed.c --- */

/* Notes the part, decoded, if it is inline text. */
void mime_fixed_add(struct mime_message *message, GMimePart *part);
/* The content without its transfer encoding, as far as it can be read; g_free. {NULL,0}: none. */
struct str mime_fixed_decode(GMimePart *part);
void mime_fixed_free(struct mime_message *message);
/* Is the part something to be saved, not read? */
bool mime_is_attachment(GMimeObject *object);

#endif
