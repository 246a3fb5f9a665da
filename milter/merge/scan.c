/* SPDX-License-Identifier: BSD-2-Clause
 *
 * scan: where merge tags stand, and what is Liquid
 *
 * A tag begins with *| and a letter, digit or underscore; so 2 *| 3 or a frame of stars and
 * bars in a comment is none. Editors encode the bars, and some the stars, when a tag stands in
 * an address: *%7CUNSUB%7C*.
 *
 * Owns:    nothing.
 * Threads: any; touches only its arguments.
 */
#include "merge/internal.h"

#include <glib.h>

static const char *const stars[] = {"*", "%2A", "%2a", "&#42;", NULL};
static const char *const bars[] = {"|", "%7C", "%7c", "&#124;", NULL};

static size_t
one_of(struct str source, size_t at, const char *const words[])
{
	for (; *words != NULL; words++) {
		size_t n = strlen(*words);

		if (source.n - at >= n && memcmp(source.p + at, *words, n) == 0)
			return n;
	}
	return 0;
}

/* Bytes of two characters in a row, or 0. */
static size_t
pair(struct str source, size_t at, const char *const first[], const char *const second[])
{
	size_t a = one_of(source, at, first);
	size_t b = a == 0 ? 0 : one_of(source, at + a, second);

	return b == 0 ? 0 : a + b;
}

static bool
begins_name(struct str source, size_t at)
{
	while (at < source.n && source.p[at] == ' ')
		at++;
	return at < source.n && (g_ascii_isalnum(source.p[at]) || source.p[at] == '_');
}

static char
percent(struct str text, size_t *i)
{
	int high, low;

	if (text.p[*i] != '%' || *i + 2 >= text.n)
		return text.p[*i];
	high = g_ascii_xdigit_value(text.p[*i + 1]);
	low = g_ascii_xdigit_value(text.p[*i + 2]);
	if (high < 0 || low < 0)
		return '%';
	*i += 2;
	return (char)(high * 16 + low);
}

static char
reference(struct str text, size_t *i)
{
	static const struct {
		const char *name;
		char c;
	} known[] = {{"&gt;", '>'}, {"&lt;", '<'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&#39;", '\''},
	    {"&apos;", '\''}, {"&#34;", '"'}, {"&nbsp;", ' '}};

	for (size_t k = 0; text.p[*i] == '&' && k < G_N_ELEMENTS(known); k++) {
		size_t n = strlen(known[k].name);

		if (text.n - *i >= n && memcmp(text.p + *i, known[k].name, n) == 0) {
			*i += n - 1;
			return known[k].c;
		}
	}
	return text.p[*i];
}

static void
decode(struct merge_mark *mark, struct str text, bool html)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = mark->encoded ? percent(text, &i) : text.p[i];

		if (html && c == '&' && text.p[i] == '&')
			c = reference(text, &i);
		mark->room[n++] = (unsigned char)c < ' ' || c == 0x7f ? ' ' : c;
	}
	mark->body = str_trim((struct str){mark->room, n});
}

bool
merge_mark_at(struct str source, size_t at, bool html, struct merge_mark *mark)
{
	size_t open, begin, close;

	if (source.p[at] != '*' && source.p[at] != '%' && source.p[at] != '&')
		return false;
	open = pair(source, at, stars, bars);
	if (open == 0 || !begins_name(source, at + open))
		return false;
	begin = at + open;
	mark->at = at;
	mark->encoded = memchr(source.p + at, '%', open) != NULL;
	mark->why = NULL;
	for (size_t i = begin; i < source.n && i - begin <= MERGE_TAG_MAX; i++) {
		close = pair(source, i, bars, stars);
		if (close > 0) {
			mark->end = i + close;
			decode(mark, (struct str){source.p + begin, i - begin}, html);
			return true;
		}
		if (pair(source, i, stars, bars) > 0)
			break;
	}
	mark->end = begin;
	mark->body = STR("");
	mark->why = "a tag begins here that is not closed by |*";
	return open == 2; /* encoded, without an end: a part of some address */
}

bool
merge_has(struct str text)
{
	struct merge_mark mark;

	for (size_t i = 0; i < text.n; i++) {
		if (merge_mark_at(text, i, false, &mark))
			return true;
	}
	return false;
}

static size_t
after(struct str source, size_t at, const char *word)
{
	const char *found =
	    at >= source.n ? NULL : memmem(source.p + at, source.n - at, word, strlen(word));

	return found == NULL ? source.n : (size_t)(found - source.p) + strlen(word);
}

size_t
merge_liquid_end(struct str source, size_t at, bool *plain_r, bool *dead_r)
{
	size_t end, word = at + 2;
	struct str rest;

	*plain_r = *dead_r = false;
	if (source.p[at + 1] == '{')
		return after(source, at + 2, "}}");
	end = after(source, at + 2, "%}");
	while (word < end && (source.p[word] == '-' || g_ascii_isspace(source.p[word])))
		word++;
	rest = (struct str){source.p + word, end - word};
	*plain_r = str_starts(rest, STR("raw"));
	*dead_r = str_starts(rest, STR("comment"));
	if (*plain_r || *dead_r)
		end = after(source, after(source, end, *plain_r ? "endraw" : "endcomment"), "%}");
	return end;
}
