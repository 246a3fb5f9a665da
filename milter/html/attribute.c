/* SPDX-License-Identifier: BSD-2-Clause
 *
 * attribute: one attribute of a tag after the other (HTML standard, 13.2.5.32 to 40)
 *
 * A template's tag separates attributes as white space does, and is a character like any
 * other inside a value; an output is such a character everywhere.
 *
 * Threads: any.
 */
#include "html/mask.h"
#include "html/token.h"

bool
html_token_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

bool
html_token_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
html_token_name_in(struct str name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (str_is_nocase(name, names[i]))
			return true;
	}
	return false;
}

static bool
ends_name(char c)
{
	return html_token_is_space(c) || c == '/' || c == '>' || c == '=' || c == HTML_MASK_TAG;
}

static size_t
skip_space(const char *bytes, size_t end, size_t at)
{
	while (at < end && html_token_is_space(bytes[at]))
		at++;
	return at;
}

/* What stands between two attributes. */
static size_t
skip_between(const char *bytes, size_t end, size_t at, bool *tag)
{
	*tag = false;
	while (at < end &&
	    (html_token_is_space(bytes[at]) || bytes[at] == '/' || bytes[at] == HTML_MASK_TAG)) {
		if (bytes[at] == HTML_MASK_TAG)
			*tag = true;
		at++;
	}
	return at;
}

/* From behind the = on. False at the end of the document. */
static bool
read_value(const char *bytes, size_t end, size_t *at, struct html_attribute *attribute)
{
	size_t begin = skip_space(bytes, end, *at), close;
	const char *quote;

	if (begin == end)
		return false;
	if (bytes[begin] == '"' || bytes[begin] == '\'') {
		attribute->quote = bytes[begin] == '"' ? HTML_QUOTE_DOUBLE : HTML_QUOTE_SINGLE;
		quote = memchr(bytes + begin + 1, bytes[begin], end - begin - 1);
		if (quote == NULL)
			return false;
		close = (size_t)(quote - bytes);
		attribute->value = (struct html_range){begin + 1, close};
		attribute->has_value = true;
		*at = close + 1;
		return true;
	}
	close = begin;
	while (close < end && !html_token_is_space(bytes[close]) && bytes[close] != '>')
		close++;
	attribute->value = (struct html_range){begin, close};
	attribute->has_value = close > begin;
	*at = close;
	return true;
}

enum html_attribute_step
html_attribute_next(const char *bytes, size_t end, size_t *at, struct html_attribute *attribute_r)
{
	size_t begin, close, equals;

	*attribute_r = (struct html_attribute){.quote = HTML_QUOTE_NONE};
	begin = skip_between(bytes, end, *at, &attribute_r->after_tag);
	*at = begin;
	if (begin == end)
		return HTML_ATTRIBUTE_EOF;
	if (bytes[begin] == '>')
		return HTML_ATTRIBUTE_TAG_ENDS;
	close = begin + 1; /* an = in front belongs to the name */
	while (close < end && !ends_name(bytes[close]))
		close++;
	attribute_r->name = (struct str){bytes + begin, close - begin};
	attribute_r->value = (struct html_range){close, close};
	equals = skip_space(bytes, end, close);
	*at = close;
	if (equals < end && bytes[equals] == '=') {
		*at = equals + 1;
		if (!read_value(bytes, end, at, attribute_r))
			return HTML_ATTRIBUTE_EOF;
	}
	return HTML_ATTRIBUTE_FOUND;
}
