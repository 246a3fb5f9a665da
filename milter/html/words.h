/* SPDX-License-Identifier: BSD-2-Clause
 *
 * words: text as a reader sees it, white space collapsed
 */
#ifndef HTML_WORDS_H
#define HTML_WORDS_H

#include "base/buf.h"
#include "html/mask.h"

struct words {
	struct buf *out;
	size_t begin; /* where this text begins in `out` */
	size_t max;   /* bytes of it at most; what is more is dropped */
	char gap;     /* white space that comes before the next word; NUL: none */
	bool cut;
};

void words_init(struct words *words, struct buf *out, size_t max);
/* A range of the source: entities decoded, outputs of the template as written, its other
 * tags left out. `scratch` is for the function. */
void words_add(struct words *words, struct str source, const struct mask *mask,
    struct html_range range, struct buf *scratch);
/* A space or a new line before the next word, none at the beginning. */
void words_space(struct words *words);
void words_line(struct words *words);
struct str words_str(const struct words *words);

#endif
