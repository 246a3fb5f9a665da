/* SPDX-License-Identifier: BSD-2-Clause
 *
 * text_case: upper and lower case of UTF-8
 *
 * Nearly all characters change one by one, without asking the heap. The few that
 * become two, or depend on their neighbours (sharp s, the final sigma), send the
 * whole text through GLib's string functions.
 *
 * Threads: any; touches only its arguments.
 */
#include "liquid/text.h"

#include <glib.h>

/* A character becomes at most three bytes from two, or four from four. */
#define GROWTH 2

static void
ascii_upper(char *p, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		p[i] = (char)(s.p[i] >= 'a' && s.p[i] <= 'z' ? s.p[i] - 32 : s.p[i]);
}

static void
ascii_lower(char *p, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		p[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32 : s.p[i]);
}

static bool
needs_context(struct str s, bool upper)
{
	for (size_t at = 0; at < s.n;) {
		size_t step = text_step(s.p + at, s.n - at);
		uint32_t c = text_char(s.p + at, s.n - at);

		if (upper && c >= 0x80 && c != UINT32_MAX && g_unichar_islower(c) &&
		    g_unichar_toupper(c) == c)
			return true;
		if (!upper && (c == 0x3a3 || c == 0x130))
			return true;
		at += step;
	}
	return false;
}

static int
whole(struct arena *arena, struct str s, bool upper, struct str *result_r)
{
	char *changed;

	changed = upper ? g_utf8_strup(s.p, (gssize)s.n) : g_utf8_strdown(s.p, (gssize)s.n);
	*result_r = arena_str(arena, str_c(changed));
	g_free(changed);
	return result_r->p == NULL ? -1 : 0;
}

static int
one_by_one(struct arena *arena, struct str s, bool upper, struct str *result_r)
{
	char *p = arena_alloc(arena, s.n * GROWTH);
	size_t n = 0;

	if (p == NULL)
		return -1;
	for (size_t at = 0; at < s.n;) {
		size_t step = text_step(s.p + at, s.n - at);
		uint32_t c = text_char(s.p + at, s.n - at);

		if (c == UINT32_MAX) {
			memcpy(p + n, s.p + at, step);
			n += step;
		} else {
			c = upper ? g_unichar_toupper(c) : g_unichar_tolower(c);
			n += (size_t)g_unichar_to_utf8(c, p + n);
		}
		at += step;
	}
	*result_r = (struct str){p, n};
	return 0;
}

static int
change(struct arena *arena, struct str s, bool upper, struct str *result_r)
{
	char *p;

	if (text_is_ascii(s)) {
		p = arena_alloc(arena, s.n);
		if (p == NULL)
			return -1;
		(upper ? ascii_upper : ascii_lower)(p, s);
		*result_r = (struct str){p, s.n};
		return 0;
	}
	if (needs_context(s, upper) && g_utf8_validate_len(s.p, s.n, NULL))
		return whole(arena, s, upper, result_r);
	return one_by_one(arena, s, upper, result_r);
}

int
text_upcase(struct arena *arena, struct str s, struct str *result_r)
{
	return change(arena, s, true, result_r);
}

int
text_downcase(struct arena *arena, struct str s, struct str *result_r)
{
	return change(arena, s, false, result_r);
}

/* The first character of what upper case makes of the first: "ss" would become "Ss". */
int
text_capitalize(struct arena *arena, struct str s, struct str *result_r)
{
	size_t first = s.n == 0 ? 0 : text_step(s.p, s.n);
	struct str head = {s.p, first};
	struct str tail = {s.p + first, s.n - first};
	struct str more;
	char *p;

	if (change(arena, head, true, &head) < 0 || change(arena, tail, false, &tail) < 0)
		return -1;
	first = head.n == 0 ? 0 : text_step(head.p, head.n);
	more = (struct str){head.p + first, head.n - first};
	if (change(arena, more, false, &more) < 0)
		return -1;
	p = arena_alloc(arena, first + more.n + tail.n);
	if (p == NULL)
		return -1;
	if (first > 0)
		memcpy(p, head.p, first);
	if (more.n > 0)
		memcpy(p + first, more.p, more.n);
	if (tail.n > 0)
		memcpy(p + first + more.n, tail.p, tail.n);
	*result_r = (struct str){p, first + more.n + tail.n};
	return 0;
}
