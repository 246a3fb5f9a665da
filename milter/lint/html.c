/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html: see html.h
 *
 * Threads: one at a time.
 */
#include "lint/html.h"

#include "lint/traits.h"

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>

#define HTML_MAX   ((size_t)4 << 20)
#define MEMORY_MAX ((size_t)64 << 20)
#define TOKENS_MAX 200000
#define DEPTH_MAX  1000
/* libxml2 compares each attribute of an element with those before it. */
#define ATTRIBUTE_WORK_MAX ((size_t)100000000)

struct reader {
	struct lint_html *html;
	htmlParserCtxtPtr parser;
	struct str text;
	size_t at; /* tokens are made up to here */
	int quiet; /* inside of title: not seen */
};

static bool
is_name(char c)
{
	return g_ascii_isalnum(c) || c == ':' || c == '-' || c == '_' || c == '.';
}

static void
stop(struct reader *reader, const char *limit)
{
	reader->html->limit = limit;
	xmlStopParser(reader->parser);
}

static struct str
lower_name(struct reader *reader, const char *p, size_t n)
{
	struct str copy = arena_str(reader->html->arena, (struct str){p, n});

	if (copy.p == NULL) {
		stop(reader, "too many elements");
		return STR("");
	}
	str_lower_ascii((char *)(uintptr_t)copy.p, copy.n);
	return copy;
}

static struct lint_token *
add_token(struct reader *reader, enum lint_token_kind kind, size_t at, size_t end, struct str name)
{
	struct lint_html *html = reader->html;
	struct lint_token token = {.kind = kind, .at = at, .end = end, .name = name};

	token.traits = lint_traits(name);
	if (html->tokens->len >= TOKENS_MAX)
		stop(reader, "too many elements");
	/* Words on both sides of a line or cell are two. */
	if (kind != LINT_COMMENT && !(token.traits & LINT_INLINE))
		buf_add_char(&html->text, ' ');
	token.text_at = html->text.len;
	g_array_append_val(html->tokens, token);
	return &g_array_index(html->tokens, struct lint_token, html->tokens->len - 1);
}

/* Where the tag that opens at `at` ends, behind its '>'. */
static size_t
tag_end(struct str text, size_t at)
{
	char quote = '\0', before = '\0';

	for (size_t i = at + 1; i < text.n; i++) {
		char c = text.p[i];

		if (quote != '\0') {
			if (c == quote)
				quote = '\0';
		} else if ((c == '"' || c == '\'') && before == '=') {
			quote = c;
		} else if (c == '>') {
			return i + 1;
		}
		if (!g_ascii_isspace(c))
			before = c;
	}
	return text.n;
}

static size_t
name_length(struct str text, size_t at)
{
	size_t n = 0;

	while (at + n < text.n && is_name(text.p[at + n]))
		n++;
	return n;
}

static size_t
comment_end(struct str text, size_t at)
{
	struct str rest = {text.p + at, text.n - at};
	const char *end;

	if (str_starts(rest, STR("<!-->")))
		return at + 5;
	end = memmem(rest.p + 4, rest.n - 4, "-->", 3);
	return end == NULL ? text.n : (size_t)(end + 3 - text.p);
}

/* The text of style and script is no markup. */
static size_t
raw_end(struct str text, size_t at, struct str name)
{
	for (; at + name.n + 2 <= text.n; at++) {
		const char *open = memchr(text.p + at, '<', text.n - at);

		if (open == NULL)
			break;
		at = (size_t)(open - text.p);
		if (at + 2 + name.n <= text.n && open[1] == '/' &&
		    str_eq_nocase((struct str){open + 2, name.n}, name))
			return at;
	}
	return text.n;
}

static void
note_start(struct reader *reader, size_t at, size_t end)
{
	size_t n = name_length(reader->text, at + 1);
	struct str name = lower_name(reader, reader->text.p + at + 1, n);
	struct lint_token *token = add_token(reader, LINT_START, at, end, name);

	token->empty = end >= at + 3 && reader->text.p[end - 2] == '/';
	reader->at = end;
	if (str_is(name, "style") || str_is(name, "script"))
		reader->at = raw_end(reader->text, end, name);
	if (str_is(name, "title") && !token->empty)
		reader->quiet = 1;
}

