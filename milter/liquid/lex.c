/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lex: see lex.h
 */
#include "liquid/lex.h"

#include "liquid/text.h"

bool
lex_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

struct str
lex_trim_right(struct str s)
{
	while (s.n > 0 && lex_is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Where the next {{ or {% stands, or the end. */
static size_t
find_open(struct str source, size_t at)
{
	while (at + 1 < source.n) {
		const char *brace = memchr(source.p + at, '{', source.n - at - 1);

		if (brace == NULL)
			return source.n;
		if (brace[1] == '{' || brace[1] == '%')
			return (size_t)(brace - source.p);
		at = (size_t)(brace - source.p) + 1;
	}
	return source.n;
}

/* An output ends at the first }}; a single } or a tag inside it is an error, as in
 * Shopify's tokenizer. */
static bool
find_close_output(struct str source, size_t at, size_t *close_r)
{
	for (; at + 1 < source.n; at++) {
		if (source.p[at] == '}') {
			*close_r = at;
			return source.p[at + 1] == '}';
		}
		if (source.p[at] == '{' && source.p[at + 1] == '%')
			return false;
	}
	return false;
}

/* The first `pair` from `at` on, or NULL. */
static const char *
find_pair(struct str source, size_t at, const char pair[2])
{
	while (at + 1 < source.n) {
		const char *found = memchr(source.p + at, pair[0], source.n - at - 1);

		if (found == NULL || found[1] == pair[1])
			return found;
		at = (size_t)(found - source.p) + 1;
	}
	return NULL;
}

static bool
find_close_tag(struct str source, size_t at, size_t *close_r)
{
	const char *found = find_pair(source, at, "%}");

	if (found == NULL)
		return false;
	*close_r = (size_t)(found - source.p);
	return true;
}

static struct lex_piece
next_text(struct lex *lex, size_t end)
{
	struct lex_piece piece = {.kind = LEX_TEXT, .at = lex->at};

	piece.text = (struct str){lex->source.p + lex->at, end - lex->at};
	lex->at = end;
	while (lex->trim && piece.text.n > 0 && lex_is_space(piece.text.p[0])) {
		piece.text.p++;
		piece.text.n--;
	}
	lex->trim = false;
	return piece;
}

struct lex_piece
lex_next(struct lex *lex)
{
	struct lex_piece piece = {.kind = LEX_END, .at = lex->at};
	size_t open, close = 0;
	bool tag;

	if (lex->at >= lex->source.n)
		return piece;
	open = find_open(lex->source, lex->at);
	if (open > lex->at)
		return next_text(lex, open);
	tag = lex->source.p[open + 1] == '%';
	if (!(tag ? find_close_tag : find_close_output)(lex->source, open + 2, &close)) {
		piece.kind = tag ? LEX_BAD_TAG : LEX_BAD_OUTPUT;
		return piece;
	}
	piece.kind = tag ? LEX_TAG : LEX_OUTPUT;
	piece.text = (struct str){lex->source.p + open + 2, close - open - 2};
	lex->at = close + 2;
	if (piece.text.n > 0 && piece.text.p[0] == '-') {
		piece.trim_before = true;
		piece.text.p++;
		piece.text.n--;
		if (piece.text.n == 0) /* {{-}}: one dash for both sides */
			piece.trim_after = true;
	}
	if (piece.text.n > 0 && piece.text.p[piece.text.n - 1] == '-') {
		piece.trim_after = true;
		piece.text.n--;
	}
	lex->trim = piece.trim_after;
	return piece;
}

struct str
lex_word(const struct lex_piece *piece)
{
	struct scan scan;

	if (piece->kind != LEX_TAG)
		return STR_NONE;
	scan_init(&scan, piece->text, piece->text);
	return scan.token == TOKEN_ID ? scan.text : STR_NONE;
}

/* The first word of the tag that begins at `open`, closed or not. */
static struct str
word_at(struct str source, size_t open)
{
	size_t at = open + 2;
	struct scan scan;

	if (at < source.n && source.p[at] == '-')
		at++;
	scan_init(&scan, source, (struct str){source.p + at, source.n - at});
	return scan.token == TOKEN_ID ? scan.text : STR_NONE;
}

/* Looks at words before it looks where a tag is closed, so that a long row of {% costs no
 * more than its length. */
bool
lex_find_end(struct lex *lex, const char *name, const char *not_before, struct lex_piece *piece_r)
{
	for (size_t at = lex->at; at + 1 < lex->source.n; at++) {
		const char *open = find_pair(lex->source, at, "{%");
		struct str word;

		if (open == NULL)
			return false;
		at = (size_t)(open - lex->source.p);
		word = word_at(lex->source, at);
		if (not_before != NULL && str_is(word, not_before))
			return false;
		if (str_is(word, name)) {
			struct lex here = {.source = lex->source, .at = at};

			*piece_r = lex_next(&here);
			if (piece_r->kind == LEX_TAG)
				*lex = here;
			return piece_r->kind == LEX_TAG;
		}
	}
	return false;
}

/* Only tags count in a comment. */
bool
lex_skip_comment(struct lex *lex)
{
	int depth = 1;

	while (depth > 0) {
		const char *open = find_pair(lex->source, lex->at, "{%");
		struct lex_piece piece;
		struct str word;

		if (open == NULL)
			return false;
		lex->at = (size_t)(open - lex->source.p);
		piece = lex_next(lex);
		if (piece.kind != LEX_TAG)
			return false;
		word = lex_word(&piece);
		if (str_is(word, "comment"))
			depth++;
		else if (str_is(word, "endcomment"))
			depth--;
		else if (str_is(word, "raw") && !lex_find_end(lex, "endraw", NULL, &piece))
			return false;
	}
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes of the letter that text begins with, 0 if it is none. Letters beyond ASCII are
 * allowed in names: attributes come from CSV columns. The quotes, dashes and spaces of
 * word processors are not: they are mistakes. */
static size_t
letter(const char *p, const char *end)
{
	size_t n;

	if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_' || is_digit(*p))
		return 1;
	if ((unsigned char)*p < 0x80)
		return 0;
	n = text_step(p, (size_t)(end - p));
	return text_is_letter(text_char(p, n)) ? n : 0;
}

/* Bytes of the white space that text begins with; editors put no-break spaces in. */
static size_t
space(const char *p, const char *end)
{
	if (lex_is_space(*p))
		return 1;
	return end - p >= 2 && p[0] == '\xc2' && p[1] == '\xa0' ? 2 : 0;
}

static void
take(struct scan *scan, enum token token, size_t length)
{
	scan->token = token;
	scan->text = (struct str){scan->p, length};
	scan->p += length;
}

static void
scan_word(struct scan *scan)
{
	const char *p = scan->p;
	size_t n;

	for (; p < scan->end; p += n) {
		n = *p == '-' ? 1 : letter(p, scan->end);
		if (n == 0)
			break;
	}
	if (p < scan->end && *p == '?')
		p++;
	take(scan, TOKEN_ID, (size_t)(p - scan->p));
	if (str_is(scan->text, "contains"))
		scan->token = TOKEN_COMPARE;
}

static void
scan_number(struct scan *scan)
{
	const char *p = scan->p + 1;

	while (p < scan->end && is_digit(*p))
		p++;
	if (p + 1 < scan->end && *p == '.' && is_digit(p[1])) {
		p++;
		while (p < scan->end && is_digit(*p))
			p++;
	}
	take(scan, TOKEN_NUMBER, (size_t)(p - scan->p));
}

static void
scan_string(struct scan *scan)
{
	const char *begin = scan->p + 1;
	const char *close = memchr(begin, scan->p[0], (size_t)(scan->end - begin));

	if (close == NULL) {
		take(scan, TOKEN_BAD, 1);
		return;
	}
	scan->token = TOKEN_STRING;
	scan->text = (struct str){begin, (size_t)(close - begin)};
	scan->p = close + 1;
}

/* == != <> <= >= < > and the = of assign */
static void
scan_operator(struct scan *scan)
{
	char c = scan->p[0];
	char d = scan->p + 1 < scan->end ? scan->p[1] : '\0';

	if (d == '=' || (c == '<' && d == '>'))
		take(scan, TOKEN_COMPARE, 2);
	else if (c == '<' || c == '>')
		take(scan, TOKEN_COMPARE, 1);
	else
		take(scan, c == '=' ? TOKEN_ASSIGN : TOKEN_BAD, 1);
}

static enum token
punctuation(char c)
{
	switch (c) {
	case '.':
		return TOKEN_DOT;
	case ':':
		return TOKEN_COLON;
	case ',':
		return TOKEN_COMMA;
	case '|':
		return TOKEN_PIPE;
	case '(':
		return TOKEN_OPEN_ROUND;
	case ')':
		return TOKEN_CLOSE_ROUND;
	case '[':
		return TOKEN_OPEN_SQUARE;
	case ']':
		return TOKEN_CLOSE_SQUARE;
	case '-':
		return TOKEN_DASH;
	case '?':
		return TOKEN_QUESTION;
	default:
		return TOKEN_BAD;
	}
}

void
scan_next(struct scan *scan)
{
	char c;

	while (scan->p < scan->end && space(scan->p, scan->end) > 0)
		scan->p += space(scan->p, scan->end);
	scan->at = (uint32_t)(scan->p - scan->base);
	if (scan->p == scan->end) {
		scan->token = TOKEN_END;
		scan->text = (struct str){scan->p, 0};
		return;
	}
	c = *scan->p;
	if (is_digit(c) || (c == '-' && scan->p + 1 < scan->end && is_digit(scan->p[1])))
		scan_number(scan);
	else if (letter(scan->p, scan->end) > 0)
		scan_word(scan);
	else if (c == '"' || c == '\'')
		scan_string(scan);
	else if (c == '=' || c == '!' || c == '<' || c == '>')
		scan_operator(scan);
	else if (c == '.' && scan->p + 1 < scan->end && scan->p[1] == '.')
		take(scan, TOKEN_DOTDOT, 2);
	else
		take(scan, punctuation(c), text_step(scan->p, (size_t)(scan->end - scan->p)));
}

void
scan_init(struct scan *scan, struct str source, struct str markup)
{
	*scan = (struct scan){.base = source.p, .p = markup.p, .end = markup.p + markup.n};
	scan_next(scan);
}

struct str
scan_rest(const struct scan *scan)
{
	return (struct str){scan->p, (size_t)(scan->end - scan->p)};
}

const char *
token_name(enum token token)
{
	static const char *const names[] = {
	    [TOKEN_END] = "the end",
	    [TOKEN_BAD] = "an unexpected character",
	    [TOKEN_ID] = "a name",
	    [TOKEN_NUMBER] = "a number",
	    [TOKEN_STRING] = "a string",
	    [TOKEN_COMPARE] = "a comparison",
	    [TOKEN_DOT] = "'.'",
	    [TOKEN_DOTDOT] = "'..'",
	    [TOKEN_COLON] = "':'",
	    [TOKEN_COMMA] = "','",
	    [TOKEN_PIPE] = "'|'",
	    [TOKEN_ASSIGN] = "'='",
	    [TOKEN_OPEN_ROUND] = "'('",
	    [TOKEN_CLOSE_ROUND] = "')'",
	    [TOKEN_OPEN_SQUARE] = "'['",
	    [TOKEN_CLOSE_SQUARE] = "']'",
	    [TOKEN_DASH] = "'-'",
	    [TOKEN_QUESTION] = "'?'",
	};

	return names[token];
}
