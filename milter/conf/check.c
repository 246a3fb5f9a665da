/* SPDX-License-Identifier: BSD-2-Clause
 *
 * check: see check.h
 */
#include "conf/check.h"

#include "base/language.h"
#include "conf/conf.h"
#include "conf/form.h"
#include "conf/net.h"

#include <ctype.h>
#include <idn2.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/un.h>

/* Room for a token beside it in a header field. */
#define TRACKING_MAX 200

static const char *
checked_text(const char *text, const char *folder, struct arena *arena)
{
	(void)folder;
	(void)arena;
	return text;
}

static const char *
checked_path(const char *text, const char *folder, struct arena *arena)
{
	struct str path = str_c(text);

	if (path.n == 0)
		return NULL;
	if (text[0] != '/')
		path = arena_printf(arena, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, text);
	return path.p != NULL && path.n < PATH_MAX ? path.p : NULL;
}

/* One label or several, of letters, digits, "-" and "_" (selectors and service
 * names have it), RFC 1035 section 2.3.1 and 2.3.4. */
static bool
labels_are_good(struct str name, size_t max)
{
	struct str label;

	if (name.n == 0 || name.n > max)
		return false;
	while (str_split(&name, '.', &label)) {
		if (label.n == 0 || label.n > 63 || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++) {
			if (!isalnum((unsigned char)label.p[i]) && label.p[i] != '-' &&
			    label.p[i] != '_')
				return false;
		}
	}
	return true;
}

const char *
conf_check_domain(const char *text, struct arena *arena)
{
	char *ascii = NULL;
	struct str copy = STR_NONE;

	if (text[0] == '\0' || strlen(text) > 1000 ||
	    idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return NULL;
	if (labels_are_good(str_c(ascii), 253)) {
		str_lower_ascii(ascii, strlen(ascii));
		copy = arena_str(arena, str_c(ascii));
	}
	idn2_free(ascii);
	return copy.p;
}

static const char *
checked_domain(const char *text, const char *folder, struct arena *arena)
{
	(void)folder;
	return conf_check_domain(text, arena);
}

static const char *
checked_tag(const char *text, const char *folder, struct arena *arena)
{
	(void)folder;
	(void)arena;
	return text[0] == '\0' || language_is_tag(str_c(text)) ? text : NULL;
}

static const char *
checked_selector(const char *text, const char *folder, struct arena *arena)
{
	(void)folder;
	(void)arena;
	return labels_are_good(str_c(text), 200) ? text : NULL;
}

/* Local part as it came, the domain in the form of conf_check_domain. */
static const char *
checked_address(const char *text, const char *folder, struct arena *arena)
{
	const char *at = strrchr(text, '@'), *domain;

	(void)folder;
	if (at == NULL || at == text || at - text > 64)
		return NULL;
	for (const char *c = text; c < at; c++) {
		if (strchr(" <>,;:\"\\()[]@", *c) != NULL)
			return NULL;
	}
	domain = conf_check_domain(at + 1, arena);
	return domain == NULL ? NULL
			      : arena_printf(arena, "%.*s@%s", (int)(at - text), text, domain).p;
}

static const char *
checked_network(const char *text, const char *folder, struct arena *arena)
{
	struct net net;

	(void)folder;
	(void)arena;
	return net_parse(text, &net) ? text : NULL;
}

static bool
port_is_good(struct str port)
{
	unsigned long long number;

	return str_to_u64(port, 65535, &number) && number > 0;
}

/* A name or a numeric address, without brackets. */
static bool
host_is_good(struct str host)
{
	char copy[256];
	struct net net;

	if (host.n == 0 || host.n >= sizeof copy)
		return false;
	memcpy(copy, host.p, host.n);
	copy[host.n] = '\0';
	return net_parse_address(copy, &net) || labels_are_good(host, 253);
}

static const char *
checked_hostport(const char *text, const char *folder, struct arena *arena)
{
	const char *colon = strrchr(text, ':');
	struct str host;

	(void)folder;
	(void)arena;
	if (colon == NULL || !port_is_good(str_c(colon + 1)))
		return NULL;
	host = (struct str){text, (size_t)(colon - text)};
	/* More colons are an IPv6 address, where only brackets tell the port apart. */
	if (memchr(host.p, ':', host.n) != NULL && (host.p[0] != '[' || host.p[host.n - 1] != ']'))
		return NULL;
	return host_is_good(host) ? text : NULL;
}

static const char *
checked_socket(const char *text, const char *folder, struct arena *arena)
{
	struct str rest = str_c(text), kind, port;

	if (!str_split(&rest, ':', &kind) || rest.p == NULL)
		return NULL;
	if (str_is(kind, "unix")) {
		const char *path = checked_path(rest.p, folder, arena);

		if (path == NULL || strlen(path) >= sizeof((struct sockaddr_un *)0)->sun_path)
			return NULL;
		return arena_printf(arena, "unix:%s", path).p;
	}
	if (!str_is(kind, "inet") && !str_is(kind, "inet6"))
		return NULL;
	if (!str_split(&rest, '@', &port) || !port_is_good(port) || rest.p == NULL)
		return NULL;
	return host_is_good(rest) ? text : NULL;
}

static const char *
checked_web(const char *text, const char *folder, struct arena *arena)
{
	if (strncmp(text, "unix:", 5) == 0)
		return checked_socket(text, folder, arena);
	return checked_hostport(text, folder, arena);
}

static const char *
checked_mode(const char *text, const char *folder, struct arena *arena)
{
	size_t len = strlen(text);

	(void)folder;
	(void)arena;
	if (len < 3 || len > 4 || strspn(text, "01234567") != len || (len == 4 && text[0] != '0'))
		return NULL;
	return text;
}

/* RFC 5322 section 3.6.8: printable, without the colon. */
static const char *
checked_header(const char *text, const char *folder, struct arena *arena)
{
	size_t len = strlen(text);

	(void)folder;
	(void)arena;
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~' || text[i] == ':')
			return NULL;
	}
	return len > 0 && len <= 100 ? text : NULL;
}

