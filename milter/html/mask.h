/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mask: the source with fillers where template tags stand
 *
 * Same length, same offsets. What is left is HTML.
 */
#ifndef HTML_MASK_H
#define HTML_MASK_H

#include "base/str.h"
#include "html/html.h"

#include <stdbool.h>

/* Neither stands in a mask for another reason. */
#define HTML_MASK_TAG \
	'\x01' /* {% %}, also a whole comment: nothing is printed, words are separated */
#define HTML_MASK_OUTPUT '\x02' /* {{ }}: prints something */

struct html_mask {
	char *bytes; /* source.n; NUL follows */
	size_t size;
	/* Ranges in order. */
	struct html_range *raw;
	size_t raws;
	struct html_range *capture;
	size_t captures;
	bool broken; /* a tag is not closed */
};

void html_mask_init(struct html_mask *mask, struct str source, bool plain);
void html_mask_fini(struct html_mask *mask);
/* Does one of the ranges hold that offset? */
bool html_mask_within(const struct html_range *ranges, size_t count, size_t at);
/* Template tags in that range of the mask: enum html_dynamic, or-ed. */
unsigned html_mask_dynamic(const struct html_mask *mask, struct html_range range);
/* Does each block that begins in that range of the source end there, and the reverse? */
bool html_mask_balanced(struct str source, struct html_range range);

#endif