static void
note_end(struct reader *reader, size_t at)
{
	size_t n = name_length(reader->text, at + 2);
	struct str name = lower_name(reader, reader->text.p + at + 2, n);

	reader->at = tag_end(reader->text, at);
	add_token(reader, LINT_END, at, reader->at, name);
	if (str_is(name, "title"))
		reader->quiet = 0;
}

/* Makes tokens of what is written before `until`. */
static void
catch_up(struct reader *reader, size_t until)
{
	struct str text = reader->text;

	while (reader->html->limit == NULL && reader->at < until) {
		const char *open = memchr(text.p + reader->at, '<', until - reader->at);
		size_t at = open == NULL ? until : (size_t)(open - text.p);
		char next = at + 1 < text.n ? text.p[at + 1] : '\0';

		if (open == NULL) {
			reader->at = until;
		} else if (str_starts((struct str){open, text.n - at}, STR("<!--"))) {
			reader->at = comment_end(text, at);
			add_token(reader, LINT_COMMENT, at, reader->at, STR(""));
		} else if (next == '!' || next == '?') {
			reader->at = tag_end(text, at);
		} else if (next == '/' && at + 2 < text.n && g_ascii_isalpha(text.p[at + 2])) {
			note_end(reader, at);
		} else if (g_ascii_isalpha(next)) {
			note_start(reader, at, tag_end(text, at));
		} else {
			reader->at = at + 1;
		}
	}
}

static size_t
offset(const struct reader *reader)
{
	long at = xmlByteConsumed(reader->parser);

	return at < 0 || (size_t)at > reader->text.n ? reader->text.n : (size_t)at;
}

static void
take_attributes(struct reader *reader, struct lint_token *token, const xmlChar **attributes)
{
	struct lint_attr *attrs;
	size_t count = 0;

	while (attributes != NULL && attributes[2 * count] != NULL)
		count++;
	attrs = arena_zalloc(reader->html->arena, count, sizeof *attrs);
	for (size_t i = 0; i < count && attrs != NULL; i++) {
		const char *name = (const char *)attributes[2 * i];
		const char *value = (const char *)attributes[2 * i + 1];

		attrs[i].name = lower_name(reader, name, strlen(name));
		if (value != NULL)
			attrs[i].value = arena_str(reader->html->arena, str_c(value));
	}
	if (attrs == NULL)
		return;
	token->attrs = attrs;
	token->attr_count = count;
}

/* libxml2 stands before the '>' now. What it invented has no tag there. */
static void
on_start(void *closure, const xmlChar *name, const xmlChar **attributes)
{
	struct reader *reader = closure;
	size_t at = offset(reader);
	struct lint_token *token;

	if (at + 1 < reader->text.n && reader->text.p[at] == '/')
		at++;
	if (at >= reader->text.n || reader->text.p[at] != '>' || at < reader->at)
		return;
	catch_up(reader, at + 1);
	if (reader->html->limit != NULL || reader->html->tokens->len == 0)
		return;
	token =
	    &g_array_index(reader->html->tokens, struct lint_token, reader->html->tokens->len - 1);
	if (token->kind == LINT_START && token->attrs == NULL && token->end == at + 1 &&
	    str_is(token->name, (const char *)name))
		take_attributes(reader, token, attributes);
	if (reader->parser->nameNr > DEPTH_MAX)
		stop(reader, "elements are nested too deep");
}

static void
on_end(void *closure, const xmlChar *name)
{
	struct reader *reader = closure;

	(void)name;
	catch_up(reader, offset(reader));
}

static void
on_text(void *closure, const xmlChar *text, int length)
{
	struct reader *reader = closure;

	catch_up(reader, offset(reader));
	if (reader->quiet == 0)
		buf_add(&reader->html->text, text, (size_t)length);
}

static void
on_raw_text(void *closure, const xmlChar *text, int length)
{
	(void)closure;
	(void)text;
	(void)length;
}

static void
on_comment(void *closure, const xmlChar *text)
{
	(void)text;
	on_end(closure, NULL);
}

void
lint_html_init(struct lint_html *html)
{
	html->tokens = g_array_new(FALSE, FALSE, sizeof(struct lint_token));
	html->arena = arena_new(MEMORY_MAX);
	html->limit = NULL;
	buf_init(&html->text, HTML_MAX * 2);
	buf_init(&html->given, HTML_MAX + 1);
}

