/* SPDX-License-Identifier: BSD-2-Clause
 *
 * encode: text into quoted-printable or base64
 *
 * GMime's encoder keeps the line ends it is given and leaves the dangers of
 * transport (a leading "From ", lone dots, a line that looks like a boundary) as
 * they are; this one takes LF, gives CRLF and leaves nothing to chance.
 *
 * Threads: any.
 */
#ifndef MIME_ENCODE_H
#define MIME_ENCODE_H

#include "base/arena.h"

enum mime_encoding { MIME_QP, MIME_BASE64 };

enum mime_form {
	MIME_FORM_UTF8,	 /* text, LF */
	MIME_FORM_TEXT,	 /* text in another charset that holds ASCII; LF or CRLF */
	MIME_FORM_BYTES, /* anything, to the byte: always base64 */
};

/* Encodes `text` as whichever is shorter; quoted-printable if it is
 * at most a fifth longer. Lines of at most 76, ended by CRLF; the last one ends
 * only if the text does (base64: never). {NULL,0} when the arena is full. */
struct str mime_encode(
    struct str text, enum mime_form form, struct arena *arena, enum mime_encoding *encoding_r);

#endif
