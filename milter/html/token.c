/* SPDX-License-Identifier: BSD-2-Clause
 *
 * token: see token.h
 *
 * Every byte is looked at a fixed number of times: nothing goes back but over a tag's
 * name. What has no end (a comment, a tag, a script) goes on to the end of the document.
 */
#include "html/token.h"

#include "html/mask.h"
#include "html/rawtext.h"

#include <strings.h>

void
html_tokenizer_init(struct html_tokenizer *tokenizer, const char *bytes, struct html_range range)
{
	*tokenizer = (struct html_tokenizer){.bytes = bytes, .at = range.begin, .end = range.end};
}

/* Start tags that end svg and math, whatever is open there (section 13.2.6.5). */
static bool
breaks_out(struct str name)
{
	static const char *const names[] = {"b", "big", "blockquote", "body", "br", "center",
	    "code", "dd", "div", "dl", "dt", "em", "embed", "h1", "h2", "h3", "h4", "h5", "h6",
	    "head", "hr", "i", "img", "li", "listing", "menu", "meta", "nobr", "ol", "p", "pre",
	    "ruby", "s", "small", "span", "strong", "strike", "sub", "sup", "table", "tt", "u",
	    "ul", "var"};

	return HTML_TOKEN_NAME_IN(name, names);
}

/* Elements of svg and math that hold HTML. */
static bool
is_point(struct str name)
{
	static const char *const names[] = {
	    "foreignobject", "desc", "title", "mi", "mo", "mn", "ms", "mtext", "annotation-xml"};

	return HTML_TOKEN_NAME_IN(name, names);
}

static bool
is_foreign_root(struct str name)
{
	return str_is_nocase(name, "svg") || str_is_nocase(name, "math");
}

static bool
in_foreign(const struct html_tokenizer *tokenizer)
{
	return tokenizer->foreign > tokenizer->points;
}

static void
note_start(struct html_tokenizer *tokenizer, const struct html_token *token)
{
	static const char *const inside[] = {"title", "textarea"};
	static const char *const opaque[] = {
	    "script", "style", "xmp", "iframe", "noembed", "noframes", "plaintext"};

	if (is_foreign_root(token->name) && !token->self_closing) {
		tokenizer->foreign = tokenizer->points + 1;
		return;
	}
	if (in_foreign(tokenizer)) {
		if (breaks_out(token->name))
			tokenizer->foreign = tokenizer->points = 0;
		else if (is_point(token->name) && !token->self_closing)
			tokenizer->points = tokenizer->foreign;
		return;
	}
	tokenizer->opaque = HTML_TOKEN_NAME_IN(token->name, opaque);
	if (tokenizer->opaque || HTML_TOKEN_NAME_IN(token->name, inside))
		tokenizer->inside = token->name;
}

static void
note_stop(struct html_tokenizer *tokenizer, const struct html_token *token)
{
	if (tokenizer->foreign == 0)
		return;
	if (is_foreign_root(token->name)) {
		tokenizer->foreign--;
		if (tokenizer->points > tokenizer->foreign)
			tokenizer->points = tokenizer->foreign;
	} else if (!in_foreign(tokenizer) && is_point(token->name)) {
		tokenizer->points--;
	}
}

/* The rest of the document is no token: a tag without end. */
static struct html_token
rest(struct html_tokenizer *tokenizer, size_t begin)
{
	tokenizer->at = tokenizer->end;
	return (struct html_token){.kind = HTML_TOKEN_COMMENT, .range = {begin, tokenizer->end}};
}

static struct html_token
read_tag(struct html_tokenizer *tokenizer, size_t begin, bool stop)
{
	struct html_token token = {.kind = stop ? HTML_TOKEN_STOP : HTML_TOKEN_START};
	const char *bytes = tokenizer->bytes;
	size_t name = begin + (stop ? 2 : 1), at = name;
	struct html_attribute attribute;
	enum html_attribute_step step;

	while (at < tokenizer->end && !html_token_is_space(bytes[at]) && bytes[at] != '/' &&
	    bytes[at] != '>' && bytes[at] != HTML_MASK_TAG)
		at++;
	token.name = (struct str){bytes + name, at - name};
	token.attributes = at;
	do
		step = html_attribute_next(bytes, tokenizer->end, &at, &attribute);
	while (step == HTML_ATTRIBUTE_FOUND);
	if (step == HTML_ATTRIBUTE_EOF)
		return rest(tokenizer, begin);
	token.range = (struct html_range){begin, at + 1};
	token.self_closing = bytes[at - 1] == '/';
	tokenizer->at = at + 1;
	if (stop)
		note_stop(tokenizer, &token);
	else
		note_start(tokenizer, &token);
	return token;
}

/* Behind the comment that begins at `begin`; *content_r is where its text ends. */
static size_t
comment_end(const char *bytes, size_t begin, size_t end, size_t *content_r)
{
	size_t at = begin + 4;

	*content_r = at;
	if (at < end && bytes[at] == '>')
		return at + 1;
	if (at + 1 < end && bytes[at] == '-' && bytes[at + 1] == '>')
		return at + 2;
	while (at < end) {
		const char *dash = memchr(bytes + at, '-', end - at);
		size_t left;

		if (dash == NULL)
			break;
		at = (size_t)(dash - bytes);
		left = end - at;
		*content_r = at;
		if (left >= 3 && dash[1] == '-' && dash[2] == '>')
			return at + 3;
		if (left >= 4 && dash[1] == '-' && dash[2] == '!' && dash[3] == '>')
			return at + 4;
		at++;
	}
	*content_r = end;
	return end;
}