static const char *
checked_log(const char *text, const char *folder, struct arena *arena)
{
	if (strcmp(text, "syslog") == 0 || strcmp(text, "stderr") == 0)
		return text;
	/* A word alone is sooner a misspelt target than a file beside the configuration. */
	return strchr(text, '/') == NULL ? NULL : checked_path(text, folder, arena);
}

/* HOST, HOST:PORT, [IPv6] or [IPv6]:PORT */
static bool
authority_is_good(struct str host)
{
	struct str rest = host;
	const char *close;

	if (host.n == 0 || host.p[0] != '[') {
		str_split(&rest, ':', &host);
		return host_is_good(host) && (rest.p == NULL || port_is_good(rest));
	}
	close = memchr(host.p, ']', host.n);
	if (close == NULL)
		return false;
	rest = (struct str){close + 1, (size_t)(host.p + host.n - close) - 1};
	host = (struct str){host.p + 1, (size_t)(close - host.p) - 1};
	if (rest.n > 0 && (rest.p[0] != ':' || !port_is_good((struct str){rest.p + 1, rest.n - 1})))
		return false;
	return host_is_good(host) && memchr(host.p, ':', host.n) != NULL;
}

/* https://HOST[:PORT][/PATH], without what would stand behind the path; a slash at the end is
 * cut. Whether http will do depends on other parameters (load.c). */
static const char *
checked_tracking(const char *text, const char *folder, struct arena *arena)
{
	struct str rest = str_c(text), host;
	size_t scheme = strncmp(text, "https://", 8) == 0 ? 8
	    : strncmp(text, "http://", 7) == 0		  ? 7
							  : 0;

	(void)folder;
	if (scheme == 0 || rest.n > TRACKING_MAX)
		return NULL;
	for (const char *c = text; *c != '\0'; c++) {
		if (*c <= ' ' || *c > '~' || strchr("?#<>\"'\\^`{|}%@", *c) != NULL)
			return NULL;
	}
	while (rest.n > scheme && rest.p[rest.n - 1] == '/')
		rest.n--;
	host = (struct str){text + scheme, strcspn(text + scheme, "/")};
	return authority_is_good(host) ? arena_str(arena, rest).p : NULL;
}

