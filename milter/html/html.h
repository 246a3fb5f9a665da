/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html: which bytes of an HTML template are links, and edits that touch no other byte
 *
 * The source is never parsed and written again. html_scan says where things stand, by
 * byte offset; html_splice copies the source with some ranges exchanged. The source may
 * hold Liquid tags anywhere: they are passed over by Liquid's own lexical rules, so that
 * a `>` or a quote in a tag ends no HTML tag. Knows nothing of mail or tracking.
 *
 * Two readers decide what is a start tag: a tokenizer by the HTML standard (section
 * 13.2.5) that knows offsets, and libxml2. Where they differ, the link is not reported
 * but counted (html_summary.mismatches): better a link too few than a wrong byte.
 *
 * Threads: a struct html_doc is immutable; any number of threads may read it.
 */
#ifndef HTML_HTML_H
#define HTML_HTML_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

#define HTML_NOWHERE SIZE_MAX

/* Bytes from `begin` up to `end`, which is not included. */
struct html_range {
	size_t begin;
	size_t end;
};

enum html_quote {
	HTML_QUOTE_NONE,
	HTML_QUOTE_SINGLE,
	HTML_QUOTE_DOUBLE,
	HTML_QUOTE_TEXT, /* for html_unmark: no attribute, but an address in plain text */
};

enum html_scheme {
	HTML_SCHEME_EMPTY,
	HTML_SCHEME_HTTP, /* http and https */
	HTML_SCHEME_MAILTO,
	HTML_SCHEME_TEL,
	HTML_SCHEME_SMS,
	HTML_SCHEME_CID,
	HTML_SCHEME_DATA,
	HTML_SCHEME_JAVASCRIPT,
	HTML_SCHEME_OTHER,
	HTML_SCHEME_FRAGMENT, /* begins with # */
	HTML_SCHEME_RELATIVE, /* none, as in page.html, /page or //host/page */
	HTML_SCHEME_UNKNOWN   /* depends on template tags */
};

/* What an attribute value holds of the template language. */
enum html_dynamic {
	HTML_STATIC = 0,
	HTML_DYNAMIC_OUTPUT = 1, /* {{ }} */
	HTML_DYNAMIC_TAG = 2	 /* {% %} */
};

struct html_value {
	struct html_range range; /* in the source, without quotes */
	enum html_quote quote;
	unsigned dynamic; /* enum html_dynamic, or-ed; 0: what stands there is what leaves */
};

struct html_link {
	struct str element; /* a, area or v:..., as written */
	struct html_value value;
	/* As a browser reads it: entities decoded once, white space around it and line ends
	 * in it removed. Template tags stand in it as written. */
	struct str address;
	enum html_scheme scheme;
	struct str text;       /* what the reader sees, at most HTML_LINK_TEXT bytes */
	struct html_range tag; /* the start tag, from < to > */
	unsigned line;	       /* of that tag, from 1 */
	bool off;	       /* data-track="off" here or on an element around it */
	bool conditional;      /* in a comment for Outlook: <!--[if mso]> ... <![endif]--> */
	bool literal;	       /* in {% raw %}: template tags put here would not be rendered */
	bool captured;	       /* in {% capture %}: may be printed elsewhere, or changed before */
	/* False: the value begins a block of the template that it doesn't end, so that no
	 * edit around it would be safe. Always true for static values. */
	bool whole;
};

struct html_image {
	struct html_value src;
	struct html_range tag;
	unsigned line;
	int width; /* from the attribute, in pixels; -1: none, or no plain number */
	int height;
	bool has_alt;
	bool conditional;
};

/* Where things may be put in. All offsets are in the source, or HTML_NOWHERE. */
struct html_places {
	size_t head_begin; /* behind <head ...> */
	size_t head_end;   /* before </head> */
	size_t body_begin; /* behind <body ...> */
	size_t body_end;   /* before the last </body>; without one before the last </html>;
			    * else behind the last byte that is no white space */
	bool has_body;	   /* there is a <body> */
	bool end_literal;  /* body_end lies in {% raw %} */
};

struct html_summary {
	size_t mismatches;     /* links and images left out since the two readers differ */
	size_t first_mismatch; /* offset of the first of them, or HTML_NOWHERE */
	bool broken;	       /* a Liquid tag is not closed: it was read as text */
};

/* Ceilings for one scan; each exceeded one is ERR_LIMIT. */
struct html_limits {
	size_t source; /* bytes */
	size_t links;  /* links, and as many images */
};

struct html_options {
	bool plain; /* the source is no template: {{ is text */
	struct html_limits limits;
};

