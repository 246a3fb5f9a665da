/* SPDX-License-Identifier: BSD-2-Clause
 *
 * words: the words of a text, stop words aside, to see whether two texts speak of the same
 *
 * A word is what stands between spaces and signs; its first five letters count, so that
 * endings do not matter. Scripts without spaces are taken two letters at a time.
 *
 * Owns:    the set.
 * Threads: one at a time.
 */
#ifndef LINT_WORDS_H
#define LINT_WORDS_H

#include "base/str.h"

#include <glib.h>

struct lint_words {
	GHashTable *set;
};

void lint_words_init(struct lint_words *words);
void lint_words_fini(struct lint_words *words);
/* Forgets the words of before. */
void lint_words_read(struct lint_words *words, struct str text);
size_t lint_words_count(const struct lint_words *words);
/* Is one of them in `text`? Stops there; `count_r`: words that were looked at. */
bool lint_words_meet(const struct lint_words *words, struct str text, size_t *count_r);
/* Words of all lengths, stop words too; counts no further than `max`. */
size_t lint_words_in(struct str text, size_t max);

#endif
