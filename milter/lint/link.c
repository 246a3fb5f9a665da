/* SPDX-License-Identifier: BSD-2-Clause
 *
 * link: addresses in href and src
 *
 * Those without template tags are looked at as they are written. A computed one is looked
 * at in each copy; its place is that of the address in the template which begins and ends
 * most like it.
 *
 * Threads: one.
 */
#include "lint/work.h"

#include <arpa/inet.h>

#define SHOWN_MAX 80

static struct str
cut(struct str text)
{
	if (text.n > SHOWN_MAX)
		text.n = SHOWN_MAX;
	return text;
}

/* "https" of "https://..."; {NULL,0} if it has none (RFC 3986 section 3.1). */
static struct str
scheme_of(struct str address)
{
	for (size_t i = 0; i < address.n; i++) {
		char c = address.p[i];

		if (c == ':' && i > 0)
			return (struct str){address.p, i};
		if (!g_ascii_isalpha(c) &&
		    (i == 0 || (!g_ascii_isdigit(c) && strchr("+-.", c) == NULL)))
			break;
	}
	return STR_NONE;
}

/* Of http://host/ or of "www.host/path"; user and port cut off. */
static struct str
host_of(struct str address)
{
	const char *slashes = address.n == 0 ? NULL : memmem(address.p, address.n, "://", 3);
	struct str host = address;
	const char *at, *colon;

	if (slashes != NULL) {
		host.p = slashes + 3;
		host.n = (size_t)(address.p + address.n - host.p);
	}
	for (size_t i = 0; i < host.n; i++) {
		if (strchr("/?#\\", host.p[i]) != NULL)
			host.n = i;
	}
	at = host.n == 0 ? NULL : memrchr(host.p, '@', host.n);
	if (at != NULL)
		host = (struct str){at + 1, (size_t)(host.p + host.n - at - 1)};
	colon = host.n == 0 || host.p[0] == '[' ? NULL : memchr(host.p, ':', host.n);
	if (colon != NULL)
		host.n = (size_t)(colon - host.p);
	return host;
}

static bool
is_ip(struct str host)
{
	char text[INET6_ADDRSTRLEN + 1];
	unsigned long long number;
	unsigned char bytes[16];

	if (host.n > 0 && host.p[0] == '[')
		return true;
	/* Browsers take 3232235777 and 0x7f000001 for addresses, too. */
	if (str_to_u64(host, 0xffffffffULL, &number) ||
	    (str_starts(host, STR("0x")) && memchr(host.p, '.', host.n) == NULL))
		return true;
	if (host.n >= sizeof text)
		return false;
	memcpy(text, host.p == NULL ? "" : host.p, host.n);
	text[host.n] = '\0';
	return inet_pton(AF_INET, text, bytes) == 1;
}

/* --- does the text show another host? --- */

static bool
is_known_top(struct str host)
{
	static const char *const tops[] = {".com", ".org", ".net", ".edu", ".gov", ".info", ".biz",
	    ".io", ".uk", ".de", ".fr", ".it", ".es", ".nl", ".eu", ".ch", ".at", ".be", ".se",
	    ".pl", ".ru", ".jp", ".cn", ".br", ".au", ".ca", ".us", ".example", ".shop"};

	for (size_t i = 0; i < G_N_ELEMENTS(tops); i++) {
		if (str_ends_nocase(host, str_c(tops[i])))
			return true;
	}
	return false;
}

/* The host that a link's text shows; {NULL,0} for other text. */
static struct str
shown_host(struct str shown)
{
	struct str text = str_trim(shown), host;
	bool marked;

	for (size_t i = 0; i < text.n; i++) {
		if (g_ascii_isspace(text.p[i]) || text.p[i] == '@' || text.p[i] == '{')
			return STR_NONE;
	}
	host = host_of(text);
	marked = str_starts(text, STR("http://")) || str_starts(text, STR("https://")) ||
	    str_starts(text, STR("www."));
	if (host.n == 0 || memchr(host.p, '.', host.n) == NULL || (!marked && !is_known_top(host)))
		return STR_NONE;
	for (size_t i = 0; i < host.n; i++) {
		if (!g_ascii_isalnum(host.p[i]) && host.p[i] != '.' && host.p[i] != '-' &&
		    (unsigned char)host.p[i] < 0x80)
			return STR_NONE;
	}
	return host;
}

