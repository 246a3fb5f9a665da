/* SPDX-License-Identifier: BSD-2-Clause
 *
 * utm: see utm.h
 */
#include "link/utm.h"

#include "base/buf.h"
#include "link/internal.h"

#include <ctype.h>

struct link_utm
link_utm_of(const struct conf_campaign *campaign, struct str name)
{
	struct link_utm utm = {str_c(campaign->utm_source), str_c(campaign->utm_medium),
	    str_c(campaign->utm_campaign), str_c(campaign->utm_content)};

	if (utm.campaign.n == 0 && (utm.source.n > 0 || utm.medium.n > 0))
		utm.campaign = name;
	return utm;
}

static bool
query_has(struct str query, const char *name)
{
	struct str pair, key;

	while (str_split(&query, '&', &pair)) {
		if (str_split(&pair, '=', &key) && str_is_nocase(key, name))
			return true;
	}
	return false;
}

/* RFC 3986 section 2.3: what stays as it is in any place. */
static void
add_value(struct buf *out, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c != 0 && c < 0x80 && (isalnum(c) || strchr("-._~", c) != NULL))
			buf_add_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

static void
add_missing(struct buf *out, struct str query, const struct link_utm *utm)
{
	const struct {
		const char *name;
		struct str value;
	} parameters[] = {
	    {"utm_source", utm->source},
	    {"utm_medium", utm->medium},
	    {"utm_campaign", utm->campaign},
	    {"utm_content", utm->content},
	};

	bool joined = query.p != NULL && (query.n == 0 || query.p[query.n - 1] == '&');

	for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
		if (parameters[i].value.n == 0 || query_has(query, parameters[i].name))
			continue;
		if (!joined)
			buf_add_char(out, query.p == NULL ? '?' : '&');
		joined = false;
		query = query.p == NULL ? STR("") : query;
		buf_printf(out, "%s=", parameters[i].name);
		add_value(out, parameters[i].value);
	}
}

int
link_add_utm(struct str url, const struct link_utm *utm, struct arena *arena, struct str *url_r,
    struct err *err)
{
	struct str fragment = STR_NONE, query = STR_NONE;
	const char *mark;
	struct buf out;
	int rc = 0;

	*url_r = url;
	if (link_scheme(url) == 0)
		return 0;
	mark = memchr(url.p, '#', url.n);
	if (mark != NULL) {
		fragment = (struct str){mark, (size_t)(url.p + url.n - mark)};
		url.n -= fragment.n;
	}
	mark = memchr(url.p, '?', url.n);
	if (mark != NULL)
		query = (struct str){mark + 1, (size_t)(url.p + url.n - mark) - 1};
	buf_init(&out, LINK_ADDRESS_MAX);
	buf_add_str(&out, url);
	if (!out.full)
		add_missing(&out, query, utm);
	buf_add_str(&out, fragment);
	if (out.full)
		rc = err_set(err, ERR_LIMIT,
		    "an address with utm parameters has more than %d bytes", LINK_ADDRESS_MAX);
	else
		*url_r = arena_str(arena, buf_str(&out));
	buf_fini(&out);
	if (rc == 0 && url_r->p == NULL)
		rc = err_set(err, ERR_LIMIT, "utm parameters: arena full");
	return rc;
}
