/* SPDX-License-Identifier: BSD-2-Clause
 *
 * element: what is known of elements without building a tree
 */
#ifndef HTML_ELEMENT_H
#define HTML_ELEMENT_H

#include "html/mask.h"
#include "html/token.h"

/* From a start tag to the end tag that belongs to it; one at a time. */
struct html_region {
	struct str name;
	unsigned depth; /* elements of that name that are open; 0: we are not in it */
};

/* To be told of each start tag; `begins`: if no region is open, one begins here. */
void html_region_start(struct html_region *region, const struct html_token *token, bool begins);
void html_region_stop(struct html_region *region, struct str name);

/* br, img, ...: no end tag follows. */
bool html_element_is_void(struct str name);
/* Does it begin a new line? */
bool html_element_is_block(struct str name);
/* Is it one whose address leads somewhere: a, area, or VML? */
bool html_element_is_link(struct str name);

/* An attribute of the tag by name: the first of them, as a browser takes it. False: none. */
bool html_element_attribute(const char *mask, const struct html_token *token, const char *name,
    struct html_attribute *attribute_r);
/* Is that its value, in any case? */
bool html_element_has(
    const char *mask, const struct html_token *token, const char *name, const char *value);
/* By a style of its own or `hidden`. */
bool html_element_is_hidden(const char *mask, const struct html_token *token);

#endif