#define HTML_LINK_TEXT 200

struct html_doc;

/* Once per template. Nothing of `source` is kept; offsets refer to it. Any bytes are
 * accepted. ERR_LIMIT. */
int html_scan(struct html_doc **doc_r, struct str source, const struct html_options *options,
    struct err *err);
void html_free(struct html_doc **doc);

/* Links in the order of the source: html_link_at(doc, 0) begins an array. */
size_t html_link_count(const struct html_doc *doc);
const struct html_link *html_link_at(const struct html_doc *doc, size_t i);
size_t html_image_count(const struct html_doc *doc);
const struct html_image *html_image_at(const struct html_doc *doc, size_t i);
const struct html_places *html_places(const struct html_doc *doc);
const struct html_summary *html_summary(const struct html_doc *doc);
/* For reports: "http", "mailto", ... */
const char *html_scheme_name(enum html_scheme scheme);

/* What a reader sees: without head, scripts, styles, comments (also those for Outlook) and
 * elements with display:none or `hidden`; entities decoded, white space as one space, a
 * line for each block. Outputs of the template stand in it as written, its other tags
 * don't. `images`: with their alternative texts. ERR_LIMIT if `text_r` is full or the
 * source too large; what fits is there then. */
int html_text(struct str source, const struct html_options *options, bool images,
    struct buf *text_r, struct err *err);

/* --- edits --- */

/* Puts `text` in the place of a range; an empty range inserts. */
struct html_edit {
	struct html_range range;
	struct str text;
};

/* Sorts `edits` by place (those of one place keep their order) and writes the source with
 * them to `out`. ERR_INPUT if two overlap or one lies outside of the source; ERR_LIMIT if
 * `out` is full. Nothing useful is in `out` then. */
int html_splice(
    struct str source, struct html_edit *edits, size_t count, struct buf *out, struct err *err);

/* --- attribute values and addresses --- */

/* Writes `text` so that it reads as exactly these bytes where a value with such quotes
 * stands; a value without quotes gets some. `literal`: what looks like a template tag in it
 * must not be rendered, so its braces are written as references. -1: out is full. */
int html_value_encode(struct str text, enum html_quote quote, bool literal, struct buf *out);
/* The reverse: entities decoded once, by the rules for attributes. */
int html_value_decode(struct str value, struct buf *out);
/* The same for text between tags. */
int html_text_decode(struct str text, struct buf *out);
/* Decoded, and then trimmed as the URL standard says: no controls and spaces at both ends,
 * no tab, CR or LF inside. All other bytes stay. */
int html_address_read(struct str value, struct buf *out);
/* Of what html_address_read gave. */
enum html_scheme html_address_scheme(struct str address);

/* --- values that hold template tags --- */

/* Such a value has its address only after rendering. html_mark puts a mark before and
 * behind each of them into the source that is compiled; after each rendering html_unmark
 * takes them out and asks for what shall stand between: one walk over the output, no
 * parsing. The marks hold a secret, so that no contact's data can make one. */
#define HTML_NONCE 16

struct html_marks {
	char nonce[HTML_NONCE]; /* digits */
};

/* A nonce from the system's generator. */
void html_marks_init(struct html_marks *marks);
/* Can this link be marked? It is dynamic and whole, and in no {% raw %} or {% capture %}. */
bool html_markable(const struct html_link *link);

#define HTML_MARK_MAX (HTML_NONCE + 16)
/* The mark before or behind the value of link number `link`. It goes into an edit with an
 * empty range. */
struct str html_mark(
    const struct html_marks *marks, size_t link, bool behind, char text[HTML_MARK_MAX]);

/* Called for each marked value, as often as it was rendered. `address`: what it reads as
 * now. Returns 1 with what it shall read as, 0 to keep its bytes, -1 with err filled. */
typedef int html_rewrite(
    void *closure, size_t link, struct str address, struct str *address_r, struct err *err);

struct html_unmarking {
	size_t links; /* as many as the marks were made for */
	html_rewrite *rewrite;
	void *closure;
	/* Filled: */
	size_t rewritten;
	size_t torn; /* values with only one mark, or that a quote ends early: kept as they are */
};

/* Writes `rendered` without marks to `out`. `quotes[link]` is the value's quote. ERR_TEMPLATE
 * if a mark was changed by the template (no part of one may leave); ERR_LIMIT if `out` is
 * full; what `rewrite` says. */
int html_unmark(const struct html_marks *marks, struct str rendered, const enum html_quote *quotes,
    struct html_unmarking *unmarking, struct buf *out, struct err *err);

#endif
