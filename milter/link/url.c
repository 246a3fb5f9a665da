/* SPDX-License-Identifier: BSD-2-Clause
 *
 * url: addresses of the web that carry a token
 *
 * Owns:    nothing; results live in the caller's arena.
 * Threads: any.
 * Fails:   as link_encode and link_decode.
 */
#include "link/internal.h"

static const struct {
	enum link_kind kind;
	char letter;
	const char *end; /* behind the token */
} paths[] = {
    {LINK_CLICK, 'c', ""},
    {LINK_OPEN, 'o', ""},
    {LINK_UNSUBSCRIBE, 'u', ""},
    {LINK_PREFERENCES, 'p', ""},
    {LINK_VIEW, 'v', ""},
    {LINK_IMAGE, 't', ".gif"},
    {LINK_HIDDEN, 'h', ""},
    {LINK_SIGNUP, 's', ""},
};

#define PATHS (sizeof paths / sizeof paths[0])

size_t
link_scheme(struct str address)
{
	static const struct str schemes[] = {{"http://", 7}, {"https://", 8}};

	for (size_t i = 0; i < 2; i++) {
		struct str begin = {address.p, schemes[i].n};

		if (address.n >= schemes[i].n && str_eq_nocase(begin, schemes[i]))
			return schemes[i].n;
	}
	return 0;
}

bool
link_address_ok(struct str address)
{
	size_t scheme = link_scheme(address);

	if (scheme == 0 || address.n == scheme || address.n > LINK_ADDRESS_MAX ||
	    strchr("/?#\\", address.p[scheme]) != NULL || address.p[address.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < address.n; i++) {
		if ((unsigned char)address.p[i] < ' ' || address.p[i] == 0x7f)
			return false;
	}
	return true;
}

struct str
link_base(const struct conf *conf, const struct conf_campaign *campaign)
{
	bool own = campaign != NULL && campaign->tracking_url[0] != '\0';

	return str_c(own ? campaign->tracking_url : conf->tracking_url);
}

static int
make(enum link_kind kind, const struct link_keys *keys, struct str base,
    const struct link_facts *facts, struct arena *arena, struct str *url_r, struct err *err)
{
	struct link_facts copy = *facts;
	struct str token;
	size_t i = 0;

	copy.kind = kind;
	if (link_scheme(base) == 0)
		return err_set(err, ERR_INPUT, "tracked address: tracking_url is not set");
	if (link_encode(keys, &copy, arena, &token, err) != 0)
		return -1;
	while (paths[i].kind != kind)
		i++;
	*url_r = arena_printf(
	    arena, "%.*s/%c/%.*s%s", STR_F(base), paths[i].letter, STR_F(token), paths[i].end);
	return url_r->p == NULL ? err_set(err, ERR_LIMIT, "tracked address: arena full") : 0;
}

int
link_click_url(const struct link_keys *keys, struct str base, const struct link_facts *facts,
    struct arena *arena, struct str *url_r, struct err *err)
{
	return make(LINK_CLICK, keys, base, facts, arena, url_r, err);
}

int
link_open_url(const struct link_keys *keys, struct str base, const struct link_facts *facts,
    struct arena *arena, struct str *url_r, struct err *err)
{
	return make(LINK_OPEN, keys, base, facts, arena, url_r, err);
}

int
link_unsubscribe_url(const struct link_keys *keys, struct str base, const struct link_facts *facts,
    struct arena *arena, struct str *url_r, struct err *err)
{
	return make(LINK_UNSUBSCRIBE, keys, base, facts, arena, url_r, err);
}

int
link_preferences_url(const struct link_keys *keys, struct str base, const struct link_facts *facts,
    struct arena *arena, struct str *url_r, struct err *err)
{
	return make(LINK_PREFERENCES, keys, base, facts, arena, url_r, err);
}

int
link_view_url(const struct link_keys *keys, struct str base, const struct link_facts *facts,
    struct arena *arena, struct str *url_r, struct err *err)
{
	return make(LINK_VIEW, keys, base, facts, arena, url_r, err);
}

int
link_hidden_url(const struct link_keys *keys, struct str base, const struct link_facts *facts,
    struct arena *arena, struct str *url_r, struct err *err)
{
	return make(LINK_HIDDEN, keys, base, facts, arena, url_r, err);
}

int
link_signup_url(const struct link_keys *keys, struct str base, const struct link_facts *facts,
    struct arena *arena, struct str *url_r, struct err *err)
{
	return make(LINK_SIGNUP, keys, base, facts, arena, url_r, err);
}

int
link_image_url(const struct link_keys *keys, struct str base, struct str text, struct arena *arena,
    struct str *url_r, struct err *err)
{
	const struct link_facts facts = {.address = text};

	return make(LINK_IMAGE, keys, base, &facts, arena, url_r, err);
}

static bool
cut_end(struct str *text, struct str end)
{
	if (text->n <= end.n || memcmp(text->p + text->n - end.n, end.p, end.n) != 0)
		return false;
	text->n -= end.n;
	return true;
}

int
link_path_decode(const struct link_keys *keys, struct str path, struct arena *arena,
    struct link_facts *facts_r, struct err *err)
{
	struct str token;

	for (size_t i = 0; i < PATHS && path.n > 3 && path.p[0] == '/' && path.p[2] == '/'; i++) {
		token = (struct str){path.p + 3, path.n - 3};
		if (paths[i].letter == path.p[1] && cut_end(&token, str_c(paths[i].end)))
			return link_decode(keys, paths[i].kind, token, arena, facts_r, err);
	}
	return err_set(err, ERR_INPUT, "expected a path like /c/TOKEN");
}
