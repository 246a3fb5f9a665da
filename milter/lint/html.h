/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html: start tags, end tags and comments of an HTML text, and what a reader sees
 *
 * libxml2 decides what is markup and decodes attributes and text. It closes and
 * invents elements on the way, so places come from the bytes between its events:
 * the tokens are those that are written there.
 *
 * Owns:    all of it, until the next lint_html_read or lint_html_fini.
 * Threads: one at a time.
 */
#ifndef LINT_HTML_H
#define LINT_HTML_H

#include "base/arena.h"
#include "base/buf.h"

#include <glib.h>

enum lint_token_kind { LINT_START, LINT_END, LINT_COMMENT };

/* What kind of element it is. */
enum {
	LINT_INLINE = 1,     /* no line or cell begins with it */
	LINT_VOID = 2,	     /* has no end tag */
	LINT_OPTIONAL = 4,   /* its end tag may be left out */
	LINT_FORMATTING = 8, /* may overlap others */
	LINT_CELL = 16,	     /* what is open around it can't be closed in it */
	LINT_TABLE = 32,     /* a table or a part of one */
};

struct lint_attr {
	struct str name;  /* lower case */
	struct str value; /* decoded; {NULL,0} without one */
};

struct lint_token {
	enum lint_token_kind kind;
	bool empty; /* <br/> */
	size_t at;
	size_t end;
	struct str name; /* lower case */
	unsigned traits;
	const struct lint_attr *attrs;
	size_t attr_count;
	size_t text_at; /* how much visible text stands before it */
};

struct lint_html {
	GArray *tokens;
	struct arena *arena;
	struct buf text;   /* visible, decoded, a space between blocks */
	struct buf given;  /* to libxml2 */
	const char *limit; /* what was exceeded; the rest is missing then */
};

void lint_html_init(struct lint_html *html);
void lint_html_fini(struct lint_html *html);
/* `text` is valid UTF-8. */
void lint_html_read(struct lint_html *html, struct str text);
const struct lint_token *lint_html_at(const struct lint_html *html, size_t i);
/* {NULL,0}: it has no such attribute. */
struct str lint_attr(const struct lint_token *token, const char *name);
/* The visible text between two tokens. */
struct str lint_html_text(
    const struct lint_html *html, const struct lint_token *from, const struct lint_token *to);
/* The end tag that belongs to start tag `i`, or the next start tag where one link begins in
 * another; the number of tokens if there is none. */
size_t lint_html_end_of(const struct lint_html *html, size_t i);

#endif
