/* SPDX-License-Identifier: BSD-2-Clause
 *
 * address: the form in which addresses are compared
 *
 * RFC 5321 section 4.1.2 syntax, with RFC 6531's UTF-8. The local part is NFC and
 * lower case: no mailbox provider of note tells "Ada" from "ada", and people do
 * type both. GLib's g_unichar_tolower is used, not g_utf8_strdown, which depends on
 * the locale, and not case folding, which would make "strasse" of "straße".
 * A quoted local part that needs no quotes loses them. The domain becomes
 * lower-case A-labels (IDNA 2008, UTS #46 non-transitional).
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_INPUT, ERR_LIMIT (arena).
 */
#include "store/db.h"

#include <glib.h>
#include <idn2.h>
#include <stdlib.h>

/* RFC 5321 section 4.5.3.1, in octets. 254: a path of 256 less its angle brackets. */
#define ADDRESS_MAX 254
#define LOCAL_MAX   64
#define DOMAIN_MAX  253
#define LABEL_MAX   63

static bool
is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] > 126)
			return false;
	}
	return true;
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 5322 section 3.2.3 atext; bytes of UTF-8 are looked at elsewhere. */
static bool
is_atext(char c)
{
	return is_alnum(c) || (unsigned char)c > 127 ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
is_dot_atom(struct str s)
{
	struct str atom;

	while (str_split(&s, '.', &atom)) {
		if (atom.n == 0)
			return false;
		for (size_t i = 0; i < atom.n; i++) {
			if (!is_atext(atom.p[i]))
				return false;
		}
	}
	return true;
}

/* No controls, no invisible characters (a zero-width space comes along with copy and paste), no
 * white space but SP. The two joiners are letters' business in some scripts. */
static bool
is_visible_utf8(struct str s)
{
	if (!g_utf8_validate(s.p, (gssize)s.n, NULL))
		return false;
	for (const char *p = s.p; p < s.p + s.n; p += g_utf8_skip[(guchar)*p]) {
		gunichar c = g_utf8_get_char(p);

		switch (g_unichar_type(c)) {
		case G_UNICODE_FORMAT:
			if (c != 0x200c && c != 0x200d)
				return false;
			break;
		case G_UNICODE_CONTROL:
		case G_UNICODE_UNASSIGNED:
		case G_UNICODE_PRIVATE_USE:
		case G_UNICODE_SURROGATE:
		case G_UNICODE_LINE_SEPARATOR:
		case G_UNICODE_PARAGRAPH_SEPARATOR:
			return false;
		case G_UNICODE_SPACE_SEPARATOR:
			if (c != ' ')
				return false;
			break;
		default:
			break;
		}
	}
	return true;
}

/* RFC 5321 section 4.1.2 Quoted-string, quotes included. `plain_r` gets the content without
 * quotes and backslashes. */
static bool
unquote(struct str s, char plain_r[LOCAL_MAX], size_t *length_r)
{
	size_t n = 0;

	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return false;
	for (size_t i = 1; i < s.n - 1; i++) {
		char c = s.p[i];

		if (c == '\\' && ++i < s.n - 1)
			c = s.p[i];
		else if (c == '"' || c == '\\')
			return false;
		plain_r[n++] = c;
	}
	*length_r = n;
	return n > 0;
}

static struct str
lower_utf8(struct str s, struct arena *arena)
{
	char *nfc, *lower, *again, *end;
	struct str result;

	nfc = g_utf8_normalize(s.p, (gssize)s.n, G_NORMALIZE_NFC);
	/* A lower-case letter takes at most twice the bytes (U+023A: 2 to 3). */
	lower = g_malloc(2 * strlen(nfc) + 1);
	end = lower;
	for (const char *p = nfc; *p != '\0'; p += g_utf8_skip[(guchar)*p])
		end += g_unichar_to_utf8(g_unichar_tolower(g_utf8_get_char(p)), end);
	*end = '\0';
	again = g_utf8_normalize(lower, -1, G_NORMALIZE_NFC);
	result = arena_str(arena, str_c(again));
	g_free(again);
	g_free(lower);
	g_free(nfc);
	return result;
}

static int
local_key(struct str local, struct arena *arena, struct str *key_r, struct err *err)
{
	char plain[LOCAL_MAX];
	size_t n;

	if (local.n == 0 || local.n > LOCAL_MAX)
		return err_set(err, ERR_INPUT,
		    local.n == 0 ? "nothing before the @" : "more than 64 bytes before the @");
	if (!is_visible_utf8(local))
		return err_set(err, ERR_INPUT, "invalid or invisible characters before the @");
	if (unquote(local, plain, &n)) {
		if (is_dot_atom((struct str){plain, n}))
			local = (struct str){plain, n};
	} else if (!is_dot_atom(local)) {
		return err_set(err, ERR_INPUT, "characters that are not allowed before the @");
	}
	if (is_ascii(local)) {
		*key_r = arena_str(arena, local);
		if (key_r->p != NULL)
			str_lower_ascii((char *)(uintptr_t)key_r->p, key_r->n);
	} else {
		*key_r = lower_utf8(local, arena);
	}
	if (key_r->p == NULL)
		return err_set(err, ERR_LIMIT, "address: arena full");
	return 0;
}

static bool
is_literal(struct str domain)
{
	if (domain.n < 3 || domain.p[0] != '[' || domain.p[domain.n - 1] != ']')
		return false;
	for (size_t i = 1; i < domain.n - 1; i++) {
		if (!is_alnum(domain.p[i]) && strchr(".:-", domain.p[i]) == NULL)
			return false;
	}
	return true;
}

static bool
is_domain(struct str domain)
{
	struct str label, rest = domain;

	if (domain.n == 0 || domain.n > DOMAIN_MAX)
		return false;
	while (str_split(&rest, '.', &label)) {
		if (label.n == 0 || label.n > LABEL_MAX || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++) {
			if (!is_alnum(label.p[i]) && label.p[i] != '-')
				return false;
		}
	}
	return true;
}

static int
domain_key(struct str domain, struct arena *arena, struct str *key_r, struct err *err)
{
	struct str text = arena_str(arena, domain);
	char *ascii = NULL;
	int code;

	if (text.p == NULL)
		return err_set(err, ERR_LIMIT, "address: arena full");
	str_lower_ascii((char *)(uintptr_t)text.p, text.n);
	/* A-labels, too: what begins with xn-- must be the punycode of something. */
	if (!is_ascii(domain) || str_has(text, STR("xn--"))) {
		if (!is_visible_utf8(domain))
			return err_set(
			    err, ERR_INPUT, "invalid or invisible characters in the domain");
		code = idn2_to_ascii_8z(text.p, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
		if (code != IDN2_OK)
			return err_set(err, ERR_INPUT, "bad domain: %s", idn2_strerror(code));
		text = arena_str(arena, str_c(ascii));
		idn2_free(ascii);
		if (text.p == NULL)
			return err_set(err, ERR_LIMIT, "address: arena full");
	}
	if (!is_literal(text) && !is_domain(text))
		return err_set(err, ERR_INPUT, "bad domain");
	*key_r = text;
	return 0;
}

int
store_address_key(struct str address, struct arena *arena, struct str *key_r, struct err *err)
{
	const char *at = address.n == 0 ? NULL : memrchr(address.p, '@', address.n);
	struct str local, domain;

	if (at == NULL)
		return err_set(err, ERR_INPUT, "no @ in the address");
	if (address.n > ADDRESS_MAX)
		return err_set(err, ERR_INPUT, "address of more than 254 bytes");
	local = (struct str){address.p, (size_t)(at - address.p)};
	domain = (struct str){at + 1, address.n - local.n - 1};
	if (local_key(local, arena, &local, err) != 0 ||
	    domain_key(domain, arena, &domain, err) != 0)
		return -1;
	*key_r = arena_printf(arena, "%.*s@%.*s", STR_F(local), STR_F(domain));
	if (key_r->p == NULL)
		return err_set(err, ERR_LIMIT, "address: arena full");
	return 0;
}

struct str
store_domain_key(struct str domain, struct arena *arena)
{
	struct str key;

	if (domain.n == 0 || domain.n > DOMAIN_MAX || domain_key(domain, arena, &key, NULL) != 0 ||
	    key.n > DOMAIN_MAX)
		return STR("");
	return key;
}

struct str
store_recipient_key(struct str address, struct arena *arena)
{
	struct str key;

	if (store_address_key(address, arena, &key, NULL) == 0)
		return key;
	key = arena_str(arena, address);
	if (key.p != NULL)
		str_lower_ascii((char *)(uintptr_t)key.p, key.n);
	return key;
}
