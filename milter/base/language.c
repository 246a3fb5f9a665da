/* SPDX-License-Identifier: BSD-2-Clause
 *
 * language: see language.h
 */
#include "base/language.h"

#define SUBTAG_MAX 8

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_subtag(struct str subtag, bool first)
{
	for (size_t i = 0; i < subtag.n; i++) {
		if (!is_letter(subtag.p[i]) && (first || subtag.p[i] < '0' || subtag.p[i] > '9'))
			return false;
	}
	return subtag.n > 0 && subtag.n <= SUBTAG_MAX;
}

bool
language_is_tag(struct str tag)
{
	struct str subtag;

	if (tag.n == 0 || tag.n > LANGUAGE_TAG_MAX || tag.p[tag.n - 1] == '-')
		return false;
	for (bool first = true; tag.n > 0; first = false) {
		if (!str_split(&tag, '-', &subtag) || !is_subtag(subtag, first))
			return false;
	}
	return true;
}

struct str
language_shorten(struct str tag)
{
	while (tag.n > 0 && tag.p[--tag.n] != '-')
		;
	/* A single character belongs to what came behind it. */
	if (tag.n > 2 && tag.p[tag.n - 2] == '-')
		tag.n -= 2;
	return tag;
}