/* The sender's part of a Feedback-ID. */
static const char *
checked_contact(const char *text, const char *folder, struct arena *arena)
{
	static const char *const schemes[] = {"mailto:", "https://", "tel:"};

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		size_t n = strlen(schemes[i]);

		if (strncmp(text, schemes[i], n) == 0 && text[n] != '\0' && strlen(text) <= 500 &&
		    strpbrk(text, " \t") == NULL)
			return checked_text(text, folder, arena);
	}
	return NULL;
}

static const char *
checked_phrase(const char *text, const char *folder, struct arena *arena)
{
	return strlen(text) > 100 ? NULL : checked_text(text, folder, arena);
}

static const char *
checked_feedback(const char *text, const char *folder, struct arena *arena)
{
	size_t n = strlen(text);

	(void)folder;
	(void)arena;
	for (const char *c = text; *c != '\0'; c++) {
		if (!isalnum((unsigned char)*c) && strchr("._-", *c) == NULL)
			return NULL;
	}
	return n >= 5 && n <= 15 ? text : NULL;
}

/* A token of 53 letters and a plus must find room in the local part. */
static const char *
checked_taker(const char *text, const char *folder, struct arena *arena)
{
	const char *at = strchr(text, '@');

	if (at == NULL || at == text || at - text > 10)
		return NULL;
	for (const char *c = text; c < at; c++) {
		if (!isalnum((unsigned char)*c) && strchr("._-", *c) == NULL)
			return NULL;
	}
	return checked_address(text, folder, arena);
}

static const char *
checked_plugin(const char *text, const char *folder, struct arena *arena)
{
	struct str name;
	int use;

	(void)folder;
	(void)arena;
	return conf_plugin_use(text, &name, 0, &use) ? text : NULL;
}

/* As {% render %} names it; the suffix is the mode's. */
static const char *
checked_template(const char *text, const char *folder, struct arena *arena)
{
	size_t n = strlen(text);

	(void)folder;
	(void)arena;
	for (const char *c = text; *c != '\0'; c++) {
		if (*c <= ' ' || *c == 0x7f || strchr("\"'\\{}%", *c) != NULL)
			return NULL;
	}
	return n > 0 && n <= 200 && text[0] != '/' && !str_ends_nocase(str_c(text), STR(".liquid"))
	    ? text
	    : NULL;
}

/* https://HOST[:PORT], as a browser says it in Origin. */
static const char *
checked_origin(const char *text, const char *folder, struct arena *arena)
{
	const char *origin = checked_tracking(text, folder, arena);
	size_t n = origin == NULL ? 0 : strlen(origin);

	if (n == 0 || strchr(strstr(origin, "://") + 3, '/') != NULL)
		return NULL;
	str_lower_ascii((char *)(uintptr_t)origin, n);
	return origin;
}

/* Where people are led: https://HOST/... */
static const char *
checked_page(const char *text, const char *folder, struct arena *arena)
{
	size_t scheme = strncmp(text, "https://", 8) == 0 ? 8
	    : strncmp(text, "http://", 7) == 0		  ? 7
							  : 0;

	(void)folder;
	if (scheme == 0 || strlen(text) > 1000)
		return NULL;
	for (const char *c = text; *c != '\0'; c++) {
		if (*c <= ' ' || *c > '~' || strchr("<>\"'\\^`{|}", *c) != NULL)
			return NULL;
	}
	return authority_is_good((struct str){text + scheme, strcspn(text + scheme, "/?#")})
	    ? arena_str(arena, str_c(text)).p
	    : NULL;
}

/* Kinds of events, as store/event.h numbers them; those up to "screen" have names. A test holds
 * them against each other. */
static const char *const event_kinds[] = {"track", "page", "screen", "identify", "sent",
    "delivered", "deferred", "bounced", "complained", "opened", "clicked", "subscribed",
    "unsubscribed", "autoreplied"};
#define NAMED_KINDS 3

