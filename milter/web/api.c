/* SPDX-License-Identifier: BSD-2-Clause
 *
 * api: see api.h; this file: which handler a path and a method belong to, and replies
 *
 * Threads: the server's; replies of jobs are filled by the recorder's.
 */
#include "web/api.h"

#include "base/log.h"
#include "base/embed.h"
#include "web/openapi.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define PREFIX "/v1/"

/* Clients of Segment in web pages send these, from wherever the page is. */
#define CORS_METHODS "POST"
#define CORS_FIELDS  "Authorization, Content-Type, Content-Encoding"
#define CORS_AGE     "86400"

static void schema(struct web_request *request, struct web_api_call *call);

#define EVENTS (WEB_API_SCOPE(STORE_APIKEY_WRITE) | WEB_API_SCOPE(STORE_APIKEY_PAGE))
#define WRITE  WEB_API_SCOPE(STORE_APIKEY_WRITE)
#define ADMIN  WEB_API_SCOPE(STORE_APIKEY_ADMIN)

static const struct web_api_route routes[] = {
    {"identify", "POST", WRITE, WEB_API_EVENT_MAX, STORE_EVENT_IDENTIFY, web_api_events},
    {"track", "POST", EVENTS, WEB_API_EVENT_MAX, STORE_EVENT_TRACK, web_api_events},
    {"page", "POST", EVENTS, WEB_API_EVENT_MAX, STORE_EVENT_PAGE, web_api_events},
    {"screen", "POST", EVENTS, WEB_API_EVENT_MAX, STORE_EVENT_SCREEN, web_api_events},
    {"batch", "POST", EVENTS, WEB_API_BATCH_MAX, STORE_EVENT_ANY, web_api_events},
    /* The same, as analytics.js calls them in web pages. */
    {"i", "POST", WRITE, WEB_API_EVENT_MAX, STORE_EVENT_IDENTIFY, web_api_events},
    {"t", "POST", EVENTS, WEB_API_EVENT_MAX, STORE_EVENT_TRACK, web_api_events},
    {"p", "POST", EVENTS, WEB_API_EVENT_MAX, STORE_EVENT_PAGE, web_api_events},
    {"s", "POST", EVENTS, WEB_API_EVENT_MAX, STORE_EVENT_SCREEN, web_api_events},
    {"b", "POST", EVENTS, WEB_API_BATCH_MAX, STORE_EVENT_ANY, web_api_events},
    {"contacts/*", "GET", ADMIN, 0, STORE_EVENT_ANY, web_api_contact},
    {"contacts/*", "PATCH", ADMIN, WEB_API_BATCH_MAX, STORE_EVENT_ANY, web_api_contact_change},
    {"contacts/*", "DELETE", ADMIN, 0, STORE_EVENT_ANY, web_api_contact_erase},
    {"contacts/*/export", "GET", ADMIN, 0, STORE_EVENT_ANY, web_api_contact_export},
    {"openapi.json", "GET", 0, 0, STORE_EVENT_ANY, schema},
};

#define ROUTES (sizeof routes / sizeof routes[0])

/* --- replies --- */

static const char *
code_of(unsigned status)
{
	switch (status) {
	case MHD_HTTP_BAD_REQUEST:
		return "bad_request";
	case MHD_HTTP_UNAUTHORIZED:
		return "unauthorized";
	case MHD_HTTP_FORBIDDEN:
		return "forbidden";
	case MHD_HTTP_NOT_FOUND:
		return "not_found";
	case MHD_HTTP_METHOD_NOT_ALLOWED:
		return "method_not_allowed";
	case MHD_HTTP_CONTENT_TOO_LARGE:
		return "too_large";
	case MHD_HTTP_UNSUPPORTED_MEDIA_TYPE:
		return "unsupported_media_type";
	case MHD_HTTP_TOO_MANY_REQUESTS:
		return "too_many_requests";
	default:
		return "unavailable";
	}
}

static void
reply_text(struct web_request *request, unsigned status, struct str body)
{
	request->reply =
	    (struct web_reply){.status = status, .type = "application/json", .body = body};
	if (request->api->events)
		web_reply_field(request, "Access-Control-Allow-Origin", "*");
	if (status == MHD_HTTP_UNAUTHORIZED)
		web_reply_field(
		    request, "WWW-Authenticate", "Basic realm=\"mailtailor\", charset=\"UTF-8\"");
}

void
web_api_reply(struct web_request *request, unsigned status, json_t *body)
{
	size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(15);
	size_t size = json_dumpb(body, NULL, 0, flags);
	char *room = arena_alloc(request->arena, size + 1);

	if (size == 0 || room == NULL)
		reply_text(request, MHD_HTTP_SERVICE_UNAVAILABLE,
		    STR("{\"success\":false,\"code\":\"unavailable\","
			"\"message\":\"the reply can't be made\"}"));
	else
		reply_text(
		    request, status, (struct str){room, json_dumpb(body, room, size, flags)});
	json_decref(body);
}

void
web_api_error(struct web_request *request, unsigned status, const char *format, ...)
{
	char message[ERR_TEXT_MAX];
	va_list arguments;
	json_t *text;

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	text = json_string(message);
	/* Cut within a character, or somebody's bytes. */
	if (text == NULL)
		text = json_string("the request can't be understood");
	web_api_reply(request, status,
	    json_pack("{s:b, s:s, s:o}", "success", 0, "code", code_of(status), "message", text));
}

void
web_api_fail(struct web_request *request, const struct err *err)
{
	switch (err->code) {
	case ERR_INPUT:
		web_api_error(request, MHD_HTTP_BAD_REQUEST, "%s", err->text);
		break;
	case ERR_LIMIT:
		web_api_error(request, MHD_HTTP_CONTENT_TOO_LARGE, "%s", err->text);
		break;
	default:
		log_error("web: the event API", LOG_STR("reason", err->text));
		web_api_unavailable(request);
		break;
	}
}

