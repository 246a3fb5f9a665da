/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fetch: see fetch.h
 */
#include "fetch/fetch.h"

#include "base/clock.h"
#include "conf/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REDIRECTS_MAX 5
#define SITE_MAX      300

struct fetch {
	CURL *handle;
	struct fetch_rules rules;
	struct curl_slist *headers;
	char *url;
	char *posted;
	char site[SITE_MAX]; /* of the address that is asked now */
	char first[SITE_MAX];
	int redirects;
	int64_t until_us;
	struct buf body;
	bool too_long;
	bool refused; /* the address is not in the rules */
	char type[FETCH_TYPE_MAX + 1];
};

/* --- the request --- */

/* Scheme and authority without user and password, in lower case: what is one origin. */
static int
site_of(const char *url, char site[SITE_MAX], struct err *err)
{
	CURLU *parts = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL;
	int rc = -1;

	if (parts == NULL)
		abort();
	if (curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
		err_set(err, ERR_INPUT, "fetch: expected an address such as https://api.example/x");
	else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		err_set(err, ERR_INPUT, "fetch: expected http or https, got %.20s", scheme);
	else if (strlen(host) > 255)
		err_set(err, ERR_INPUT, "fetch: the host's name is too long");
	else
		rc = 0;
	if (rc == 0) {
		bool usual = strcmp(port, strcmp(scheme, "http") == 0 ? "80" : "443") == 0;

		snprintf(site, SITE_MAX, "%s://%s%s%s", scheme, host, usual ? "" : ":",
		    usual ? "" : port);
		for (char *p = site; *p != '\0'; p++)
			*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parts);
	return rc;
}

static bool
is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Fields that say where a request begins and ends, or whom it is for, are libcurl's. */
static bool
is_ours(struct str name)
{
	static const char *const ours[] = {"Host", "Content-Length", "Transfer-Encoding",
	    "Connection", "Expect", "Upgrade", "TE", "Trailer", "Keep-Alive", "Proxy-Connection"};

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
		if (str_is_nocase(name, ours[i]))
			return true;
	}
	return false;
}

static int
check_header(struct str line, struct err *err)
{
	const char *colon = memchr(line.p, ':', line.n);
	struct str name = {line.p, colon == NULL ? 0 : (size_t)(colon - line.p)};

	for (size_t i = 0; i < name.n; i++) {
		if (!is_token(name.p[i]))
			name.n = 0;
	}
	if (name.n == 0)
		return err_set(err, ERR_INPUT, "fetch: expected header fields \"Name: value\"");
	if (is_ours(name))
		return err_set(
		    err, ERR_INPUT, "fetch: the header field %.*s is the host's", STR_F(name));
	for (size_t i = name.n; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return err_set(err, ERR_INPUT,
			    "fetch: a control character in the header field %.*s", STR_F(name));
	}
	return 0;
}

/* The next line, cut off `rest`; false: there is none. */
static bool
next_line(struct str *rest, struct str *line_r)
{
	const char *end;

	if (rest->n == 0)
		return false;
	end = memchr(rest->p, '\n', rest->n);
	*line_r = (struct str){rest->p, end == NULL ? rest->n : (size_t)(end - rest->p)};
	*rest =
	    (struct str){rest->p + line_r->n + (end != NULL), rest->n - line_r->n - (end != NULL)};
	return true;
}

int
fetch_check(struct str url, struct str headers, struct err *err)
{
	char text[FETCH_URL_MAX + 1], site[SITE_MAX];
	struct str line;

	if (url.n == 0 || url.n > FETCH_URL_MAX)
		return err_set(
		    err, ERR_INPUT, "fetch: expected an address of 1 to %d bytes", FETCH_URL_MAX);
	if (headers.n > FETCH_HEADERS_MAX)
		return err_set(err, ERR_INPUT, "fetch: expected at most %d bytes of header fields",
		    FETCH_HEADERS_MAX);
	for (size_t i = 0; i < url.n; i++) {
		if ((unsigned char)url.p[i] <= ' ' || (unsigned char)url.p[i] >= 0x7f)
			return err_set(err, ERR_INPUT,
			    "fetch: a byte in the address that has to be percent-encoded");
	}
	memcpy(text, url.p, url.n);
	text[url.n] = '\0';
	if (site_of(text, site, err) != 0)
		return -1;
	while (next_line(&headers, &line)) {
		if (check_header(line, err) != 0)
			return -1;
	}
	return 0;
}

/* --- addresses --- */

/* What is no place of the public internet: RFC 6890 and its updates. */
static const char *const inner[] = {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
    "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
    "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "::/96",
    "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
    "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"};

