/* SPDX-License-Identifier: BSD-2-Clause
 *
 * words: phrases in what servers say
 *
 * A text is folded once: lower case, every run of white space one space, without the
 * addresses of the web, and each mail address as a lone "@". Then phrases are looked for,
 * written in the same form: "*" stands for up to 60 bytes of anything.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef DELIVERY_WORDS_H
#define DELIVERY_WORDS_H

#include "base/arena.h"
#include "base/str.h"

/* {"",0} when the arena is full. */
struct str delivery_fold(struct str text, struct arena *arena);
/* The offset of the phrase, or -1. */
long delivery_phrase_at(struct str folded, const char *phrase);
bool delivery_phrase_in(struct str folded, const char *phrase);
/* `phrases` ends with NULL. */
bool delivery_any_in(struct str folded, const char *const *phrases);
/* One of those stands at the very beginning. */
bool delivery_any_begins(struct str folded, const char *const *phrases);
/* Takes a line off `rest`, without its line end; false at the end. */
bool delivery_line(struct str *rest, struct str *line_r);
/* A copy in one line: white space and controls as single spaces; at most `max` bytes, no
 * character torn apart. */
struct str delivery_one_line(struct str text, size_t max, struct arena *arena);

#endif
