/* SPDX-License-Identifier: BSD-2-Clause
 *
 * route: which handler a path belongs to
 *
 * A proxy may or may not take the path of tracking_url away before it asks; both are
 * understood. A token that is wrong in any way leads to one and the same page.
 *
 * Threads: the server's.
 */
#include "web/internal.h"

#include "base/clock.h"

void
web_reply_field(struct web_request *request, const char *name, const char *value)
{
	struct web_reply *reply = &request->reply;

	if (reply->field_count == WEB_FIELDS)
		abort();
	reply->fields[reply->field_count].name = name;
	reply->fields[reply->field_count++].value = value;
}

static void
text_reply(struct web_request *request, const char *type, struct str body)
{
	request->reply = (struct web_reply){.status = MHD_HTTP_OK, .type = type, .body = body};
}

static void
health(struct web_request *request)
{
	text_reply(request, "text/plain; charset=utf-8", STR("ok\n"));
}

static void
robots(struct web_request *request)
{
	text_reply(request, "text/plain; charset=utf-8", STR("User-agent: *\nDisallow: /\n"));
}

/* RFC 9116. It has to have an end, which is always half a year away: that somebody answers there is
 * known as long as the daemon runs. */
#define SECURITY_MS  ((int64_t)180 * 86400000)
#define SECURITY_MAX ((size_t)64 << 10)

static void
security(struct web_request *request)
{
	const struct conf_list *contacts = &request->web->conf->security_contact;
	char time[CLOCK_TEXT_SIZE];
	struct buf text;

	if (contacts->count == 0) {
		web_page(request, MHD_HTTP_NOT_FOUND, "not_found", NULL);
		return;
	}
	buf_init(&text, SECURITY_MAX);
	for (size_t i = 0; i < contacts->count; i++)
		buf_printf(&text, "Contact: %s\n", contacts->at[i]);
	buf_printf(&text, "Expires: %.10sT00:00:00Z\n", clock_iso(clock_now() + SECURITY_MS, time));
	text_reply(request, "text/plain; charset=utf-8", arena_str(request->arena, buf_str(&text)));
	buf_fini(&text);
}

static const struct {
	const char *path;
	void (*run)(struct web_request *request);
} pages[] = {{"/health", health}, {"/robots.txt", robots}, {"/metrics", web_metrics},
    {"/.well-known/security.txt", security}};

static const struct {
	enum link_kind kind;
	bool posted; /* POST is for it, too */
	void (*run)(struct web_request *request, const struct link_facts *facts);
} tokens[] = {
    {LINK_CLICK, false, web_click},
    {LINK_OPEN, false, web_open},
    {LINK_UNSUBSCRIBE, true, web_unsubscribe},
    {LINK_PREFERENCES, true, web_preferences},
    {LINK_VIEW, false, web_view},
    {LINK_IMAGE, false, web_image},
    {LINK_HIDDEN, false, web_hidden},
    {LINK_SIGNUP, true, web_confirm},
};

static void
refuse_method(struct web_request *request, const char *allow)
{
	web_page(request, MHD_HTTP_METHOD_NOT_ALLOWED, "method", NULL);
	request->reply.allow = allow;
}

/* The path of a base such as https://shop.example/mail, without a slash at its end. */
static struct str
path_of(struct str base)
{
	const char *scheme = base.n == 0 ? NULL : memmem(base.p, base.n, "://", 3);
	const char *slash;

	if (scheme == NULL)
		return STR_NONE;
	scheme += 3;
	slash = memchr(scheme, '/', (size_t)(base.p + base.n - scheme));
	if (slash == NULL)
		return STR_NONE;
	base = (struct str){slash, (size_t)(base.p + base.n - slash)};
	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	return base;
}

static bool
cut(struct str *path, struct str prefix)
{
	if (prefix.n == 0 || !str_starts(*path, prefix) || path->n == prefix.n ||
	    path->p[prefix.n] != '/')
		return false;
	*path = (struct str){path->p + prefix.n, path->n - prefix.n};
	return true;
}

static struct str
without_prefix(const struct conf *conf, struct str path)
{
	if (cut(&path, path_of(str_c(conf->tracking_url))))
		return path;
	for (size_t i = 0; i < conf->campaign_count; i++) {
		if (cut(&path, path_of(str_c(conf->campaigns[i].tracking_url))))
			break;
	}
	return path;
}

static void
route_token(struct web_request *request, struct str path)
{
	struct link_facts facts;
	struct err err = ERR_INIT;

	if (request->web->keys == NULL ||
	    link_path_decode(request->web->keys, path, request->arena, &facts, &err) != 0) {
		web_page(request, MHD_HTTP_NOT_FOUND, "not_found", NULL);
		return;
	}
	for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
		if (tokens[i].kind != facts.kind)
			continue;
		if (request->method == WEB_OTHER ||
		    (request->method == WEB_POST && !tokens[i].posted))
			refuse_method(request, tokens[i].posted ? "GET, HEAD, POST" : "GET, HEAD");
		else
			tokens[i].run(request, &facts);
		return;
	}
	web_page(request, MHD_HTTP_NOT_FOUND, "not_found", NULL);
}

void
web_route_begin(struct web_request *request)
{
	request->body_max = WEB_BODY_MAX;
	web_api_begin(request, without_prefix(request->web->conf, request->path));
}

void
web_route(struct web_request *request)
{
	struct str path = without_prefix(request->web->conf, request->path);

	if (request->api != NULL) {
		web_api_run(request);
		return;
	}
	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
		if (!str_is(path, pages[i].path))
			continue;
		if (request->method != WEB_GET && request->method != WEB_HEAD)
			refuse_method(request, "GET, HEAD");
		else
			pages[i].run(request);
		return;
	}
	if (cut(&path, STR("/f"))) {
		path = (struct str){path.p + 1, path.n - 1};
		web_form_route(request, path);
		return;
	}
	route_token(request, path);
}