static bool
is_within(const char *const *list, size_t count, const struct net *address)
{
	struct net net;

	for (size_t i = 0; i < count; i++) {
		if (net_parse(list[i], &net) && net_holds(&net, address))
			return true;
	}
	return false;
}

/* It is asked about the address that is going to be connected to, whatever a name says the next
 * time it is looked up. */
static curl_socket_t
open_socket(void *closure, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetch *fetch = closure;
	const struct conf_list *allowed = fetch->rules.from;
	char text[INET6_ADDRSTRLEN];
	struct net net;
	const void *bytes = address->family == AF_INET
	    ? (const void *)&((const struct sockaddr_in *)(const void *)&address->addr)->sin_addr
	    : (const void *)&((const struct sockaddr_in6 *)(const void *)&address->addr)->sin6_addr;

	(void)purpose;
	if ((address->family != AF_INET && address->family != AF_INET6) ||
	    inet_ntop(address->family, bytes, text, sizeof text) == NULL ||
	    !net_parse_address(text, &net) ||
	    (is_within(inner, sizeof inner / sizeof inner[0], &net) &&
		!is_within(allowed->at, allowed->count, &net))) {
		fetch->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* --- the transfer --- */

static size_t
take_body(char *data, size_t size, size_t count, void *closure)
{
	struct fetch *fetch = closure;

	size_t room = fetch->body.max - fetch->body.len;

	if (fetch->rules.cut > 0 && size * count > room) {
		buf_add(&fetch->body, data, room);
		fetch->too_long = true;
	} else {
		buf_add(&fetch->body, data, size * count);
		fetch->too_long = fetch->body.full;
	}
	return fetch->too_long ? 0 : size * count;
}

static void
add_headers(struct fetch *fetch, struct str headers)
{
	char text[FETCH_HEADERS_MAX + 2];
	struct str line;

	while (next_line(&headers, &line)) {
		const char *colon = memchr(line.p, ':', line.n);
		/* A field without value is sent so: "Name;" */
		bool empty =
		    str_trim((struct str){colon + 1, line.n - (size_t)(colon + 1 - line.p)}).n == 0;
		int n = empty ? snprintf(text, sizeof text, "%.*s;", (int)(colon - line.p), line.p)
			      : snprintf(text, sizeof text, "%.*s", STR_F(line));

		if (n > 0)
			fetch->headers = curl_slist_append(fetch->headers, text);
	}
}

static void
set_options(struct fetch *fetch)
{
	CURL *handle = fetch->handle;

	curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_PROXY, "");
	curl_easy_setopt(handle, CURLOPT_USERAGENT, "mailtailor");
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, fetch);
	curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, fetch);
	/* A name server that does not answer is not waited for beyond the time-out. */
	curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
	/* A connection that is kept would pass by open_socket. */
	curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
}

static void
set_target(struct fetch *fetch)
{
	CURL *handle = fetch->handle;
	int64_t left_ms = (fetch->until_us - clock_mono_us()) / 1000;

	if (left_ms < 1)
		left_ms = 1;
	curl_easy_setopt(handle, CURLOPT_URL, fetch->url);
	curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)left_ms);
	curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)left_ms);
	curl_easy_setopt(handle, CURLOPT_HTTPHEADER,
	    strcmp(fetch->site, fetch->first) == 0 ? fetch->headers : NULL);
}

static pthread_once_t begun = PTHREAD_ONCE_INIT;

static void
begin(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
}

void
fetch_begin(void)
{
	pthread_once(&begun, begin);
}

static size_t
body_max(const struct fetch_rules *rules)
{
	return rules->cut > 0 ? rules->cut : FETCH_BODY_MAX;
}

int
fetch_new(struct fetch **fetch_r, const struct fetch_rules *rules, struct str url,
    struct str headers, struct str body, int64_t timeout_ms, struct err *err)
{
	struct fetch *fetch;

