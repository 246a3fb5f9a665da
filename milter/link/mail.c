/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mail: mail addresses that carry a token
 *
 * Owns:    nothing; results live in the caller's arena.
 * Threads: any.
 * Fails:   as link_encode and link_decode.
 */
#include "link/internal.h"

/* RFC 5321 section 4.5.3.1.1 */
#define LOCAL_MAX 64

/* A local part that needs no quoting, and a domain. */
static bool
address_ok(struct str address, size_t local)
{
	if (local == 0 || local + 1 >= address.n || address.p[0] == '.' ||
	    address.p[local - 1] == '.')
		return false;
	for (size_t i = 0; i < address.n; i++) {
		unsigned char c = (unsigned char)address.p[i];

		if (c <= ' ' || c == 0x7f || strchr("()<>[]:;,\\\"", c) != NULL ||
		    (c == '@' && i != local))
			return false;
	}
	return true;
}

static int
make(enum link_kind kind, const struct link_keys *keys, struct str address,
    const struct link_facts *facts, struct arena *arena, struct str *address_r, struct err *err)
{
	const char *at = address.n == 0 ? NULL : memrchr(address.p, '@', address.n);
	size_t local = at == NULL ? 0 : (size_t)(at - address.p);
	struct link_facts copy = *facts;
	struct str token;

	if (!address_ok(address, local))
		return err_set(err, ERR_INPUT, "expected a mail address that needs no quotes");
	if (local + 1 + LINK_MAIL_LETTERS > LOCAL_MAX)
		return err_set(err, ERR_LIMIT,
		    "the local part \"%.*s\" leaves no room for a token: at most %d octets",
		    (int)local, address.p, LOCAL_MAX - LINK_MAIL_LETTERS - 1);
	copy.kind = kind;
	if (link_encode(keys, &copy, arena, &token, err) != 0)
		return -1;
	*address_r = arena_printf(arena, "%.*s+%.*s%.*s", (int)local, address.p, STR_F(token),
	    (int)(address.n - local), at);
	return address_r->p == NULL ? err_set(err, ERR_LIMIT, "mail address: arena full") : 0;
}

int
link_bounce_address(const struct link_keys *keys, struct str address,
    const struct link_facts *facts, struct arena *arena, struct str *address_r, struct err *err)
{
	return make(LINK_BOUNCE, keys, address, facts, arena, address_r, err);
}

int
link_unsubscribe_address(const struct link_keys *keys, struct str address,
    const struct link_facts *facts, struct arena *arena, struct str *address_r, struct err *err)
{
	return make(LINK_UNSUBSCRIBE_MAIL, keys, address, facts, arena, address_r, err);
}

int
link_mail_decode(const struct link_keys *keys, enum link_kind kind, struct str address,
    struct arena *arena, struct link_facts *facts_r, struct err *err)
{
	const char *at = address.n == 0 ? NULL : memrchr(address.p, '@', address.n), *plus;

	if (kind != LINK_BOUNCE && kind != LINK_UNSUBSCRIBE_MAIL)
		return err_set(err, ERR_INPUT, "token: not of a kind for mail addresses");
	if (at != NULL)
		address.n = (size_t)(at - address.p);
	plus = address.n == 0 ? NULL : memrchr(address.p, '+', address.n);
	if (plus == NULL)
		return err_set(err, ERR_INPUT, "expected an address with +TOKEN");
	return link_decode(keys, kind,
	    (struct str){plus + 1, (size_t)(address.p + address.n - plus) - 1}, arena, facts_r,
	    err);
}
