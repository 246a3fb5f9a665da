/* SPDX-License-Identifier: BSD-2-Clause
 *
 * field: see field.h
 *
 * Threads: any; touches only its arguments.
 */
#include "mime/field.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The length of the line at `p`, and of its end (CRLF, LF or nothing). */
static size_t
line_length(const char *p, const char *end, size_t *eol_r)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	if (lf == NULL) {
		*eol_r = 0;
		return (size_t)(end - p);
	}
	*eol_r = lf > p && lf[-1] == '\r' ? 2 : 1;
	return (size_t)(lf + 1 - p) - *eol_r;
}

/* RFC 5322 section 2.2: printable ASCII but the colon. Space before the colon is
 * obsolete syntax (section 4.5). */
static bool
field_name(struct str line, struct str *name_r, const char **value_r)
{
	size_t n = 0, colon;

	while (n < line.n && line.p[n] > ' ' && line.p[n] < 0x7f && line.p[n] != ':')
		n++;
	for (colon = n; colon < line.n && (line.p[colon] == ' ' || line.p[colon] == '\t'); colon++)
		;
	if (n == 0 || colon == line.n || line.p[colon] != ':')
		return false;
	*name_r = (struct str){line.p, n};
	*value_r = line.p + colon + 1;
	return true;
}

int
mime_field_next(struct str *rest, struct mime_header *field_r)
{
	const char *p = rest->p, *end = rest->p + rest->n, *value;
	size_t n, eol;

	if (rest->n == 0)
		return 0;
	n = line_length(p, end, &eol);
	if (n == 0) {
		*rest = (struct str){p + eol, rest->n - eol};
		return 0;
	}
	if (!field_name((struct str){p, n}, &field_r->name, &value))
		return -1;
	while (p + n + eol < end && eol > 0 && (p[n + eol] == ' ' || p[n + eol] == '\t')) {
		p += n + eol;
		n = line_length(p, end, &eol);
	}
	field_r->value = (struct str){value, (size_t)(p + n - value)};
	*rest = (struct str){p + n + eol, (size_t)(end - p) - n - eol};
	return 1;
}

/* RFC 2045 section 5.1. */
static bool
is_token(char c)
{
	return c > ' ' && c < 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

/* Skips white space and comments, which nest. */
static const char *
skip_cfws(const char *p, const char *end)
{
	size_t depth = 0;

	for (; p < end; p++) {
		if (*p == '\\' && depth > 0 && p + 1 < end)
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !is_space(*p))
			break;
	}
	return p;
}

static struct str
take_token(const char **p, const char *end)
{
	const char *start = *p;

	while (*p < end && is_token(**p))
		(*p)++;
	return (struct str){start, (size_t)(*p - start)};
}

/* A quoted string or a token, quotes included. */
static struct str
take_value(const char **p, const char *end)
{
	const char *start = *p;

	if (start == end || *start != '"')
		return take_token(p, end);
	for ((*p)++; *p < end && **p != '"'; (*p)++) {
		if (**p == '\\' && *p + 1 < end)
			(*p)++;
	}
	if (*p < end)
		(*p)++;
	return (struct str){start, (size_t)(*p - start)};
}

static struct str
without_quotes(struct str s)
{
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return (struct str){s.p + 1, s.n - 2};
	return s;
}

/* RFC 2231 section 4: charset*=us-ascii'en'utf-8, also charset*0=. */
static struct str
extended_value(struct str value)
{
	const char *quote = memchr(value.p, '\'', value.n);
	size_t left;

	if (quote == NULL)
		return value;
	left = value.n - (size_t)(quote + 1 - value.p);
	quote = memchr(quote + 1, '\'', left);
	if (quote == NULL)
		return value;
	return (struct str){quote + 1, value.n - (size_t)(quote + 1 - value.p)};
}

/* One parameter; false if it is a second charset, or one with junk behind it. What is
 * no parameter is passed over: the next semicolon starts anew. */
static bool
read_parameter(const char **p, const char *end, struct mime_charset *charset)
{
	struct str name, value;
	bool extended;

	*p = skip_cfws(*p, end);
	name = take_token(p, end);
	*p = skip_cfws(*p, end);
	if (name.n == 0 || *p == end || **p != '=')
		return true;
	*p = skip_cfws(*p + 1, end);
	value = take_value(p, end);
	extended = name.n > 7 && name.p[7] == '*';
	if (!str_is_nocase((struct str){name.p, extended ? 7 : name.n}, "charset"))
		return true;
	if (charset->value.p != NULL || (*p < end && !is_space(**p) && **p != ';' && **p != '('))
		return false;
	charset->extended = extended;
	charset->value = without_quotes(value);
	charset->place = value;
	if (charset->extended) {
		charset->value = extended_value(charset->value);
		charset->place = (struct str){name.p, (size_t)(*p - name.p)};
	}
	return true;
}

bool
mime_charset_find(struct str value, struct mime_charset *charset_r)
{
	const char *end = value.p + value.n;
	const char *p = skip_cfws(value.p, end);
	const char *last;

	*charset_r = (struct mime_charset){.value = STR_NONE};
	charset_r->type = take_token(&p, end);
	p = skip_cfws(p, end);
	if (charset_r->type.n == 0 || p == end || *p != '/')
		return false;
	p = skip_cfws(p + 1, end);
	charset_r->subtype = take_token(&p, end);
	if (charset_r->subtype.n == 0)
		return false;
	last = p;
	p = skip_cfws(p, end);
	if (p < end && *p != ';')
		return false;
	while ((p = skip_cfws(p, end)) < end) {
		if (*p == '"') {
			take_value(&p, end);
		} else if (*p != ';') {
			p++;
		} else {
			last = p;
			p++;
			if (!read_parameter(&p, end, charset_r))
				return false;
			if (str_trim((struct str){last, (size_t)(p - last)}).n > 1)
				last = p;
			continue;
		}
		last = p;
	}
	if (charset_r->value.p == NULL)
		charset_r->place = (struct str){last, 0};
	return true;
}
