/* SPDX-License-Identifier: BSD-2-Clause
 *
 * layout: text whose lines are not what they seem
 *
 * In format=flowed (RFC 3676) a line that ends in a space goes on in the next one, and in
 * a calendar (RFC 5545 section 3.1) so does one before a line that begins with white space.
 * Templates see whole paragraphs and whole content lines; these are broken up again when
 * the copy is composed. Line ends are LF on both sides.
 *
 * Threads: any; they touch only their arguments.
 */
#ifndef MIME_LAYOUT_H
#define MIME_LAYOUT_H

#include "base/arena.h"
#include "mime/mime.h"

/* Takes the g_malloc'ed text and gives another. Quoted lines begin with their '>' and a
 * space; an unquoted one that begins with '>' keeps the space before it. */
struct str mime_unflow(struct str text, enum mime_flow flow);
/* The opposite, in lines of 72 where there are spaces to break them at. {NULL,0} when the
 * arena is full. */
struct str mime_flow(struct str text, enum mime_flow flow, struct arena *arena);

/* In place; the new length. */
size_t mime_unfold(char *p, size_t n);
/* Lines of at most 75 bytes, no character torn apart. What tags leave of their own lines goes:
 * empty lines, and white space that would continue the line before. {NULL,0} when the arena is full. */
struct str mime_fold(struct str text, struct arena *arena);

#endif