	*fetch_r = NULL;
	if (fetch_check(url, headers, err) != 0)
		return -1;
	fetch_begin();
	fetch = calloc(1, sizeof *fetch);
	if (fetch == NULL || (fetch->url = strndup(url.p, url.n)) == NULL ||
	    (fetch->handle = curl_easy_init()) == NULL)
		abort();
	fetch->rules = *rules;
	fetch->until_us = clock_mono_us() + timeout_ms * 1000;
	buf_init(&fetch->body, body_max(rules));
	if (site_of(fetch->url, fetch->site, err) != 0) {
		fetch_free(&fetch);
		return -1;
	}
	memcpy(fetch->first, fetch->site, sizeof fetch->first);
	add_headers(fetch, headers);
	set_options(fetch);
	if (body.p != NULL) {
		fetch->posted = malloc(body.n + 1);
		if (fetch->posted == NULL)
			abort();
		memcpy(fetch->posted, body.p, body.n);
		curl_easy_setopt(fetch->handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
		curl_easy_setopt(fetch->handle, CURLOPT_POSTFIELDS, fetch->posted);
		/* Of a long body libcurl would ask first, and wait a second for the answer. */
		fetch->headers = curl_slist_append(fetch->headers, "Expect:");
	}
	set_target(fetch);
	*fetch_r = fetch;
	return 0;
}

void
fetch_free(struct fetch **f)
{
	struct fetch *fetch = *f;

	*f = NULL;
	if (fetch == NULL)
		return;
	curl_easy_cleanup(fetch->handle);
	curl_slist_free_all(fetch->headers);
	buf_fini(&fetch->body);
	free(fetch->posted);
	free(fetch->url);
	free(fetch);
}

CURL *
fetch_handle(struct fetch *fetch)
{
	return fetch->handle;
}

/* 1: there is another address; 0: none; -1. */
static int
redirect(struct fetch *fetch, struct err *err)
{
	char site[SITE_MAX];
	char *next = NULL;
	int status = fetch_status(fetch);

	/* What was posted is not said to somebody else. */
	if (status < 300 || status > 399 || status == 304 || fetch->posted != NULL ||
	    fetch->rules.stay)
		return 0;
	curl_easy_getinfo(fetch->handle, CURLINFO_REDIRECT_URL, &next);
	if (next == NULL)
		return 0;
	if (++fetch->redirects > REDIRECTS_MAX)
		return err_set(
		    err, ERR_IO, "%s: more than %d redirects", fetch->site, REDIRECTS_MAX);
	if (strlen(next) > FETCH_URL_MAX || site_of(next, site, NULL) != 0 ||
	    (strncmp(fetch->site, "https:", 6) == 0 && strncmp(site, "https:", 6) != 0))
		return err_set(
		    err, ERR_IO, "%s: it redirects to where nothing is fetched from", fetch->site);
	free(fetch->url);
	fetch->url = strdup(next);
	if (fetch->url == NULL)
		abort();
	memcpy(fetch->site, site, sizeof fetch->site);
	buf_fini(&fetch->body);
	buf_init(&fetch->body, body_max(&fetch->rules));
	set_target(fetch);
	return 1;
}

static int
failed(const struct fetch *fetch, CURLcode code, struct err *err)
{
	if (fetch->refused)
		return err_set(err, ERR_IO, "%s: its address is no public one, and not in %s",
		    fetch->site, fetch->rules.parameter);
	if (fetch->too_long)
		return err_set(err, ERR_IO, "%s: the answer is longer than %zu bytes", fetch->site,
		    FETCH_BODY_MAX);
	/* libcurl's own text may quote the address. */
	return err_set(err, ERR_IO, "%s: %s", fetch->site, curl_easy_strerror(code));
}

int
fetch_ended(struct fetch *fetch, CURLcode code, struct err *err)
{
	char *type = NULL;
	int rc;

	/* What was dropped is not needed: the status is the answer. */
	if (code != CURLE_OK &&
	    !(fetch->too_long && fetch->rules.cut > 0 && code == CURLE_WRITE_ERROR))
		return failed(fetch, code, err);
	rc = redirect(fetch, err);
	if (rc != 0)
		return rc;
	curl_easy_getinfo(fetch->handle, CURLINFO_CONTENT_TYPE, &type);
	snprintf(fetch->type, sizeof fetch->type, "%s", type == NULL ? "" : type);
	return 0;
}

int
fetch_run(struct fetch *fetch, struct err *err)
{
	int rc;

	do
		rc = fetch_ended(fetch, curl_easy_perform(fetch->handle), err);
	while (rc == 1);
	return rc;
}

int
fetch_status(const struct fetch *fetch)
{
	long status = 0;

	curl_easy_getinfo(fetch->handle, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

int64_t
fetch_retry_after(const struct fetch *fetch)
{
	curl_off_t seconds = 0;

	curl_easy_getinfo(fetch->handle, CURLINFO_RETRY_AFTER, &seconds);
	return seconds;
}

struct str
fetch_type(const struct fetch *fetch)
{
	return str_c(fetch->type);
}

struct str
fetch_body(const struct fetch *fetch)
{
	return fetch->body.len == 0 ? STR("") : buf_str(&fetch->body);
}

const char *
fetch_site(const struct fetch *fetch)
{
	return fetch->site;
}