void
lint_html_fini(struct lint_html *html)
{
	if (html->tokens == NULL)
		return;
	g_array_free(html->tokens, TRUE);
	arena_free(&html->arena);
	buf_fini(&html->text);
	buf_fini(&html->given);
}

/* What libxml2 would have to compare, at most. */
static size_t
attribute_work(struct str text)
{
	size_t work = 0, run = 0;
	bool inside = false;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '<')
			inside = true;
		if (inside && (c == '=' || c == ' ' || c == '\n' || c == '\t' || c == '/'))
			run++;
		if (c == '>') {
			work += run > 100 ? run * run : 0;
			run = 0;
			inside = false;
		}
	}
	return work + run * run;
}

/* libxml2 reads nothing behind </html>, but mail programs do, and some tools put footers
 * there. */
static struct str
without_last_ends(struct lint_html *html, struct str text)
{
	static const struct str ends[] = {{"</body", 6}, {"</html", 6}};

	buf_reset(&html->given);
	if (buf_add_str(&html->given, text) != 0)
		return text;
	for (char *p = html->given.data, *end = p + text.n; p < end; p++) {
		p = memchr(p, '<', (size_t)(end - p));
		if (p == NULL)
			break;
		for (size_t i = 0; i < 2; i++) {
			if ((size_t)(end - p) > ends[i].n &&
			    str_eq_nocase((struct str){p, ends[i].n}, ends[i]))
				memset(p, ' ',
				    tag_end(text, (size_t)(p - html->given.data)) -
					(size_t)(p - html->given.data));
		}
	}
	return buf_str(&html->given);
}

static void
parse(struct reader *reader, struct str given)
{
	static htmlSAXHandler handler = {
	    .startElement = on_start,
	    .endElement = on_end,
	    .characters = on_text,
	    .ignorableWhitespace = on_text,
	    .cdataBlock = on_raw_text,
	    .comment = on_comment,
	};
	htmlParserCtxtPtr parser =
	    htmlCreatePushParserCtxt(&handler, reader, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);

	if (parser == NULL)
		g_error("libxml2: out of memory");
	reader->parser = parser;
	/* Not HTML_PARSE_NOIMPLIED: it would stop behind the first element. */
	htmlCtxtUseOptions(parser,
	    HTML_PARSE_IGNORE_ENC | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
	xmlSwitchEncoding(parser, XML_CHAR_ENCODING_UTF8);
	htmlParseChunk(parser, given.p, (int)given.n, 1);
	htmlFreeParserCtxt(parser);
}

void
lint_html_read(struct lint_html *html, struct str text)
{
	struct reader reader = {.html = html, .text = text};

	g_array_set_size(html->tokens, 0);
	arena_reset(html->arena);
	buf_reset(&html->text);
	html->limit = NULL;
	if (text.n > HTML_MAX)
		html->limit = "larger than 4 MB";
	else if (attribute_work(text) > ATTRIBUTE_WORK_MAX)
		html->limit = "too many attributes in one element";
	if (html->limit != NULL || text.n == 0)
		return;
	parse(&reader, without_last_ends(html, text));
	catch_up(&reader, text.n);
}

const struct lint_token *
lint_html_at(const struct lint_html *html, size_t i)
{
	return &g_array_index(html->tokens, struct lint_token, i);
}

struct str
lint_attr(const struct lint_token *token, const char *name)
{
	for (size_t i = 0; i < token->attr_count; i++) {
		if (str_is(token->attrs[i].name, name))
			return token->attrs[i].value.p == NULL ? STR("") : token->attrs[i].value;
	}
	return STR_NONE;
}

struct str
lint_html_text(
    const struct lint_html *html, const struct lint_token *from, const struct lint_token *to)
{
	size_t end = to == NULL ? html->text.len : to->text_at;

	if (html->text.len == 0)
		return STR("");
	return (struct str){html->text.data + from->text_at, end - from->text_at};
}

size_t
lint_html_end_of(const struct lint_html *html, size_t i)
{
	struct str name = lint_html_at(html, i)->name;
	bool nests = !str_is(name, "a");
	size_t depth = 1, j;

	for (j = i + 1; j < html->tokens->len; j++) {
		const struct lint_token *token = lint_html_at(html, j);

		if (token->kind == LINT_COMMENT || !str_eq(token->name, name))
			continue;
		if (token->kind == LINT_START && nests)
			depth++;
		else if (--depth == 0)
			break;
	}
	return j;
}
