/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mime: a message as header fields, raw spans, and text parts that may be replaced
 *
 * The message is never taken apart and written again: GMime says where the text
 * parts are and what they hold, and a copy is composed from the message's own
 * bytes with the text parts (and the two header fields that describe their
 * encoding) exchanged. What is not replaced leaves exactly as it came.
 *
 * Text parts are text/plain, text/html, text/x-amp-html and text/calendar. Parts inside
 * multipart/signed, multipart/encrypted and message/rfc822, OpenPGP in plain text,
 * attachments, parts in an unknown charset or encoding, parts whose bytes do not
 * decode cleanly, and parts whose fields are ambiguous or not in order are no text
 * parts here: they stay as they are. Without a charset, valid UTF-8 is taken for it.
 *
 * Threads: a struct mime_message may be read by any number of threads.
 */
#ifndef MIME_MIME_H
#define MIME_MIME_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

/* One header field. `value` is what stands after the colon, leading space kept,
 * without the final line end; folded lines are separated by CRLF inside a
 * message and by LF towards the milter. */
struct mime_header {
	struct str name;
	struct str value;
};

struct mime_limits {
	size_t headers; /* most top-level header fields */
	size_t parts;	/* most MIME parts */
	size_t depth;	/* deepest nesting */
};

enum mime_text { MIME_PLAIN, MIME_HTML, MIME_AMP, MIME_CALENDAR };
/* How `text` lies in the message. LAID_OUT: with other line breaks (flowed, folded). */
enum mime_transfer { MIME_AS_IS, MIME_IN_QP, MIME_IN_BASE64, MIME_LAID_OUT };
/* RFC 3676: format=flowed, and with DelSp=yes. */
enum mime_flow { MIME_FLOW_NONE, MIME_FLOWED, MIME_FLOWED_DELSP };

/* A text part that may be replaced. */
struct mime_part {
	enum mime_text kind;
	enum mime_transfer transfer;
	enum mime_flow flow;
	struct str content; /* as it came: encoded, in the message's own bytes */
	/* Decoded, valid UTF-8, line ends LF; owned by the message. Paragraphs of flowed text
	 * and content lines of a calendar are whole: one line each. */
	struct str text;
};

struct mime_message;

/* `raw`: header fields, empty line, body; lines end in CRLF. It is borrowed and
 * must stay as long as the message; the "From " line of a mailbox file before it is
 * passed over. ERR_INPUT (no header), ERR_LIMIT. */
int mime_parse(struct mime_message **message_r, struct str raw, const struct mime_limits *limits,
    struct err *err);
void mime_free(struct mime_message **message);

/* The fields stand one after the other: mime_header_at(message, 0) begins an array. */
size_t mime_header_count(const struct mime_message *message);
const struct mime_header *mime_header_at(const struct mime_message *message, size_t i);
/* The first field of that name (any case), or NULL. */
const struct mime_header *mime_header_find(const struct mime_message *message, const char *name);
const struct mime_header *mime_header_find_str(const struct mime_message *message, struct str name);
size_t mime_part_count(const struct mime_message *message);
const struct mime_part *mime_part_at(const struct mime_message *message, size_t i);
/* Inline text that stays as it came: malformed or in a charset that can't be read, or signed or
 * encrypted. Its transfer encoding is undone, nothing else. Whoever must not let
 * template tags leave has to look here, too. */
size_t mime_fixed_count(const struct mime_message *message);
struct str mime_fixed_at(const struct mime_message *message, size_t i);
/* OpenPGP or S/MIME: what is signed or encrypted stays as it is. */
struct mime_seal {
	const char *kind; /* "signed", "encrypted" */
	const char *how;  /* "multipart/signed" */
	bool whole;	  /* the message itself, not just a part of it */
};

/* The outermost one, or NULL. */
const struct mime_seal *mime_seal(const struct mime_message *message);

#define MIME_DATA_TYPE "application/vnd.mailtailor+json"

/* The part of that type, which no copy holds: 1, decoded; 0 there is none; -1 ERR_INPUT, there
 * are two, or it can't be read or taken out. What forwarded messages hold is not ours. */
