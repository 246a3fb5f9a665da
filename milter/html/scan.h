/* SPDX-License-Identifier: BSD-2-Clause
 *
 * scan: what the parts of a scan share
 */
#ifndef HTML_SCAN_H
#define HTML_SCAN_H

#include "html/confirm.h"
#include "html/doc.h"
#include "html/element.h"
#include "html/words.h"

#include <glib.h>

/* The document, or what stands in a comment for Outlook: such a piece need not be
 * balanced, so it has a state of its own. */
struct html_level {
	bool conditional;
	struct html_region off; /* data-track="off" */
	struct str element;	/* whose text is collected */
	size_t first, count;	/* its links; none: no text is collected */
	struct buf text;
	struct html_words words;
};

struct html_scanner {
	struct html_doc *doc;
	struct str source;
	const struct html_limits *limits;
	struct html_mask mask;
	struct html_confirm confirm;
	GArray *links;
	GArray *images;
	GArray *slots;
	struct buf scratch;
	unsigned line; /* of the byte at `line_at` */
	size_t line_at;
	struct err *err;
};

/* link.c: a start tag, and what comes after it. -1 with err filled. */
int html_scan_link_tag(struct html_scanner *scanner, struct html_level *level,
    const struct html_token *token, bool off);
int html_scan_image_tag(
    struct html_scanner *scanner, struct html_level *level, const struct html_token *token);
void html_scan_link_text(
    struct html_scanner *scanner, struct html_level *level, struct html_range range);
/* The element whose text is collected ends here. */
int html_scan_link_end(struct html_scanner *scanner, struct html_level *level);
/* A value with the template's tags that belong to it; `whole_r`: as of a link. */
struct html_value html_scan_value(
    const struct html_scanner *scanner, const struct html_attribute *attribute, bool *whole_r);
/* The scheme that stands before the first of the template's tags. */
enum html_scheme html_scan_scheme(struct html_scanner *scanner, struct html_range range);
/* slot.c: a start tag's values that template tags make. */
int html_scan_slots(struct html_scanner *scanner, const struct html_token *token);
/* The line of the byte at `at`; must not go back. */
unsigned html_scan_line(struct html_scanner *scanner, size_t at);
/* A copy in the document's arena. -1: it is full. */
int html_scan_keep(struct html_scanner *scanner, struct str text, struct str *copy_r);

#endif
