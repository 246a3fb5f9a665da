/* SPDX-License-Identifier: BSD-2-Clause
 *
 * entity: see entity.h
 *
 * Threads: any; touches only its arguments.
 */
#include "html/entity.h"

#include <glib.h>

/* What 0x80 to 0x9f mean: windows-1252 (section 13.2.5.80). */
static const unsigned short c1[32] = {0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c,
    0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178};

#define REPLACEMENT 0xfffd
#define TOO_LARGE   0x110000

static void
add_character(struct buf *out, unsigned code)
{
	char utf8[6];

	if (code == 0 || code >= TOO_LARGE || (code >= 0xd800 && code <= 0xdfff))
		code = REPLACEMENT;
	else if (code >= 0x80 && code <= 0x9f)
		code = c1[code - 0x80];
	buf_add(out, utf8, (size_t)g_unichar_to_utf8(code, utf8));
}

/* &#65; or &#x41;, with or without ;. How many bytes of `text` it takes, 0: it is none. */
static size_t
decode_number(struct str text, struct buf *out)
{
	bool hex = text.n > 2 && (text.p[2] == 'x' || text.p[2] == 'X');
	size_t first = hex ? 3 : 2, at = first;
	unsigned code = 0;

	for (; at < text.n; at++) {
		int digit =
		    hex ? g_ascii_xdigit_value(text.p[at]) : g_ascii_digit_value(text.p[at]);

		if (digit < 0)
			break;
		code = code * (hex ? 16 : 10) + (unsigned)digit;
		if (code > TOO_LARGE)
			code = TOO_LARGE;
	}
	if (at == first)
		return 0;
	add_character(out, code);
	return at < text.n && text.p[at] == ';' ? at + 1 : at;
}

static int
compare(struct str text, const char *name)
{
	int order = strncmp(text.p, name, text.n);

	return order != 0 ? order : (name[text.n] == '\0' ? 0 : -1);
}

static const struct html_entity_name *
find(struct str text)
{
	size_t low = 0, high = html_entity_name_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(text, html_entity_names[middle].name);

		if (order == 0)
			return &html_entity_names[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* The longest name that `text` (behind the &) begins with. */
static const struct html_entity_name *
find_longest(struct str text, size_t *length_r)
{
	const struct html_entity_name *found;
	size_t n = 0;

	while (n < text.n && n < HTML_ENTITY_NAME_MAX && g_ascii_isalnum(text.p[n]))
		n++;
	if (n < text.n && n < HTML_ENTITY_NAME_MAX && text.p[n] == ';')
		n++;
	for (; n > 1; n--) {
		found = find((struct str){text.p, n});
		if (found != NULL) {
			*length_r = n;
			return found;
		}
	}
	return NULL;
}

static size_t
decode_name(struct str text, bool attribute, struct buf *out)
{
	struct str name = {text.p + 1, text.n - 1};
	size_t length;
	const struct html_entity_name *found = find_longest(name, &length);

	if (found == NULL)
		return 0;
	if (attribute && name.p[length - 1] != ';' && length < name.n &&
	    (name.p[length] == '=' || g_ascii_isalnum(name.p[length])))
		return 0;
	buf_add_c(out, found->text);
	return length + 1;
}

int
html_entity_decode(struct str text, bool attribute, struct buf *out)
{
	while (text.n > 0) {
		const char *found = memchr(text.p, '&', text.n);
		size_t plain = found == NULL ? text.n : (size_t)(found - text.p), taken;

		buf_add(out, text.p, plain);
		text.p += plain;
		text.n -= plain;
		if (text.n == 0)
			break;
		if (text.n > 1 && text.p[1] == '#')
			taken = decode_number(text, out);
		else
			taken = decode_name(text, attribute, out);
		if (taken == 0) {
			buf_add_char(out, '&');
			taken = 1;
		}
		text.p += taken;
		text.n -= taken;
	}
	return out->full ? -1 : 0;
}