/* The last two labels, or three below co.uk and the like. */
static struct str
domain_of(struct str host)
{
	size_t labels = 0, last = host.n;

	for (size_t i = host.n; i-- > 0;) {
		bool country = host.n - last == 3 && last - i <= 4;

		if (host.p[i] != '.')
			continue;
		labels++;
		if (labels >= 2 && !(labels == 2 && country))
			return (struct str){host.p + i + 1, host.n - i - 1};
		last = i;
	}
	return host;
}

static bool
is_below(struct str host, struct str other)
{
	return host.n > other.n && host.p[host.n - other.n - 1] == '.' &&
	    str_ends_nocase(host, other);
}

static bool
same_site(struct str one, struct str other)
{
	if (one.n > 0 && one.p[one.n - 1] == '.')
		one.n--;
	return str_eq_nocase(domain_of(one), domain_of(other)) || is_below(one, other) ||
	    is_below(other, one);
}

/* --- one address --- */

struct look {
	struct lint_report *report;
	const struct lint_place *place;
	const char *what; /* "link", "image" */
	struct str address;
	struct str name; /* what stands in the sentence */
};

static void
malformed(const struct look *look, const char *expected)
{
	lint_report_add(look->report, LINT_LINK_MALFORMED, look->place, "%s \"%.*s\": %s",
	    look->what, STR_F(cut(look->name)), expected);
}

/* RFC 3986 section 2: these are not written as they are. Line ends are taken out by all
 * who read them. */
static bool
has_forbidden(struct str address)
{
	for (size_t i = 0; i < address.n; i++) {
		if (address.p[i] == ' ' || strchr("<>\"{}`\\", address.p[i]) != NULL)
			return true;
	}
	return false;
}

static void
look_at_web(const struct look *look, struct str scheme, struct str shown)
{
	struct str rest = {look->address.p + scheme.n + 1, look->address.n - scheme.n - 1};
	struct str host = host_of(look->address), there;

	if (!str_starts(rest, STR("//")) || host.n == 0 || memchr(host.p, ' ', host.n) != NULL) {
		malformed(look, "http(s)://HOST/... was expected");
		return;
	}
	if (has_forbidden(look->address))
		malformed(look,
		    "a space, quote, brace or backslash in it; %20 and the like were expected");
	if (is_ip(host))
		lint_report_add(look->report, LINT_LINK_IP, look->place,
		    "%s \"%.*s\": the name of a host was expected, not its IP address", look->what,
		    STR_F(cut(look->name)));
	if (str_is_nocase(scheme, "http"))
		lint_report_add(look->report, LINT_LINK_INSECURE, look->place,
		    "%s \"%.*s\": https was expected", look->what, STR_F(cut(look->name)));
	there = shown_host(shown);
	if (there.n > 0 && !same_site(there, host))
		lint_report_add(look->report, LINT_LINK_HOST, look->place,
		    "the link shows %.*s, but leads to %.*s", STR_F(cut(there)),
		    STR_F(look->name.p == look->address.p ? cut(host) : cut(look->name)));
}

static bool
is_allowed(struct str scheme, enum lint_address_kind kind)
{
	if (kind == LINT_ADDRESS_IMAGE)
		return str_is_nocase(scheme, "cid") || str_is_nocase(scheme, "data");
	return str_is_nocase(scheme, "mailto") || str_is_nocase(scheme, "tel") ||
	    str_is_nocase(scheme, "sms");
}

void
lint_address(struct lint_report *report, const struct lint_place *place,
    enum lint_address_kind kind, struct str address, struct str shown, const char *where)
{
	bool link = kind == LINT_ADDRESS_LINK;
	struct look look = {report, place, link ? "link" : "image", str_trim(address),
	    where == NULL ? str_trim(address) : str_c(where)};
	struct str scheme = scheme_of(look.address);