int mime_data(const struct mime_message *message, struct str *text_r, struct err *err);
/* What all image parts take, as they came. */
size_t mime_image_bytes(const struct mime_message *message);
/* An image that HTML may name as cid:ID. */
struct mime_image {
	struct str id;	    /* Content-ID without <> */
	struct str type;    /* "image/png", lower case */
	struct str content; /* decoded */
};

/* The images with a Content-ID, in order; text in the arena. One that would bring all of them
 * over `max` bytes is left out. Reads the message anew, which takes as long as mime_parse.
 * ERR_LIMIT when the arena is full. */
int mime_images(const struct mime_message *message, size_t max, struct arena *arena,
    struct mime_image **images_r, size_t *count_r, struct err *err);
/* The body as it came, after the empty line. */
struct str mime_body(const struct mime_message *message);

/* What a copy is made of. All memory is in the arena or the message's. */
struct mime_copy {
	struct str *spans; /* the body: these bytes one after the other, lines end in CRLF */
	size_t span_count;
	struct mime_header *replaced; /* top-level fields to set in place of those that
	                               * are there; value folded with CRLF */
	size_t replaced_count;
};

/* `texts`: one for each part, UTF-8 with LF line ends; {NULL,0} leaves that part
 * alone. Replaced parts become charset=utf-8 in quoted-printable or base64,
 * whichever is shorter (quoted-printable where both are close), 7-bit, lines of
 * at most 76. The body of the copy always ends in CRLF. ERR_LIMIT when the arena
 * is full, ERR_INPUT where mime_data fails. */
int mime_compose(const struct mime_message *message, const struct str *texts, struct arena *arena,
    struct mime_copy *copy_r, struct err *err);

struct mime_out {
	bool keep_charset; /* replaced parts keep theirs where the text has a place in it */
	/* Parts that a relay would encode or fold anew, attachments too, get a transfer
	 * encoding that lets them pass: the same content, other bytes; 7bit where that is true. Not forwarded messages,
	 * and nothing signed. */
	bool survive;
};

/* The same with a choice. */
int mime_compose_as(const struct mime_message *message, const struct str *texts,
    const struct mime_out *how, struct arena *arena, struct mime_copy *copy_r, struct err *err);

/* Would these bytes leave every relay as they are: 7-bit, no line over 998, no bare CR or NUL?
 * (RFC 5321 section 4.5.3.1.6, RFC 6376 section 5.3) */
bool mime_survives(struct str content);

/* --- header values --- */

/* RFC 2047 decoded, unfolded, trimmed; valid UTF-8 (what can't be decoded becomes
 * U+FFFD). */
struct str mime_header_decode(struct str value, struct arena *arena);
/* The time that a Date field says (RFC 5322 section 3.3), in ms since the epoch; false if
 * there is none. */
bool mime_header_date(struct str value, int64_t *ms_r);
/* Unstructured text (Subject) as a field value: leading space, RFC 2047 where it
 * is not plain ASCII, folded with CRLF at 78, no line over 998 and no
 * encoded-word over 75. Control characters, CR and LF of the input become
 * spaces: nothing in `text` can start a new field. `name` counts for the first
 * line's length. {NULL,0} when the arena is full. */
struct str mime_header_encode(const char *name, struct str text, struct arena *arena);
/* A mailbox as a field value: `display` (UTF-8, may be empty) quoted or encoded as
 * needed, then <address>. ERR_INPUT if the address is no addr-spec. */
int mime_mailbox_encode(const char *name, struct str display, struct str address,
    struct arena *arena, struct str *value_r, struct err *err);
/* The first mailbox of an address field: decoded display name (may be empty) and
 * addr-spec, in the arena. ERR_INPUT if there is none. */
int mime_mailbox_parse(struct str value, struct arena *arena, struct str *display_r,
    struct str *address_r, struct err *err);
/* local@domain with both parts in order (RFC 5321 section 4.1.2, RFC 6531), no
 * controls, at most 254 bytes */
bool mime_address_ok(struct str address);

#endif
