/* SPDX-License-Identifier: BSD-2-Clause
 *
 * str: see str.h
 *
 * Threads: any; touches only its arguments.
 */
#include "base/str.h"

#include <strings.h>

struct str
str_c(const char *text)
{
	return (struct str){text, text == NULL ? 0 : strlen(text)};
}

bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
str_eq_nocase(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

bool
str_is(struct str s, const char *text)
{
	return str_eq(s, str_c(text));
}

bool
str_is_nocase(struct str s, const char *text)
{
	return str_eq_nocase(s, str_c(text));
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq((struct str){s.p, prefix.n}, prefix);
}

bool
str_ends_nocase(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	    str_eq_nocase((struct str){s.p + (s.n - suffix.n), suffix.n}, suffix);
}

bool
str_has(struct str s, struct str needle)
{
	return needle.n == 0 || (s.n >= needle.n && memmem(s.p, s.n, needle.p, needle.n) != NULL);
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str
str_trim(struct str s)
{
	while (s.n > 0 && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool
str_split(struct str *rest, char c, struct str *piece_r)
{
	const char *found;

	if (rest->p == NULL)
		return false;
	found = rest->n == 0 ? NULL : memchr(rest->p, c, rest->n);
	if (found == NULL) {
		*piece_r = *rest;
		*rest = STR_NONE;
		return true;
	}
	*piece_r = (struct str){rest->p, (size_t)(found - rest->p)};
	rest->n -= piece_r->n + 1;
	rest->p = found + 1;
	return true;
}

bool
str_to_u64(struct str s, unsigned long long max, unsigned long long *value_r)
{
	unsigned long long value = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned)(s.p[i] - '0');

		if (digit > 9 || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*value_r = value;
	return true;
}

void
str_lower_ascii(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] + ('a' - 'A'));
	}
}