	/* What a mailing program will fill in is leftover's to say. */
	if (str_starts(look.address, STR("*|")) || str_starts(look.address, STR("%%")))
		return;
	if (look.address.n == 0 || str_is(look.address, "#")) {
		if (link)
			lint_report_add(report, LINT_LINK_EMPTY, place,
			    "the link leads nowhere: its href is \"%.*s\"", STR_F(cut(look.name)));
		else
			malformed(&look, "the address of an image was expected");
		return;
	}
	if (look.address.p[0] == '#' && link)
		return;
	if (str_is_nocase(scheme, "http") || str_is_nocase(scheme, "https"))
		look_at_web(&look, scheme, shown);
	else if (scheme.p == NULL)
		malformed(&look,
		    "an address with https:// was expected; mail has no page to be relative to");
	else if (!is_allowed(scheme, kind))
		malformed(&look,
		    link ? "http, https, mailto, tel or sms was expected"
			 : "http, https, cid or data was expected");
}

/* --- the links of a part --- */

static bool
is_link(const struct lint_token *token, enum lint_address_kind *kind_r, struct str *address_r)
{
	if (token->kind != LINT_START)
		return false;
	*kind_r = LINT_ADDRESS_LINK;
	if (str_is(token->name, "a") || str_is(token->name, "area")) {
		*address_r = lint_attr(token, "href");
		return address_r->p != NULL;
	}
	*kind_r = LINT_ADDRESS_IMAGE;
	*address_r = lint_attr(token, "src");
	return str_is(token->name, "img") && address_r->p != NULL;
}

static struct str
text_of_link(const struct lint_html *html, guint i)
{
	size_t end = lint_html_end_of(html, i);

	if (!str_is(lint_html_at(html, i)->name, "a"))
		return STR("");
	return lint_html_text(
	    html, lint_html_at(html, i), end < html->tokens->len ? lint_html_at(html, end) : NULL);
}

/* The value of href or src as it is written, template tags and all. */
static struct str
written(const struct lint_piece *piece, const struct lint_token *token, const char *name)
{
	const char *text = piece->mask.text;
	size_t n = strlen(name);

	for (size_t i = token->at; i + n + 1 < token->end; i++) {
		size_t start, end;

		if (!g_ascii_isspace(text[i]) || g_ascii_strncasecmp(text + i + 1, name, n) != 0)
			continue;
		start = i + 1 + n;
		while (start < token->end && g_ascii_isspace(text[start]))
			start++;
		if (start >= token->end || text[start] != '=')
			continue;
		start++;
		while (start < token->end && g_ascii_isspace(text[start]))
			start++;
		end = start;
		if (text[start] == '"' || text[start] == '\'') {
			for (end = ++start; end < token->end && text[end] != text[start - 1]; end++)
				;
		} else {
			while (end + 1 < token->end && !g_ascii_isspace(text[end]))
				end++;
		}
		return (struct str){piece->piece->source.p + start, end - start};
	}
	return STR_NONE;
}

static const char *
attribute_of(enum lint_address_kind kind)
{
	return kind == LINT_ADDRESS_LINK ? "href" : "src";
}

static bool
is_computed(
    const struct lint_piece *piece, const struct lint_token *token, enum lint_address_kind kind)
{
	return piece->piece->is_template &&
	    lint_has_tags(written(piece, token, attribute_of(kind)));
}

/* Is the text of link `i` computed? Its filler would look like a host. */
static bool
text_is_computed(const struct lint_piece *piece, guint i)
{
	size_t end = lint_html_end_of(&piece->html, i), from = lint_html_at(&piece->html, i)->end;
	size_t to = end < piece->html.tokens->len ? lint_html_at(&piece->html, end)->at
						  : piece->piece->source.n;

	return lint_has_tags((struct str){piece->piece->source.p + from, to - from});
}

