/* SPDX-License-Identifier: BSD-2-Clause
 *
 * address: see address.h
 *
 * Threads: any; touches only its arguments.
 */
#include "delivery/address.h"

#include <glib.h>

/* RFC 5321 section 4.5.3.1, and room for what is encoded. */
#define LOCAL_MAX   256
#define ADDRESS_MAX 512

static bool
is_local(char c)
{
	return g_ascii_isalnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

static bool
is_domain(char c)
{
	return g_ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
}

bool
delivery_address_inside(char before, char c)
{
	return is_local(before) && is_local(c);
}

/* The length of a domain, or of an address literal, in the open; 0: there is none. */
static size_t
domain_length(const char *p, const char *end)
{
	size_t n = 0, max = (size_t)(end - p);

	if (max > 255)
		max = 255;
	if (max > 2 && p[0] == '[') {
		const char *close = memchr(p, ']', max);

		return close == NULL ? 0 : (size_t)(close - p) + 1;
	}
	while (n < max && is_domain(p[n]))
		n++;
	while (n > 0 && !g_ascii_isalnum(p[n - 1]))
		n--;
	return n;
}

static bool
bare_at(struct str text, struct str *address_r)
{
	size_t local = 0, domain;

	if (text.n > 0 && text.p[0] == '"') {
		for (local = 1; local < text.n && local < LOCAL_MAX && text.p[local] != '"' &&
		     text.p[local] != '\n';
		     local++)
			;
		local++;
	} else {
		while (local < text.n && local < LOCAL_MAX && is_local(text.p[local]))
			local++;
	}
	if (local == 0 || local >= text.n || text.p[local] != '@' || text.p[0] == '.')
		return false;
	domain = domain_length(text.p + local + 1, text.p + text.n);
	*address_r = (struct str){text.p, local + 1 + domain};
	return domain > 0;
}

/* <ada@example.org>, <@relay.example:ada@example.org>; not <http://...> */
static bool
angle_at(struct str text, struct str *address_r)
{
	size_t max = text.n < ADDRESS_MAX ? text.n : ADDRESS_MAX, n = 1, at = 0;
	struct str inside, route;

	if (text.n < 4 || text.p[0] != '<')
		return false;
	for (; n < max && text.p[n] != '>' && (unsigned char)text.p[n] > ' ' && text.p[n] != '<';
	     n++) {
		if (text.p[n] == '@')
			at = n;
	}
	if (n == max || text.p[n] != '>' || at < 2 || at + 1 == n)
		return false;
	inside = (struct str){text.p + 1, n - 1};
	if (inside.p[0] == '@' && str_split(&inside, ':', &route) && inside.p == NULL)
		return false;
	if (str_starts(inside, STR("mailto:")))
		inside = (struct str){inside.p + 7, inside.n - 7};
	*address_r = inside;
	return delivery_address_ok(inside);
}

bool
delivery_address_at(struct str text, struct str *address_r)
{
	return angle_at(text, address_r) || bare_at(text, address_r);
}

/* The "@" first, then back: a line of a million letters costs nothing. */
static bool
around(struct str text, size_t at, struct str *address_r)
{
	size_t begin = at;

	while (begin > 0 && at - begin < LOCAL_MAX && is_local(text.p[begin - 1]))
		begin--;
	if (begin == at && at > 1 && text.p[at - 1] == '"') {
		for (begin = at - 1; begin > 0 && at - begin < LOCAL_MAX; begin--) {
			if (text.p[begin - 1] == '"')
				break;
		}
		begin -= begin > 0;
	}
	/* 'ada@example.org', ...ada@example.org */
	while (begin < at && strchr("'.`=*-", text.p[begin]) != NULL)
		begin++;
	return bare_at((struct str){text.p + begin, text.n - begin}, address_r);
}

bool
delivery_address_find(struct str text, struct str *address_r)
{
	const char *at = text.p, *end, *open;

	if (text.n == 0)
		return false;
	end = text.p + text.n;
	while (at != NULL && at < end && (at = memchr(at, '@', (size_t)(end - at))) != NULL) {
		size_t back = at - text.p < ADDRESS_MAX ? (size_t)(at - text.p) : ADDRESS_MAX;

		open = memrchr(at - back, '<', back);
		if (open != NULL && angle_at((struct str){open, (size_t)(end - open)}, address_r) &&
		    address_r->p + address_r->n > at)
			return true;
		if (around(text, (size_t)(at - text.p), address_r))
			return true;
		at++;
	}
	return false;
}

bool
delivery_address_ok(struct str address)
{
	const char *at = address.n == 0 ? NULL : memrchr(address.p, '@', address.n);

	return at != NULL && at > address.p && at + 1 < address.p + address.n &&
	    address.n < ADDRESS_MAX && memchr(address.p, '/', 1) == NULL;
}

/* --- fields of reports --- */

/* +2B, but not the +ab of "ada+ab@example.org": only what must be written so. */
static int
xtext_byte(const char *p, const char *end)
{
	int high, low, c;

	if (end - p < 3 || p[0] != '+')
		return -1;
	high = g_ascii_xdigit_value(p[1]);
	low = g_ascii_xdigit_value(p[2]);
	if (high < 0 || low < 0 || g_ascii_islower(p[1]) || g_ascii_islower(p[2]))
		return -1;
	c = 16 * high + low;
	return c == '+' || c == '=' || c > '~' ? c : -1;
}

/* \x{HEX}; the number of bytes read, 0: it is none. */
static size_t
unitext(const char *p, const char *end, gunichar *c_r)
{
	size_t n = 3;

	*c_r = 0;
	if (end - p < 5 || memcmp(p, "\\x{", 3) != 0)
		return 0;
	for (; p + n < end && n < 9 && g_ascii_isxdigit(p[n]); n++)
		*c_r = *c_r * 16 + (gunichar)g_ascii_xdigit_value(p[n]);
	return p + n < end && p[n] == '}' && *c_r > ' ' && g_unichar_validate(*c_r) ? n + 1 : 0;
}

static struct str
decode(struct str text, bool xtext, struct arena *arena)
{
	const char *p = text.p, *end = text.p + text.n;
	char *copy = arena_alloc(arena, text.n + 1);
	size_t n = 0, used;
	gunichar c;
	int byte;

	if (copy == NULL)
		return STR("");
	while (p < end) {
		used = unitext(p, end, &c);
		byte = xtext ? xtext_byte(p, end) : -1;
		if (used > 0) {
			n += (size_t)g_unichar_to_utf8(c, copy + n);
			p += used;
		} else if (byte >= 0) {
			copy[n++] = (char)byte;
			p += 3;
		} else {
			copy[n++] = *p++;
		}
	}
	copy[n] = '\0';
	return (struct str){copy, n};
}

/* "rfc822", "utf-8", "x-local": an address can't begin so, since it holds no semicolon. */
static struct str
skip_type(struct str value)
{
	const char *semicolon = memchr(value.p, ';', value.n);

	if (semicolon == NULL)
		return value;
	for (const char *p = value.p; p < semicolon; p++) {
		if (!g_ascii_isalnum(*p) && *p != '-' && *p != ' ' && *p != '\t')
			return value;
	}
	return (struct str){semicolon + 1, (size_t)(value.p + value.n - semicolon) - 1};
}

struct str
delivery_address_field(struct str value, bool xtext, struct arena *arena)
{
	struct str text, address, rest;

	value = str_trim(value);
	if (value.n == 0)
		return STR("");
	if (value.n > 4 * ADDRESS_MAX)
		value.n = 4 * ADDRESS_MAX;
	text = str_trim(decode(str_trim(skip_type(value)), xtext, arena));
	if (text.n == 0)
		return STR("");
	/* RFC 5321 appendix C: a route */
	if (text.p[0] == '@' && memchr(text.p, ':', text.n) != NULL) {
		str_split(&text, ':', &rest);
		if (text.n == 0)
			return STR("");
	}
	rest = text;
	if (delivery_address_at(text, &address)) {
		rest.n = (size_t)(address.p - text.p) + address.n;
		if (rest.n == text.n || text.p[rest.n] == '>' || text.p[rest.n] == ' ')
			return address;
	}
	/* A local part in UTF-8, with nothing around it. */
	if (delivery_address_ok(text) && memchr(text.p, ' ', text.n) == NULL && text.p[0] != '<')
		return text;
	return delivery_address_find(text, &address) ? address : text;
}
