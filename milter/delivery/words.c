/* SPDX-License-Identifier: BSD-2-Clause
 *
 * words: see words.h
 *
 * Threads: any; touches only its arguments.
 */
#include "delivery/words.h"

#include "delivery/address.h"

#include <glib.h>

#define GAP_MAX 60

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

/* The length of an address of the web at `p`. */
static size_t
web_address(const char *p, const char *end)
{
	static const struct str schemes[] = {{"http://", 7}, {"https://", 8}};
	struct str rest = {p, (size_t)(end - p)};
	size_t n;

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		if (!str_starts(rest, schemes[i]))
			continue;
		for (n = schemes[i].n; n < rest.n && !is_space(p[n]); n++)
			;
		return n;
	}
	return 0;
}

/* In place. */
static size_t
squeeze(char *text, size_t size)
{
	const char *p = text, *end = text + size;
	char *out = text;
	size_t n;

	while (p < end) {
		struct str rest = {p, (size_t)(end - p)}, address;

		n = web_address(p, end);
		if (n > 0) {
			p += n;
		} else if (delivery_address_at(rest, &address)) {
			bool angle = *p == '<';

			*out++ = '@';
			p = address.p + address.n;
			p += angle && p < end && *p == '>';
		} else if (is_space(*p)) {
			if (out > text && out[-1] != ' ')
				*out++ = ' ';
			p++;
		} else {
			/* A whole word, so that no address begins in its middle. */
			do
				*out++ = *p++;
			while (p < end && !is_space(*p) && delivery_address_inside(p[-1], *p));
		}
	}
	return (size_t)(out - text);
}

struct str
delivery_fold(struct str text, struct arena *arena)
{
	char *valid, *lower;
	struct str folded;

	if (text.n == 0)
		return STR("");
	valid = g_utf8_make_valid(text.p, (gssize)text.n);
	lower = g_utf8_strdown(valid, -1);
	folded = arena_str(arena, (struct str){lower, squeeze(lower, strlen(lower))});
	g_free(lower);
	g_free(valid);
	return folded.p == NULL ? STR("") : folded;
}

/* --- phrases --- */

static const char *
find(struct str text, struct str piece)
{
	return piece.n == 0 ? text.p : memmem(text.p, text.n, piece.p, piece.n);
}

/* Do the pieces follow, each within a gap of the one before? */
static bool
follows(struct str text, struct str rest)
{
	struct str piece;

	while (str_split(&rest, '*', &piece)) {
		struct str window = {
		    text.p, text.n > GAP_MAX + piece.n ? GAP_MAX + piece.n : text.n};
		const char *at = find(window, piece);

		if (at == NULL)
			return false;
		text = (struct str){at + piece.n, (size_t)(text.p + text.n - at) - piece.n};
	}
	return true;
}

long
delivery_phrase_at(struct str folded, const char *phrase)
{
	struct str rest = str_c(phrase), first, text = folded;
	const char *at;

	if (folded.n == 0 || !str_split(&rest, '*', &first) || first.n == 0)
		return -1;
	while ((at = find(text, first)) != NULL) {
		text = (struct str){at + first.n, (size_t)(text.p + text.n - at) - first.n};
		if (follows(text, rest))
			return at - folded.p;
	}
	return -1;
}

bool
delivery_phrase_in(struct str folded, const char *phrase)
{
	return delivery_phrase_at(folded, phrase) >= 0;
}

bool
delivery_any_in(struct str folded, const char *const *phrases)
{
	for (; *phrases != NULL; phrases++) {
		if (delivery_phrase_in(folded, *phrases))
			return true;
	}
	return false;
}

bool
delivery_any_begins(struct str folded, const char *const *phrases)
{
	for (; *phrases != NULL; phrases++) {
		if (delivery_phrase_at(folded, *phrases) == 0)
			return true;
	}
	return false;
}

/* --- lines --- */

bool
delivery_line(struct str *rest, struct str *line_r)
{
	if (rest->n == 0)
		return false;
	str_split(rest, '\n', line_r);
	if (rest->p == NULL)
		*rest = (struct str){line_r->p + line_r->n, 0};
	if (line_r->n > 0 && line_r->p[line_r->n - 1] == '\r')
		line_r->n--;
	return true;
}

/* Without the beginning of a character at the end. */
static size_t
whole_characters(const char *text, size_t n)
{
	size_t tail = 0, length;

	while (tail < 3 && tail < n && ((unsigned char)text[n - 1 - tail] & 0xc0) == 0x80)
		tail++;
	if (tail == n || (unsigned char)text[n - 1 - tail] < 0xc0)
		return n;
	length = (size_t)g_utf8_skip[(unsigned char)text[n - 1 - tail]];
	return tail + 1 < length ? n - 1 - tail : n;
}

struct str
delivery_one_line(struct str text, size_t max, struct arena *arena)
{
	char *copy;
	size_t n = 0;

	text = str_trim(text);
	if (text.n < max)
		max = text.n;
	copy = arena_alloc(arena, max + 1);
	if (copy == NULL)
		return STR("");
	for (size_t i = 0; i < text.n && n < max; i++) {
		bool space = (unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f;

		if (!space)
			copy[n++] = text.p[i];
		else if (n > 0 && copy[n - 1] != ' ')
			copy[n++] = ' ';
	}
	n = whole_characters(copy, n);
	copy[n] = '\0';
	return str_trim((struct str){copy, n});
}
