/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lex: template source into text, outputs and tags, and those into words
 *
 * Two stages, as in Shopify's Liquid: lex_next cuts the template at {{ }} and {% %};
 * a struct scan walks over what stands between them, one token ahead.
 *
 * Owns:    nothing; tokens are spans of the source.
 * Threads: any; touches only its arguments.
 * Fails:   says where, the caller words it.
 */
#ifndef LIQUID_LEX_H
#define LIQUID_LEX_H

#include "base/str.h"

#include <stdint.h>

enum lex_kind {
	LEX_END,
	LEX_TEXT,
	LEX_OUTPUT,
	LEX_TAG,
	LEX_BAD_OUTPUT, /* {{ without }} */
	LEX_BAD_TAG,	/* {% without %} */
};

struct lex {
	struct str source;
	size_t at;
	bool trim; /* the last tag ended in -}} or -%} */
};

struct lex_piece {
	enum lex_kind kind;
	struct str text; /* TEXT: trimmed by a dash before it; else between the delimiters */
	size_t at;	 /* offset of the delimiter or text */
	bool trim_before;
	bool trim_after;
};

struct lex_piece lex_next(struct lex *lex);
/* A tag's first word; absent for all other pieces. */
struct str lex_word(const struct lex_piece *piece);
/* Moves behind the tag `name` that stands somewhere from here on, with no tag `not_before`
 * (or NULL) in front of it: how {% raw %} and {% doc %} end. The piece is that tag. */
bool lex_find_end(
    struct lex *lex, const char *name, const char *not_before, struct lex_piece *piece_r);
/* After {% comment %}: moves behind the {% endcomment %} that belongs to it. */
bool lex_skip_comment(struct lex *lex);
/* White space in the sense of trimming. */
bool lex_is_space(char c);
struct str lex_trim_right(struct str s);

enum token {
	TOKEN_END,
	TOKEN_BAD, /* a character that begins no token */
	TOKEN_ID,
	TOKEN_NUMBER,
	TOKEN_STRING, /* text without the quotes */
	TOKEN_COMPARE,
	TOKEN_DOT,
	TOKEN_DOTDOT,
	TOKEN_COLON,
	TOKEN_COMMA,
	TOKEN_PIPE,
	TOKEN_ASSIGN,
	TOKEN_OPEN_ROUND,
	TOKEN_CLOSE_ROUND,
	TOKEN_OPEN_SQUARE,
	TOKEN_CLOSE_SQUARE,
	TOKEN_DASH,
	TOKEN_QUESTION,
};

struct scan {
	const char *base; /* the source's begin */
	const char *p;
	const char *end;
	enum token token; /* the one ahead */
	struct str text;
	uint32_t at; /* its offset */
};

/* Over the span `markup` of `source`; the first token is ahead. */
void scan_init(struct scan *scan, struct str source, struct str markup);
void scan_next(struct scan *scan);
/* What stands after the token ahead, up to the end. */
struct str scan_rest(const struct scan *scan);
/* For messages. */
const char *token_name(enum token token);

#endif