void
lint_links(struct lint *lint, struct lint_piece *piece)
{
	for (guint i = 0; i < piece->html.tokens->len; i++) {
		const struct lint_token *token = lint_html_at(&piece->html, i);
		struct lint_place place;
		enum lint_address_kind kind;
		struct str address, shown;

		if (!is_link(token, &kind, &address) || is_computed(piece, token, kind))
			continue;
		place = lint_place_at(piece, token->at);
		shown = text_is_computed(piece, i) ? STR("") : text_of_link(&piece->html, i);
		lint_address(lint->report, &place, kind, address, shown, NULL);
		g_hash_table_add(piece->addresses, g_strndup(address.p, address.n));
	}
}

/* How much of a computed address is as the template has it, at both ends. What stands
 * before the first tag must be there. */
static size_t
likeness(struct str pattern, struct str address)
{
	size_t front = 0, back = 0;

	while (front < pattern.n && front < address.n && pattern.p[front] == address.p[front] &&
	    pattern.p[front] != '{')
		front++;
	if (front < pattern.n && pattern.p[front] != '{' && pattern.p[front] != '&')
		return 1;
	while (back + front < pattern.n && back + front < address.n &&
	    pattern.p[pattern.n - 1 - back] == address.p[address.n - 1 - back])
		back++;
	return 2 + front + back;
}

static struct lint_place
origin(const struct lint_piece *piece, enum lint_address_kind kind, struct str address,
    struct str *written_r)
{
	struct lint_place place = lint_place_of(piece);
	size_t best = 0;

	*written_r = STR("");
	for (guint i = 0; i < piece->html.tokens->len; i++) {
		const struct lint_token *token = lint_html_at(&piece->html, i);
		enum lint_address_kind own;
		struct str there, pattern;
		size_t like;

		if (!is_link(token, &own, &there) || own != kind)
			continue;
		pattern = written(piece, token, attribute_of(kind));
		like = lint_has_tags(pattern) ? likeness(pattern, address) : 0;
		if (like <= best)
			continue;
		best = like;
		place = lint_place_at(piece, token->at);
		*written_r = pattern;
	}
	return place;
}

/* Most are, and then nobody has to know where it came from. */
static bool
is_fine(struct str address, struct str shown)
{
	struct str host = host_of(address), there = shown_host(shown);

	return str_starts(address, STR("https://")) && host.n > 0 && !has_forbidden(address) &&
	    !is_ip(host) && (there.n == 0 || same_site(there, host));
}

void
lint_links_rendered(struct lint *lint, struct lint_piece *piece, const struct lint_html *html)
{
	for (guint i = 0; i < html->tokens->len; i++) {
		const struct lint_token *token = lint_html_at(html, i);
		struct lint_place place;
		enum lint_address_kind kind;
		struct str address, pattern, shown;
		char where[SHOWN_MAX + 40];

		if (!is_link(token, &kind, &address) ||
		    g_hash_table_contains(piece->addresses, address.p == NULL ? "" : address.p))
			continue;
		shown = text_of_link(html, i);
		if (is_fine(address, shown))
			continue;
		place = origin(piece, kind, address, &pattern);
		/* One finding for all contacts, so it names the template. */
		g_snprintf(where, sizeof where, "%.*s", STR_F(cut(pattern)));
		lint_address(
		    lint->report, &place, kind, address, shown, pattern.n > 0 ? where : NULL);
	}
}

/* Addresses in a text part: mail programs make links of them. */
void
lint_links_text(struct lint *lint, const struct lint_piece *piece, struct str text)
{
	const char *p = text.p, *end = p == NULL ? NULL : p + text.n;

	while (p != NULL && p < end && (p = memmem(p, (size_t)(end - p), "http", 4)) != NULL) {
		struct str address = {p, 0};
		struct lint_place place;

		while (p + address.n < end && (unsigned char)p[address.n] > ' ' &&
		    strchr("<>\"()[]{}*|", p[address.n]) == NULL)
			address.n++;
		if ((str_starts(address, STR("http://")) || str_starts(address, STR("https://"))) &&
		    host_of(address).n > 0) {
			place = lint_place_find(piece, address);
			lint_address(lint->report, &place, LINT_ADDRESS_LINK, address, STR(""),
			    lint->is_template && place.part_line == 0 ? "in the text part" : NULL);
		}
		p += MAX(address.n, (size_t)4);
	}
}
