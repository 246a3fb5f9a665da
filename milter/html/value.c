/* SPDX-License-Identifier: BSD-2-Clause
 *
 * value: attribute values and the addresses in them, encoded once and decoded once
 *
 * A redirect has to lead to exactly what the author wrote: percent-encodings, braces,
 * spaces, letters beyond ASCII are never changed.
 *
 * Threads: any; touches only its arguments.
 */
#include "html/entity.h"
#include "html/html.h"
#include "html/token.h"

static int
add_reference(struct buf *out, unsigned char c)
{
	return buf_printf(out, "&#%d;", c);
}

/* `c` as it may stand between quotes of that kind. */
static void
encode_character(char c, enum html_quote quote, struct buf *out)
{
	switch (c) {
	case '&':
		buf_add_c(out, "&amp;");
		break;
	case '<':
		buf_add_c(out, "&lt;");
		break;
	case '>':
		buf_add_c(out, "&gt;");
		break;
	case '\r': /* would be read as a line feed */
		add_reference(out, '\r');
		break;
	case '"':
		if (quote == HTML_QUOTE_SINGLE)
			buf_add_char(out, c);
		else
			buf_add_c(out, "&quot;");
		break;
	case '\'':
		if (quote == HTML_QUOTE_SINGLE)
			add_reference(out, '\'');
		else
			buf_add_char(out, c);
		break;
	default:
		buf_add_char(out, c);
		break;
	}
}

int
html_value_encode(struct str text, enum html_quote quote, bool literal, struct buf *out)
{
	if (quote == HTML_QUOTE_NONE)
		buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (literal && (text.p[i] == '{' || text.p[i] == '}'))
			add_reference(out, (unsigned char)text.p[i]);
		else
			encode_character(text.p[i], quote, out);
	}
	if (quote == HTML_QUOTE_NONE)
		buf_add_char(out, '"');
	return out->full ? -1 : 0;
}

int
html_value_decode(struct str value, struct buf *out)
{
	return html_entity_decode(value, true, out);
}

int
html_text_decode(struct str text, struct buf *out)
{
	return html_entity_decode(text, false, out);
}

static bool
is_control_or_space(char c)
{
	return (unsigned char)c <= ' ';
}

/* URL standard, section 4.4: steps 1 and 3 of the basic URL parser. */
static void
trim_address(struct buf *out, size_t begin)
{
	size_t from = begin, to = out->len, at = begin;

	while (from < to && is_control_or_space(out->data[from]))
		from++;
	while (to > from && is_control_or_space(out->data[to - 1]))
		to--;
	for (; from < to; from++) {
		char c = out->data[from];

		if (c != '\t' && c != '\n' && c != '\r')
			out->data[at++] = c;
	}
	out->len = at;
	if (out->data != NULL)
		out->data[at] = '\0';
}

int
html_address_read(struct str value, struct buf *out)
{
	size_t begin = out->len;

	if (html_entity_decode(value, true, out) < 0)
		return -1;
	trim_address(out, begin);
	return 0;
}

static const struct {
	const char *name;
	enum html_scheme scheme;
} schemes[] = {
    {"http", HTML_SCHEME_HTTP},
    {"https", HTML_SCHEME_HTTP},
    {"mailto", HTML_SCHEME_MAILTO},
    {"tel", HTML_SCHEME_TEL},
    {"sms", HTML_SCHEME_SMS},
    {"cid", HTML_SCHEME_CID},
    {"data", HTML_SCHEME_DATA},
    {"javascript", HTML_SCHEME_JAVASCRIPT},
};

/* The length of what stands before the first colon, if that is a scheme. */
static size_t
scheme_length(struct str address)
{
	size_t i = 0;

	while (i < address.n) {
		char c = address.p[i];

		if (c == ':')
			return i;
		if (!html_token_is_letter(c) &&
		    (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
			return 0;
		i++;
	}
	return 0;
}

enum html_scheme
html_address_scheme(struct str address)
{
	size_t n = scheme_length(address);

	if (address.n == 0)
		return HTML_SCHEME_EMPTY;
	if (n == 0)
		return address.p[0] == '#' ? HTML_SCHEME_FRAGMENT : HTML_SCHEME_RELATIVE;
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		if (str_is_nocase((struct str){address.p, n}, schemes[i].name))
			return schemes[i].scheme;
	}
	return HTML_SCHEME_OTHER;
}

const char *
html_scheme_name(enum html_scheme scheme)
{
	static const char *const names[] = {
	    [HTML_SCHEME_EMPTY] = "empty",
	    [HTML_SCHEME_HTTP] = "http",
	    [HTML_SCHEME_MAILTO] = "mailto",
	    [HTML_SCHEME_TEL] = "tel",
	    [HTML_SCHEME_SMS] = "sms",
	    [HTML_SCHEME_CID] = "cid",
	    [HTML_SCHEME_DATA] = "data",
	    [HTML_SCHEME_JAVASCRIPT] = "javascript",
	    [HTML_SCHEME_OTHER] = "other",
	    [HTML_SCHEME_FRAGMENT] = "fragment",
	    [HTML_SCHEME_RELATIVE] = "relative",
	    [HTML_SCHEME_UNKNOWN] = "unknown",
	};

	return names[scheme];
}