void
web_api_unavailable(struct web_request *request)
{
	web_api_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy; please try again");
}

void
web_api_too_large(struct web_request *request)
{
	const struct web_api_call *call = request->api;

	if (call->key.id == 0 && call->events)
		web_api_error(request, MHD_HTTP_UNAUTHORIZED,
		    "a request of more than %zu bytes wants its key in the header Authorization",
		    request->body_max);
	else
		web_api_error(request, MHD_HTTP_CONTENT_TOO_LARGE,
		    "the body has more than %zu bytes", request->body_max);
}

static void
schema(struct web_request *request, struct web_api_call *call)
{
	(void)call;
	reply_text(request, MHD_HTTP_OK, str_c(openapi[0].text));
}

/* --- routes --- */

/* Unescaped in the arena. */
static struct str
unescape(struct str text, struct arena *arena)
{
	struct str copy = arena_str(arena, text);

	if (copy.p != NULL)
		copy.n = MHD_http_unescape((char *)(uintptr_t)copy.p);
	return copy;
}

static bool
matches(const char *pattern, struct str path, struct str *argument_r)
{
	struct str rest = str_c(pattern), wanted, found;

	while (str_split(&rest, '/', &wanted)) {
		if (!str_split(&path, '/', &found))
			return false;
		if (str_is(wanted, "*"))
			*argument_r = found;
		else if (!str_eq(wanted, found))
			return false;
	}
	return !str_split(&path, '/', &found);
}

static bool
is_method(const struct web_request *request, const char *method)
{
	return strcmp(request->verb, method) == 0 ||
	    (request->method == WEB_HEAD && strcmp(method, "GET") == 0);
}

/* What the path takes, for Allow; empty: there is no such path. */
static struct str
methods_of(struct web_request *request, struct str path)
{
	struct str list = STR(""), argument;

	for (size_t i = 0; i < ROUTES; i++) {
		const char *method = routes[i].method;

		if (matches(routes[i].path, path, &argument))
			list = arena_printf(request->arena, "%.*s%s%s", STR_F(list),
			    list.n > 0 ? ", " : "",
			    strcmp(method, "GET") == 0 ? "GET, HEAD" : method);
	}
	return list.n == 0 ? list : arena_printf(request->arena, "%.*s, OPTIONS", STR_F(list));
}

/* What a browser asks before it sends an event from a page of another site. */
static void
options(struct web_request *request, const char *allow)
{
	request->reply =
	    (struct web_reply){.status = MHD_HTTP_NO_CONTENT, .body = STR(""), .allow = allow};
	if (!request->api->events)
		return;
	web_reply_field(request, "Access-Control-Allow-Origin", "*");
	web_reply_field(request, "Access-Control-Allow-Methods", CORS_METHODS);
	web_reply_field(request, "Access-Control-Allow-Headers", CORS_FIELDS);
	web_reply_field(request, "Access-Control-Max-Age", CORS_AGE);
}

static void
refuse_method(struct web_request *request, struct str path)
{
	struct str allow = methods_of(request, path);

	if (allow.p == NULL) {
		web_api_unavailable(request);
	} else if (allow.n == 0) {
		web_api_error(request, MHD_HTTP_NOT_FOUND, "there is no such path");
	} else if (strcmp(request->verb, "OPTIONS") == 0) {
		options(request, allow.p);
	} else {
		web_api_error(
		    request, MHD_HTTP_METHOD_NOT_ALLOWED, "%.*s is expected here", STR_F(allow));
		request->reply.allow = allow.p;
	}
}

static void
find_route(struct web_request *request, struct web_api_call *call, struct str path)
{
	struct str argument = STR_NONE;

	for (size_t i = 0; i < ROUTES; i++) {
		if (!matches(routes[i].path, path, &argument))
			continue;
		call->events = (routes[i].scopes & WRITE) != 0;
		if (!is_method(request, routes[i].method))
			continue;
		call->route = &routes[i];
		call->argument = unescape(argument, request->arena);
		return;
	}
}

static bool
admit_header(struct web_request *request, struct web_api_call *call)
{
	char *user, *password = NULL;
	bool admitted;

	if (web_header(request, "Authorization").p == NULL && call->events)
		return true;
	user = MHD_basic_auth_get_username_password(request->connection, &password);
	admitted = web_api_admit(request, call, user == NULL ? STR("") : str_c(user));
	MHD_free(password);
	MHD_free(user);
	return admitted;
}

bool
web_api_begin(struct web_request *request, struct str path)
{
	struct web_api_call *call;

	if (!str_starts(path, STR(PREFIX)))
		return false;
	path = (struct str){path.p + sizeof PREFIX - 1, path.n - (sizeof PREFIX - 1)};
	call = arena_zalloc(request->arena, 1, sizeof *call);
	if (call == NULL)
		abort();
	request->api = call;
	find_route(request, call, path);
	if (call->route == NULL) {
		refuse_method(request, path);
		return true;
	}
	request->body_max = call->route->body_max;
	/* A stranger hears nothing but that. */
	if (call->route->scopes != 0 && !admit_header(request, call))
		return true;
	if (call->route->body_max > 0 && !web_api_body_check(request))
		return true;
	if (call->key.id == 0 && request->body_max > WEB_API_STRANGER_MAX)
		request->body_max = WEB_API_STRANGER_MAX;
	return true;
}

void
web_api_run(struct web_request *request)
{
	struct web_api_call *call = request->api;

	call->route->run(request, call);
}
