/* SPDX-License-Identifier: BSD-2-Clause
 *
 * visible: does a reader see what stands here?
 *
 * Told of each start and end tag, it knows what the elements that are open do to what is
 * in them. Only what stands on the elements themselves counts, no style sheet:
 *
 *     hides all in it     display:none, opacity:0, the attribute hidden, and <head>,
 *                         <template>, <script> and their like
 *     hides until undone  visibility:hidden or collapse, by visibility:visible further in
 *     hides text only     font-size:0, until another font-size further in
 *
 * Of two declarations of a property in one style the last counts; template tags are taken
 * out first, so that a style under a condition counts as if it were always there. End
 * tags that HTML lets one leave out are put in for p, li, dt, dd, option and the parts of
 * tables.
 *
 * Owns:    the stack.
 * Threads: one at a time.
 */
#ifndef HTML_VISIBLE_H
#define HTML_VISIBLE_H

#include "html/mask.h"
#include "html/token.h"

#include <glib.h>

struct html_visible {
	const struct html_mask *mask;
	GArray *open;
	size_t beyond; /* elements open past the stack's ceiling */
};

void html_visible_init(struct html_visible *visible, const struct html_mask *mask);
void html_visible_fini(struct html_visible *visible);
void html_visible_start(struct html_visible *visible, const struct html_token *token);
void html_visible_stop(struct html_visible *visible, struct str name);
/* How many elements are open. */
size_t html_visible_depth(const struct html_visible *visible);
/* At this place, in the elements that are open. */
bool html_visible_text(const struct html_visible *visible);
/* An element without content, such as an image, that begins here. */
bool html_visible_element(const struct html_visible *visible, const struct html_token *token);

#endif
