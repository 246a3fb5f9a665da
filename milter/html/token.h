/* SPDX-License-Identifier: BSD-2-Clause
 *
 * token: masked HTML into start tags, end tags, comments and text
 *
 * The tokenizer of the HTML standard (section 13.2.5) with offsets instead of strings, and
 * as much of its tree construction as tells what is text: script, style, title and their
 * like, and CDATA inside of svg and math. Scripts count as switched off, as in mail.
 *
 * Owns:    nothing.
 * Threads: any; touches only its arguments.
 */
#ifndef HTML_TOKEN_H
#define HTML_TOKEN_H

#include "base/str.h"
#include "html/html.h"

enum html_token_kind {
	HTML_TOKEN_EOF,
	HTML_TOKEN_TEXT,
	HTML_TOKEN_START,
	HTML_TOKEN_STOP,    /* an end tag */
	HTML_TOKEN_COMMENT, /* also doctype, <? and what else is no text */
	HTML_TOKEN_INSIDE,  /* the content of title and textarea: entities count, tags don't */
	HTML_TOKEN_OPAQUE,  /* the content of script, style, ...: nothing counts; CDATA as well */
};

struct html_token {
	enum html_token_kind kind;
	struct html_range range;
	struct str name;   /* of a tag, as in the mask */
	size_t attributes; /* where they begin */
	bool self_closing;
	struct html_range condition; /* a comment for Outlook: what stands in it */
};

struct html_tokenizer {
	const char *bytes; /* the mask */
	size_t at;
	size_t end;
	struct str inside; /* the element whose content comes next is no markup */
	bool opaque;
	unsigned foreign; /* svg and math that are open */
	unsigned points;  /* elements in them that hold HTML again */
};

/* Over bytes[begin..end). */
void html_tokenizer_init(
    struct html_tokenizer *tokenizer, const char *bytes, struct html_range range);
struct html_token html_tokenizer_next(struct html_tokenizer *tokenizer);

struct html_attribute {
	struct str name;
	struct html_range value; /* empty and at the name's end where there is none */
	enum html_quote quote;
	bool has_value;
	bool after_tag; /* a {% %} stands between the attribute before and this one */
};

enum html_attribute_step { HTML_ATTRIBUTE_FOUND, HTML_ATTRIBUTE_TAG_ENDS, HTML_ATTRIBUTE_EOF };

/* The next attribute from *at on, which is moved; at the tag's end it is at the >. */
enum html_attribute_step html_attribute_next(
    const char *bytes, size_t end, size_t *at, struct html_attribute *attribute_r);

/* White space of HTML. */
bool html_token_is_space(char c);
bool html_token_is_letter(char c);
/* Is it one of these, in any case? */
bool html_token_name_in(struct str name, const char *const *names, size_t count);
#define HTML_TOKEN_NAME_IN(name, names) \
	html_token_name_in(name, names, sizeof names / sizeof names[0])

#endif
