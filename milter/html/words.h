/* SPDX-License-Identifier: BSD-2-Clause
 *
 * words: text as a reader sees it, white space collapsed
 */
#ifndef HTML_WORDS_H
#define HTML_WORDS_H

#include "base/buf.h"
#include "html/mask.h"

struct html_words {
	struct buf *out;
	size_t begin; /* where this text begins in `out` */
	size_t max;   /* bytes of it at most; what is more is dropped */
	char gap;     /* white space that comes before the next word; NUL: none */
	bool cut;
};

void html_words_init(struct html_words *words, struct buf *out, size_t max);
/* A range of the source: entities decoded, outputs of the template as written, its other
 * tags left out. `scratch` is for the function. */
void html_words_add(struct html_words *words, struct str source, const struct html_mask *mask,
    struct html_range range, struct buf *scratch);
/* A space or a new line before the next word, none at the beginning. */
void html_words_space(struct html_words *words);
void html_words_line(struct html_words *words);
struct str html_words_str(const struct html_words *words);

#endif
