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
struct candidate {
	struct str name;
	size_t end; /* of its > */
	bool confirmed;
};

struct confirm {
	char *bytes; /* what libxml2 reads: text and start tags, and spaces for the rest */
	size_t size;
	struct candidate *candidate; /* in order of `end` */
	size_t count;
	size_t next; /* the first that is not passed yet */
	void *parser;
};

void confirm_init(struct confirm *confirm, size_t size);
void confirm_fini(struct confirm *confirm);
/* Text and tags, as they come. */
void confirm_text(struct confirm *confirm, const char *mask, struct html_range range);
void confirm_tag(struct confirm *confirm, const char *mask, const struct html_token *token);
/* Fills candidate[].confirmed; `candidate` and `count` are set by the caller. */
void confirm_run(struct confirm *confirm);

#endif
