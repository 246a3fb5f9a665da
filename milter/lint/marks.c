/* SPDX-License-Identifier: BSD-2-Clause
 *
 * marks: see marks.h
 *
 * Threads: any.
 */
#include "lint/marks.h"

#include <glib.h>

#define MARK_MAX 60
/* What is longer is no template mark that somebody wrote. */
#define LEFTOVER_MAX 240

/* What people put into square brackets for a name that a tool should fill in. */
static const char *const bracketed[] = {"first name", "firstname", "first_name", "last name",
    "lastname", "last_name", "full name", "name", "your name", "company", "company name",
    "your company", "your company name", "product", "product name", "customer name", "email",
    "email address", "city", "date", "address", "your address", "company address", "sender name",
    "sender_name", "insert name", "insert link", "insert date", "link", "url", "recipient name",
    "vorname", "nachname", "firma", "anrede", "prénom", "prenom", "nom", "nombre", "apellido",
    "empresa", "nome", "cognome", "azienda", "voornaam", "achternaam", "bedrijf", "unsubscribe"};

/* `open` and what follows up to `close`, if that comes soon. */
static struct str
between(struct str text, const char *open, const char *close)
{
	size_t before = strlen(open), after = strlen(close);
	struct str rest = text;

	while (rest.n > before) {
		const char *found = memmem(rest.p, rest.n, open, before), *end;
		size_t left;

		if (found == NULL)
			break;
		left = (size_t)(rest.p + rest.n - found);
		end =
		    memmem(found + before, MIN(left - before, (size_t)LEFTOVER_MAX), close, after);
		if (end != NULL)
			return (struct str){found, (size_t)(end + after - found)};
		rest = (struct str){found + before, left - before};
	}
	return STR_NONE;
}

struct str
lint_leftover(struct str text)
{
	struct str mark = between(text, "{{", "}}"), rest = text;

	if (mark.p == NULL)
		mark = between(text, "{%", "%}");
	while (mark.p == NULL && (rest = between(rest, "*|", "|*")).p != NULL) {
		/* *|*| and the like: a selector of a style sheet has no capitals. */
		if (g_ascii_isupper(rest.p[2]))
			return rest;
		rest.p += 2;
		rest.n = (size_t)(text.p + text.n - rest.p);
	}
	return mark;
}

/* The name at `p` that ends in `close`: letters, digits, '_', '.', and spaces inside. */
static size_t
name_until(const char *p, const char *end, const char *close, bool spaces)
{
	size_t n = 0, length = strlen(close);

	while (p + n < end && n < MARK_MAX &&
	    (g_ascii_isalnum(p[n]) || p[n] == '_' || p[n] == '.' ||
		(spaces && n > 0 && p[n] == ' ')))
		n++;
	if (n < 2 || !g_ascii_isalpha(p[0]) || (size_t)(end - (p + n)) < length ||
	    memcmp(p + n, close, length) != 0)
		return 0;
	return n + length;
}

static bool
is_bracketed(struct str word)
{
	word = str_trim(word);
	for (size_t i = 0; i < G_N_ELEMENTS(bracketed); i++) {
		if (str_is_nocase(word, bracketed[i]))
			return true;
	}
	return false;
}

/* How long the dummy text at `p` is; 0: none. */
static size_t
dummy_at(const char *p, const char *begin, const char *end)
{
	const char *close;
	size_t n = 0;

	switch (*p) {
	case '{':
		if (p + 1 < end && p[1] != '{' && (p == begin || p[-1] != '{'))
			n = name_until(p + 1, end, "}", true);
		return n == 0 ? 0 : n + 1;
	case '%':
		if (p + 2 < end && p[1] == '%')
			n = name_until(p + 2, end, "%%", false);
		return n == 0 ? 0 : n + 2;
	case '[':
		close = memchr(p, ']', (size_t)MIN(end - p, MARK_MAX));
		if (close == NULL || !is_bracketed((struct str){p + 1, (size_t)(close - p - 1)}))
			return 0;
		return (size_t)(close + 1 - p);
	case 'l':
	case 'L':
		if (end - p >= 11 && str_is_nocase((struct str){p, 11}, "lorem ipsum"))
			return 11;
		return 0;
	default:
		return 0;
	}
}

struct str
lint_placeholder(struct str text, size_t *at)
{
	const char *end = text.p == NULL ? NULL : text.p + text.n;

	for (const char *p = text.p == NULL ? NULL : text.p + *at; p < end; p++) {
		size_t n = dummy_at(p, text.p, end);

		if (n == 0)
			continue;
		*at = (size_t)(p + n - text.p);
		return (struct str){p, n};
	}
	*at = text.n;
	return STR_NONE;
}
