/* SPDX-License-Identifier: BSD-2-Clause
 *
 * trust: see trust.h
 *
 * Threads: any.
 */
#include "delivery/trust.h"

#include "conf/net.h"
#include "delivery/status.h"
#include "dkim/align.h"
#include "dkim/verify.h"
#include "mime/mime.h"

#include <glib.h>
#include <stdlib.h>

/* libopendkim's part of a message; more is not looked at. */
#define VERIFY_MEMORY ((size_t)4 << 20)

static bool
from_network(const struct conf *conf, const char *client)
{
	struct net address, net;

	if (client == NULL || !net_parse_address(client, &address))
		return false;
	for (size_t i = 0; i < conf->report_networks.count; i++) {
		if (net_parse(conf->report_networks.at[i], &net) && net_holds(&net, &address))
			return true;
	}
	return false;
}

/* The relay hands messages over with LF alone, and perhaps a "From " line; signed was CRLF. */
static char *
with_crlf(struct str raw, size_t *size_r)
{
	size_t lines = 0, n = 0;
	struct str line, rest = raw;
	char *text;

	for (size_t i = 0; i < raw.n; i++)
		lines += raw.p[i] == '\n';
	text = malloc(raw.n + lines + 2);
	if (text == NULL)
		abort();
	if (str_starts(rest, STR("From ")))
		str_split(&rest, '\n', &line);
	for (size_t i = 0; i < rest.n; i++) {
		if (rest.p[i] == '\n' && (i == 0 || rest.p[i - 1] != '\r'))
			text[n++] = '\r';
		text[n++] = rest.p[i];
	}
	*size_r = n;
	return text;
}

/* The domain of the one address in From; two are a trick. */
static bool
from_domain(struct str raw, struct arena *arena, struct str *domain_r)
{
	struct str rest = raw, name, value, display, address;
	size_t fields = 0;
	const char *at;

	if (str_starts(rest, STR("From ")))
		str_split(&rest, '\n', &name);
	*domain_r = STR("");
	for (int got; (got = delivery_field_next(&rest, arena, &name, &value)) > 0;) {
		if (!str_is_nocase(name, "From"))
			continue;
		fields++;
		if (mime_mailbox_parse(value, arena, &display, &address, NULL) != 0)
			return false;
		at = memrchr(address.p, '@', address.n);
		if (at == NULL)
			return false;
		*domain_r = (struct str){at + 1, (size_t)(address.p + address.n - (at + 1))};
	}
	return fields == 1 && domain_r->n > 0;
}

/* "mail.example.com" is or lies below "example.com". */
static bool
lies_below(struct str domain, struct str above)
{
	if (str_eq_nocase(domain, above))
		return true;
	return domain.n > above.n + 1 && str_ends_nocase(domain, above) &&
	    domain.p[domain.n - above.n - 1] == '.';
}

static bool
is_listed(const struct conf *conf, struct str domain)
{
	for (size_t i = 0; i < conf->report_senders.count; i++) {
		if (lies_below(domain, str_c(conf->report_senders.at[i])))
			return true;
	}
	return false;
}

/* One signature over From, by From's own organization, with nothing added behind it. */
static bool
counts(const struct dkim_verdict *verdict, struct str from)
{
	return verdict->pass && verdict->unsigned_bytes == 0 &&
	    dkim_verdict_covers(verdict, STR("From")) &&
	    dkim_align(verdict->domain, from) != DKIM_ALIGN_NONE;
}

static bool
is_signed(const struct conf *conf, struct str raw, struct str from)
{
	const struct dkim_verify_options options = {.dns = conf->dkim_dns};
	struct arena *own = arena_new(VERIFY_MEMORY);
	struct dkim_verdict *verdicts = NULL;
	struct err err = ERR_INIT;
	size_t size, count = 0;
	char *text = with_crlf(raw, &size);
	bool good = false;

	if (dkim_verify_message((struct str){text, size}, &options, own, &verdicts, &count, &err) ==
	    0) {
		for (size_t i = 0; i < count && !good; i++)
			good = counts(&verdicts[i], from);
	}
	arena_free(&own);
	free(text);
	return good;
}

bool
delivery_trusted(const struct conf *conf, struct str raw, const char *client, bool anybody,
    struct arena *arena, struct str *why_r)
{
	struct str from;

	if (from_network(conf, client)) {
		*why_r = STR("network");
		return true;
	}
	*why_r = STR("no single address in From");
	if (!from_domain(raw, arena, &from))
		return false;
	*why_r = STR("the sender's domain is none of report_senders");
	if (!anybody && !is_listed(conf, from))
		return false;
	*why_r = STR("no DKIM signature of the sender's domain verifies");
	if (!is_signed(conf, raw, from))
		return false;
	*why_r = from;
	return true;
}
