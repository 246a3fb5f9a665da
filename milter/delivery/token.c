/* SPDX-License-Identifier: BSD-2-Clause
 *
 * token: see token.h
 *
 * Threads: any; touches only its arguments.
 */
#include "delivery/token.h"

#include <glib.h>

/* Opening one costs some microseconds; nobody needs so many to be found. */
#define TRIES_MAX 500
#define RAW_MAX	  ((size_t)1 << 20)
/* The shortest token of an address of the web (link.h). */
#define WEB_LETTERS 47

struct search {
	const struct link_keys *keys;
	struct arena *arena;
	struct link_facts *facts;
	unsigned tries;
};

static bool
is_base64url(char c)
{
	return g_ascii_isalnum(c) || c == '-' || c == '_';
}

static bool
try_mail(struct search *search, struct str local)
{
	static const enum link_kind kinds[] = {LINK_BOUNCE, LINK_UNSUBSCRIBE_MAIL};

	for (size_t i = 0; i < 2 && search->tries < TRIES_MAX; i++) {
		search->tries++;
		if (link_mail_decode(
			search->keys, kinds[i], local, search->arena, search->facts, NULL) == 0)
			return true;
	}
	return false;
}

/* "+" and the letters; what follows them may be an @, or what became of it on the way. */
static bool
mail_at(struct search *search, struct str text, size_t plus)
{
	size_t n = 0;

	while (plus + 1 + n < text.n && n <= LINK_MAIL_LETTERS &&
	    g_ascii_isalnum(text.p[plus + 1 + n]))
		n++;
	return n == LINK_MAIL_LETTERS && try_mail(search, (struct str){text.p + plus, n + 1});
}

/* "/c/TOKEN" */
static bool
web_at(struct search *search, struct str text, size_t slash)
{
	size_t n = 3;

	if (slash + 3 >= text.n || text.p[slash + 2] != '/' ||
	    strchr("coupv", text.p[slash + 1]) == NULL || search->tries >= TRIES_MAX)
		return false;
	while (slash + n < text.n && n < LINK_TOKEN_MAX + 3 && is_base64url(text.p[slash + n]))
		n++;
	if (n < WEB_LETTERS + 3)
		return false;
	search->tries++;
	return link_path_decode(search->keys, (struct str){text.p + slash, n}, search->arena,
		   search->facts, NULL) == 0;
}

static bool
search_text(struct search *search, struct str text)
{
	for (size_t i = 0; i < text.n && search->tries < TRIES_MAX; i++) {
		if (text.p[i] == '+' && mail_at(search, text, i))
			return true;
		if (text.p[i] == '/' && web_at(search, text, i))
			return true;
	}
	return false;
}

/* Without the soft line ends of quoted-printable, which tear addresses apart. */
static struct str
without_soft_ends(struct str raw, struct arena *arena)
{
	size_t max = raw.n < RAW_MAX ? raw.n : RAW_MAX, n = 0;
	char *copy = arena_alloc(arena, max + 1);

	if (copy == NULL)
		return STR("");
	for (size_t i = 0; i < max; i++) {
		if (raw.p[i] == '=' && i + 1 < max && raw.p[i + 1] == '\n')
			i++;
		else
			copy[n++] = raw.p[i];
	}
	return (struct str){copy, n};
}

/* Relays note the envelope's recipient in one of these. */
static bool
names_recipient(struct str name)
{
	return str_is_nocase(name, "To") || str_is_nocase(name, "Delivered-To") ||
	    str_is_nocase(name, "X-Original-To");
}

bool
delivery_token_find(const struct delivery_input *input, const struct delivery_content *content,
    struct arena *arena, struct link_facts *facts_r, bool *envelope_r)
{
	struct search search = {.keys = input->keys, .arena = arena, .facts = facts_r};

	*envelope_r = false;
	if (input->keys == NULL)
		return false;
	*envelope_r = true;
	if (search_text(&search, input->recipient))
		return true;
	for (size_t i = 0; i < content->header_count; i++) {
		*envelope_r = names_recipient(content->headers[i].name);
		if (search_text(&search, content->headers[i].value))
			return true;
	}
	*envelope_r = false;
	return search_text(&search, content->returned) ||
	    search_text(&search, content->returned_text) || search_text(&search, content->text) ||
	    search_text(&search, without_soft_ends(content->raw, arena));
}
