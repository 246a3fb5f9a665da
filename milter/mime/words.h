/* SPDX-License-Identifier: BSD-2-Clause
 *
 * words: header text as plain words or RFC 2047 encoded-words, folded
 *
 * Threads: any.
 */
#ifndef MIME_WORDS_H
#define MIME_WORDS_H

#include "base/buf.h"

/* A field value that is being written. */
struct mime_words {
	struct buf *out;
	size_t column; /* in the current line */
};

/* What may stand in a header: valid UTF-8, every control character a space, no
 * space at either end. The caller owns the result (g_free). */
char *mime_words_clean(struct str text);
/* Could `text` leave as it is: printable ASCII, nothing that reads as an
 * encoded-word, no word too long for a line? */
bool mime_words_plain(struct str text, size_t column);
/* Writes ` text`, folded before a space where a line would be longer than 78. */
void mime_words_put(struct mime_words *words, struct str text);
/* Writes ` =?utf-8?Q?...?=` as often as needed, or B if that is shorter. */
void mime_words_encode(struct mime_words *words, struct str text);
/* A field value for GMime's decoders: unfolded, valid UTF-8, each B word written as
 * a Q word. GMime 3.2 joins the payloads of neighbours before it decodes them, and
 * stops at the first one's padding: all that follows would be lost. The caller owns
 * the result (g_free). */
char *mime_words_read(struct str value);

#endif
