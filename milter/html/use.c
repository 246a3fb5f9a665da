/* SPDX-License-Identifier: BSD-2-Clause
 *
 * use: may a value that a recipient's data had a part in say this?
 *
 * Threads: any; touches only its arguments.
 */
#include "html/html.h"
#include "html/token.h"

/* No control and no space at either end (URL standard, section 4.4): what is inside of a list
 * or a style comes from no html_address_read. */
static struct str
trim(struct str address)
{
	while (address.n > 0 && (unsigned char)address.p[0] <= ' ')
		address = (struct str){address.p + 1, address.n - 1};
	while (address.n > 0 && (unsigned char)address.p[address.n - 1] <= ' ')
		address.n--;
	return address;
}

static bool
scheme_ok(enum html_use use, struct str address, enum html_scheme own)
{
	enum html_scheme scheme = html_address_scheme(trim(address));

	switch (scheme) {
	case HTML_SCHEME_EMPTY:
	case HTML_SCHEME_FRAGMENT:
	case HTML_SCHEME_HTTP:
	case HTML_SCHEME_MAILTO:
	case HTML_SCHEME_TEL:
	case HTML_SCHEME_SMS:
		return true;
	case HTML_SCHEME_RELATIVE:
		return use != HTML_USE_LINK;
	default:
		return use != HTML_USE_LINK && scheme == own;
	}
}

/* --- lists of addresses: a.png 1x, b.png 2x; and 5; url=page.html --- */

static struct str
without_url(struct str piece)
{
	struct str rest;

	piece = str_trim(piece);
	if (piece.n < 3 || !str_is_nocase((struct str){piece.p, 3}, "url"))
		return piece;
	rest = str_trim((struct str){piece.p + 3, piece.n - 3});
	if (rest.n == 0 || rest.p[0] != '=')
		return piece;
	rest = str_trim((struct str){rest.p + 1, rest.n - 1});
	if (rest.n > 0 && (rest.p[0] == '"' || rest.p[0] == '\''))
		rest = str_trim((struct str){rest.p + 1, rest.n - 1});
	return rest;
}

static bool
each_ok(struct str value, enum html_scheme own)
{
	size_t begin = 0;

	for (size_t i = 0; i <= value.n; i++) {
		struct str piece = {value.p + begin, i - begin};

		if (i < value.n && value.p[i] != ',' && value.p[i] != ';')
			continue;
		if (!scheme_ok(HTML_USE_ADDRESS, without_url(piece), own))
			return false;
		begin = i + 1;
	}
	return true;
}

/* --- styles --- */

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* What a backslash stands for (CSS Syntax, section 4.3.7); all beyond ASCII is one letter to
 * us. Returns what is behind it. */
static size_t
add_escaped(struct str css, size_t at, struct buf *out)
{
	unsigned c = 0;
	size_t digits = 0;

	while (digits < 6 && at < css.n && is_hex(css.p[at])) {
		char digit = css.p[at++];

		c = c * 16 + (unsigned)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
		digits++;
	}
	if (digits == 0)
		return at;
	/* In an address a tab or a line end is nothing. */
	if (c != '\t' && c != '\n' && c != '\r')
		buf_add_char(out, c > 0 && c < 0x80 ? (char)c : 'x');
	if (at < css.n && html_token_is_space(css.p[at]))
		at++;
	return at;
}

/* Without escapes and comments. */
static void
read_css(struct str css, struct buf *out)
{
	for (size_t i = 0; i < css.n;) {
		if (css.p[i] == '\\') {
			i = add_escaped(css, i + 1, out);
		} else if (css.p[i] == '/' && i + 1 < css.n && css.p[i + 1] == '*') {
			const char *end = memmem(css.p + i + 2, css.n - i - 2, "*/", 2);

			i = end == NULL ? css.n : (size_t)(end + 2 - css.p);
		} else {
			buf_add_char(out, css.p[i++]);
		}
	}
}

/* Behind `word` and white space, if that stands at `at`; else 0. */
static size_t
behind_word(struct str css, size_t at, const char *word)
{
	size_t n = strlen(word);

	if (css.n - at < n || !str_is_nocase((struct str){css.p + at, n}, word))
		return 0;
	for (at += n; at < css.n && html_token_is_space(css.p[at]);)
		at++;
	return at;
}

/* From behind the ( on. */
static bool
url_ok(struct str css, size_t at)
{
	struct str rest = str_trim((struct str){css.p + at, css.n - at});
	size_t end = 0;

	if (rest.n > 0 && (rest.p[0] == '"' || rest.p[0] == '\''))
		rest = str_trim((struct str){rest.p + 1, rest.n - 1});
	while (end < rest.n && rest.p[end] != ')')
		end++;
	return scheme_ok(HTML_USE_ADDRESS, (struct str){rest.p, end}, HTML_SCHEME_UNKNOWN);
}

static bool
css_ok(struct str css)
{
	for (size_t i = 0; i < css.n; i++) {
		size_t at;

		if ((at = behind_word(css, i, "url")) > 0 && at < css.n && css.p[at] == '(' &&
		    !url_ok(css, at + 1))
			return false;
		/* What old readers run. */
		if ((at = behind_word(css, i, "expression")) > 0 && at < css.n && css.p[at] == '(')
			return false;
		if ((at = behind_word(css, i, "behavior")) > 0 && at < css.n && css.p[at] == ':')
			return false;
		if (behind_word(css, i, "-moz-binding") > 0 || behind_word(css, i, "@import") > 0)
			return false;
	}
	return true;
}

static bool
style_ok(struct str value)
{
	struct buf css;
	bool ok;

	buf_init(&css, value.n + 1);
	read_css(value, &css);
	ok = css_ok(buf_str(&css));
	buf_fini(&css);
	return ok;
}

bool
html_use_ok(enum html_use use, struct str value, enum html_scheme own)
{
	switch (use) {
	case HTML_USE_LINK:
	case HTML_USE_ADDRESS:
		return scheme_ok(use, value, own);
	case HTML_USE_ADDRESSES:
		return each_ok(value, own);
	case HTML_USE_STYLE:
		return own == HTML_SCHEME_OTHER || style_ok(value);
	case HTML_USE_OTHER:
		break;
	}
	return true;
}