/* <!--[if ...]> ... : what only Outlook reads. */
static struct html_range
condition_of(const char *bytes, size_t begin, size_t end)
{
	const char *close;

	while (begin < end && html_token_is_space(bytes[begin]))
		begin++;
	if (end - begin < 5 || strncasecmp(bytes + begin, "[if", 3) != 0 ||
	    (!html_token_is_space(bytes[begin + 3]) && strchr("(!", bytes[begin + 3]) == NULL))
		return (struct html_range){end, end};
	close = memmem(bytes + begin, end - begin, "]>", 2);
	if (close == NULL)
		return (struct html_range){end, end};
	return (struct html_range){(size_t)(close - bytes) + 2, end};
}

static struct html_token
read_comment(struct html_tokenizer *tokenizer, size_t begin)
{
	struct html_token token = {.kind = HTML_TOKEN_COMMENT};
	size_t content, end;

	end = comment_end(tokenizer->bytes, begin, tokenizer->end, &content);
	token.range = (struct html_range){begin, end};
	token.condition = condition_of(tokenizer->bytes, begin + 4, content);
	tokenizer->at = end;
	return token;
}

/* <!doctype>, <?xml ?>, <![if mso]>, </3>: up to the first >. */
static struct html_token
read_bogus(struct html_tokenizer *tokenizer, size_t begin)
{
	const char *close = memchr(tokenizer->bytes + begin, '>', tokenizer->end - begin);

	if (close == NULL)
		return rest(tokenizer, begin);
	tokenizer->at = (size_t)(close - tokenizer->bytes) + 1;
	return (struct html_token){.kind = HTML_TOKEN_COMMENT, .range = {begin, tokenizer->at}};
}

static struct html_token
read_cdata(struct html_tokenizer *tokenizer, size_t begin)
{
	const char *close = memmem(tokenizer->bytes + begin, tokenizer->end - begin, "]]>", 3);

	tokenizer->at = close == NULL ? tokenizer->end : (size_t)(close - tokenizer->bytes) + 3;
	return (struct html_token){.kind = HTML_TOKEN_OPAQUE, .range = {begin, tokenizer->at}};
}

static bool
looks_at(const struct html_tokenizer *tokenizer, size_t at, const char *text, size_t n)
{
	return tokenizer->end - at >= n && memcmp(tokenizer->bytes + at, text, n) == 0;
}

/* Does the < at `at` begin something other than text? */
static bool
begins_markup(const struct html_tokenizer *tokenizer, size_t at)
{
	char next = at + 1 < tokenizer->end ? tokenizer->bytes[at + 1] : ' ';

	if (next == '/') /* at the very end it is text */
		return at + 2 < tokenizer->end;
	return next == '!' || next == '?' || html_token_is_letter(next);
}

static struct html_token
read_markup(struct html_tokenizer *tokenizer, size_t at)
{
	char next = tokenizer->bytes[at + 1];

	if (html_token_is_letter(next))
		return read_tag(tokenizer, at, false);
	if (next == '/' && html_token_is_letter(tokenizer->bytes[at + 2]))
		return read_tag(tokenizer, at, true);
	if (looks_at(tokenizer, at, "<!--", 4))
		return read_comment(tokenizer, at);
	if (in_foreign(tokenizer) && looks_at(tokenizer, at, "<![CDATA[", 9))
		return read_cdata(tokenizer, at);
	return read_bogus(tokenizer, at);
}

static struct html_token
read_inside(struct html_tokenizer *tokenizer)
{
	struct html_token token = {
	    .kind = tokenizer->opaque ? HTML_TOKEN_OPAQUE : HTML_TOKEN_INSIDE};

	token.range.begin = tokenizer->at;
	token.range.end =
	    html_rawtext_end(tokenizer->bytes, tokenizer->at, tokenizer->end, tokenizer->inside);
	tokenizer->at = token.range.end;
	tokenizer->inside = STR_NONE;
	return token;
}

struct html_token
html_tokenizer_next(struct html_tokenizer *tokenizer)
{
	struct html_token token = {.kind = HTML_TOKEN_TEXT};
	size_t at = tokenizer->at;

	if (tokenizer->inside.p != NULL)
		return read_inside(tokenizer);
	if (at == tokenizer->end) {
		token.kind = HTML_TOKEN_EOF;
		token.range = (struct html_range){at, at};
		return token;
	}
	while (at < tokenizer->end) {
		const char *open = memchr(tokenizer->bytes + at, '<', tokenizer->end - at);

		if (open == NULL) {
			at = tokenizer->end;
			break;
		}
		at = (size_t)(open - tokenizer->bytes);
		if (begins_markup(tokenizer, at))
			break;
		at++;
	}
	if (at == tokenizer->at)
		return read_markup(tokenizer, at);
	token.range = (struct html_range){tokenizer->at, at};
	tokenizer->at = at;
	return token;
}
