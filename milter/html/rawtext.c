/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rawtext: see rawtext.h
 *
 * A script that holds <!-- <script> does not end at the next </script> (HTML standard,
 * 13.2.5.15 to 31).
 *
 * Threads: any.
 */
#include "html/rawtext.h"

#include "html/token.h"

#include <strings.h>

/* Does `name` stand at `at`, with something behind it that ends a tag's name? */
static bool
name_at(const char *bytes, size_t at, size_t end, struct str name)
{
	char behind;

	if (end - at <= name.n || strncasecmp(bytes + at, name.p, name.n) != 0)
		return false;
	behind = bytes[at + name.n];
	return html_token_is_space(behind) || behind == '/' || behind == '>';
}

static bool
stop_at(const char *bytes, size_t at, size_t end, struct str name)
{
	return end - at > 2 && bytes[at] == '<' && bytes[at + 1] == '/' &&
	    name_at(bytes, at + 2, end, name);
}

static size_t
plain_end(const char *bytes, size_t at, size_t end, struct str name)
{
	while (at < end) {
		const char *open = memchr(bytes + at, '<', end - at);

		if (open == NULL)
			break;
		at = (size_t)(open - bytes);
		if (stop_at(bytes, at, end, name))
			return at;
		at++;
	}
	return end;
}

enum escape { ESCAPE_NONE, ESCAPE_COMMENT, ESCAPE_SCRIPT };

static bool
looks_at(const char *bytes, size_t at, size_t end, const char *text, size_t n)
{
	return end - at >= n && memcmp(bytes + at, text, n) == 0;
}

static size_t
script_end(const char *bytes, size_t at, size_t end)
{
	const struct str name = STR("script");
	enum escape escape = ESCAPE_NONE;

	for (; at < end; at++) {
		if (bytes[at] == '-') {
			if (escape != ESCAPE_NONE && looks_at(bytes, at, end, "-->", 3))
				escape = ESCAPE_NONE;
		} else if (bytes[at] != '<') {
			continue;
		} else if (escape == ESCAPE_NONE && looks_at(bytes, at, end, "<!--", 4)) {
			escape = ESCAPE_COMMENT;
			at++; /* its dashes may be those of --> */
		} else if (stop_at(bytes, at, end, name)) {
			if (escape != ESCAPE_SCRIPT)
				return at;
			escape = ESCAPE_COMMENT;
		} else if (escape == ESCAPE_COMMENT && name_at(bytes, at + 1, end, name)) {
			escape = ESCAPE_SCRIPT;
		}
	}
	return end;
}

size_t
html_rawtext_end(const char *bytes, size_t at, size_t end, struct str name)
{
	if (str_is_nocase(name, "plaintext"))
		return end;
	if (str_is_nocase(name, "script"))
		return script_end(bytes, at, end);
	return plain_end(bytes, at, end, name);
}
