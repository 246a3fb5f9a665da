/* SPDX-License-Identifier: BSD-2-Clause
 *
 * confirm: what libxml2 takes for a start tag
 */
#ifndef HTML_CONFIRM_H
#define HTML_CONFIRM_H

#include "base/str.h"
#include "html/html.h"
#include "html/token.h"

/* A start tag that libxml2 shall find. */
struct html_candidate {
	struct str name;
	size_t end; /* of its > */
	bool confirmed;
};

struct html_confirm {
	char *bytes; /* what libxml2 reads: text and start tags, and spaces for the rest */
	size_t size;
	struct html_candidate *candidate; /* in order of `end` */
	size_t count;
	size_t next; /* the first that is not passed yet */
	void *parser;
};

void html_confirm_init(struct html_confirm *confirm, size_t size);
void html_confirm_fini(struct html_confirm *confirm);
/* Text and tags, as they come. */
void html_confirm_text(struct html_confirm *confirm, const char *mask, struct html_range range);
void html_confirm_tag(
    struct html_confirm *confirm, const char *mask, const struct html_token *token);
/* Fills candidate[].confirmed; `candidate` and `count` are set by the caller. */
void html_confirm_run(struct html_confirm *confirm);

#endif
