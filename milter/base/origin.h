/* SPDX-License-Identifier: BSD-2-Clause
 *
 * origin: where each byte of a translated text came from
 *
 * Who translates one template language into another fills it; who finds a fault in the
 * translation names the author's line and column by it.
 *
 * Threads: one fills it; then any may read.
 */
#ifndef BASE_ORIGIN_H
#define BASE_ORIGIN_H

#include "base/str.h"

struct origin;

/* The author's text is copied. */
struct origin *origin_new(struct str source);
/* For a second translation, of the `length` bytes that the first one gave: places are still
 * those of the author's text. `before` is copied. */
struct origin *origin_new_after(const struct origin *before, size_t length);
struct origin *origin_dup(const struct origin *origin);
void origin_free(struct origin **origin);

/* From offset `at` of the translation on, text stands as it did from offset `from` of the
 * source; `fixed`: all of it came from that one place. `at` never falls. */
void origin_add(struct origin *origin, size_t at, size_t from, bool fixed);
/* `length` more bytes stand before the translation; they came from the first byte. */
void origin_prepend(struct origin *origin, size_t length);

/* The source's offset for one of the translation. */
size_t origin_of(const struct origin *origin, size_t at);
struct str origin_source(const struct origin *origin);

/* Line and column of an offset, from 1; a column is a character of UTF-8. */
void origin_place(struct str source, size_t at, unsigned *line_r, unsigned *column_r);

#endif