/* KIND or KIND:NAME */
static const char *
checked_event(const char *text, const char *folder, struct arena *arena)
{
	struct str name = str_c(text), kind;

	str_split(&name, ':', &kind);
	for (size_t i = 0; i < sizeof event_kinds / sizeof event_kinds[0]; i++) {
		if (!str_is(kind, event_kinds[i]))
			continue;
		if (name.p == NULL)
			return text;
		return i < NAMED_KINDS && name.n > 0 && name.n <= 255
		    ? checked_text(text, folder, arena)
		    : NULL;
	}
	return NULL;
}

/* Where requests go: https://HOST/... without user and password. */
static const char *
checked_hook(const char *text, const char *folder, struct arena *arena)
{
	return strchr(text, '#') == NULL && strchr(text, '@') == NULL
	    ? checked_page(text, folder, arena)
	    : NULL;
}

static const char *
checked_field(const char *text, const char *folder, struct arena *arena)
{
	struct conf_field field;

	(void)folder;
	return conf_field_parse(str_c(text), arena, &field) ? text : NULL;
}

static const struct conf_check checks[] = {
    {"", "a text without control characters", checked_text},
    {"contact", "an address like mailto:security@shop.example, https://... or tel:...",
	checked_contact},
    {"phrase", "a text of at most 100 bytes without control characters", checked_phrase},
    {"path", "the path of a file or folder", checked_path},
    {"socket", "unix:PATH (at most 107 bytes), inet:PORT@HOST or inet6:PORT@HOST", checked_socket},
    {"mode", "a file mode in octal, as in 0660", checked_mode},
    {"hostport", "HOST:PORT or [IPv6]:PORT", checked_hostport},
    {"web", "HOST:PORT, [IPv6]:PORT or unix:PATH (at most 107 bytes)", checked_web},
    {"network", "a network, as in 192.0.2.0/24 or 2001:db8::/32", checked_network},
    {"address", "a mail address, as in news@example.com", checked_address},
    {"header", "the name of a header field, without the colon", checked_header},
    {"domain", "a domain name", checked_domain},
    {"tag", "a language tag, as in de or pt-BR", checked_tag},
    {"selector", "a DKIM selector of letters, digits, \"-\", \"_\" and \".\"", checked_selector},
    {"tracking", "an address like https://t.example.com, without ? and #", checked_tracking},
    {"feedback", "5 to 15 letters, digits, \".\", \"_\" and \"-\"", checked_feedback},
    {"template", "the name of a template without .html.liquid, as in brand/footer",
	checked_template},
    {"taker", "an address with at most 10 letters, digits, \".\", \"_\" or \"-\" before the @",
	checked_taker},
    {"plugin", "the name of a plugin, alone or with \":defer\", \":without\" or \":stop\"",
	checked_plugin},
    {"origin", "a site like https://shop.example, without a path", checked_origin},
    {"page", "an address like https://shop.example/thanks", checked_page},
    {"field",
	"\"NAME KIND: LABEL\" or \"NAME KIND required: LABEL\", with KIND text, text:MAX, "
	"number, number:LOW..HIGH, checkbox or choice:ONE|TWO",
	checked_field},
    {"event", "a kind of event, as in clicked, or track:NAME, page:NAME, screen:NAME",
	checked_event},
    {"hook", "an address like https://crm.shop.example/hooks/mail, without # and @", checked_hook},
    {"log", "syslog, stderr or the path of a file", checked_log},
};

const struct conf_check *
conf_check_find(const char *name)
{
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		if (strcmp(checks[i].name, name) == 0)
			return &checks[i];
	}
	abort();
}

bool
conf_check_plugin_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c != '_' && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return name.n > 0 && name.n <= 40;
}

bool
conf_check_campaign_name(struct str name)
{
	if (str_is(name, "*"))
		return true;
	for (size_t i = 0; i < name.n; i++) {
		if (!isalnum((unsigned char)name.p[i]) && memchr("._-", name.p[i], 3) == NULL)
			return false;
	}
	return name.n > 0 && name.n <= 100;
}
