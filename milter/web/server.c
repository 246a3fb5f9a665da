/* SPDX-License-Identifier: BSD-2-Clause
 *
 * server: requests and replies, over libmicrohttpd
 *
 * Everything that a client can lengthen or draw out has an end: its header (the memory of a
 * connection), its body, the number of connections, the time between two bytes
 * (web_timeout), and the time that one request may take in all: connections.c.
 *
 * Owns:    struct web_request, from the first line to the end of the reply.
 * Threads: libmicrohttpd's one, but for recorded(), which is the recorder's.
 */
#include "web/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/tally.h"
#include "master/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define CONNECTION_MEMORY ((size_t)24 << 10)
/* Requests that are kept for the next ones, and how much of their memory. */
#define SPARES_MAX  128
#define SPARE_ARENA ((size_t)64 << 10)
/* A chunked body that doesn't end: no more than this is read. */
#define BODY_END(request) ((request)->api != NULL ? (size_t)2 << 20 : 4 * WEB_BODY_MAX)

/* --- what a handler may ask --- */

struct web_request *
web_request_of(struct web_job *job)
{
	return (struct web_request *)(void *)((char *)job - offsetof(struct web_request, job));
}

struct str
web_header(const struct web_request *request, const char *name)
{
	return str_c(MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name));
}

struct form {
	const char *name;
	struct buf value;
	bool found;
};

static enum MHD_Result
on_field(void *closure, enum MHD_ValueKind kind, const char *key, const char *filename,
    const char *content_type, const char *encoding, const char *data, uint64_t offset, size_t size)
{
	struct form *form = closure;

	(void)kind;
	(void)filename;
	(void)content_type;
	(void)encoding;
	if (key == NULL || strcmp(key, form->name) != 0)
		return MHD_YES;
	/* A field that comes twice: the first counts. */
	if (form->found && offset != form->value.len)
		return MHD_YES;
	form->found = true;
	buf_add(&form->value, data, size);
	return MHD_YES;
}

struct str
web_form(struct web_request *request, const char *name)
{
	struct form form = {.name = name};
	struct MHD_PostProcessor *processor =
	    MHD_create_post_processor(request->connection, 1024, on_field, &form);
	struct str value = STR_NONE;

	if (processor == NULL)
		return value;
	buf_init(&form.value, WEB_BODY_MAX);
	MHD_post_process(processor, request->body.data, request->body.len);
	MHD_destroy_post_processor(processor);
	if (form.found)
		value =
		    form.value.len == 0 ? STR("") : arena_str(request->arena, buf_str(&form.value));
	buf_fini(&form.value);
	return value;
}

/* --- replies --- */

/* Nothing from elsewhere, nothing inside of somebody else's page, no script. */
#define POLICY                                                                               \
	"default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; " \
	"base-uri 'none'; frame-ancestors 'none'"

/* POLICY with a further place that forms may lead to. */
#define FORM_POLICY                                                                             \
	"default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self' %s; " \
	"base-uri 'none'; frame-ancestors 'none'"

/* For a message: what mail programs show, and no more. */
#define MAIL_POLICY                                                                     \
	"default-src 'none'; style-src 'unsafe-inline' https:; font-src https: data:; " \
	"img-src https: http: data:; form-action 'none'; base-uri 'none'; "             \
	"frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox "  \
	"allow-top-navigation-by-user-activation"

static const struct {
	const char *name, *value;
} fixed_fields[] = {
    {"Cache-Control", "no-store, no-cache, must-revalidate, private, max-age=0"},
    {"Pragma", "no-cache"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Robots-Tag", "noindex, nofollow"},
};

static void
add_fixed(struct MHD_Response *response)
{
	for (size_t i = 0; i < sizeof fixed_fields / sizeof fixed_fields[0]; i++)
		MHD_add_response_header(response, fixed_fields[i].name, fixed_fields[i].value);
}

struct MHD_Response *
web_pixel_new(void)
{
	/* One transparent dot. */
	static unsigned char gif[] = {'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0,
	    0xff, 0xff, 0xff, 0x21, 0xf9, 4, 1, 0, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 1,
	    0x44, 0, 0x3b};
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(sizeof gif, gif, MHD_RESPMEM_PERSISTENT);

	if (response == NULL)
		abort();
	MHD_add_response_header(response, "Content-Type", "image/gif");
	add_fixed(response);
	return response;
}

struct MHD_Response *
web_redirect_new(struct str address)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	char *location = strndup(address.p, address.n);

	if (response == NULL || location == NULL)
		abort();
	MHD_add_response_header(response, "Location", location);
	add_fixed(response);
	free(location);
	return response;
}

/* A browser asks whether the form's answer may lead to another site, too. */
static void
add_policy(struct MHD_Response *response, const struct web_reply *reply)
{
	char policy[sizeof POLICY + 2100];

	if (reply->form_to == NULL || reply->form_to[0] == '\0') {
		MHD_add_response_header(
		    response, "Content-Security-Policy", reply->mail ? MAIL_POLICY : POLICY);
		return;
	}
	snprintf(policy, sizeof policy, FORM_POLICY, reply->form_to);
	MHD_add_response_header(response, "Content-Security-Policy", policy);
}

static void
add_fields(struct MHD_Response *response, const struct web_request *request)
{
	const struct web_reply *reply = &request->reply;

	add_fixed(response);
	if (reply->type != NULL) {
		MHD_add_response_header(response, "Content-Type", reply->type);
		add_policy(response, reply);
		MHD_add_response_header(response, "X-Frame-Options", "DENY");
	}
	if (reply->location != NULL)
		MHD_add_response_header(response, "Location", reply->location);
	if (reply->allow != NULL)
		MHD_add_response_header(response, "Allow", reply->allow);
	for (size_t i = 0; i < reply->field_count; i++)
		MHD_add_response_header(response, reply->fields[i].name, reply->fields[i].value);
	if (reply->status == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(response, "Retry-After", "5");
	/* After a bad request nobody knows where the next one begins. */
	if (reply->status == MHD_HTTP_BAD_REQUEST || atomic_load(&request->web->leaving))
		MHD_add_response_header(response, "Connection", "close");
}

static void
tell(const struct web_request *request)
{
	static const enum tally_counter classes[] = {
	    TALLY_WEB_2XX, TALLY_WEB_3XX, TALLY_WEB_4XX, TALLY_WEB_5XX};

	tally_count(classes[request->reply.status / 100 - 2]);
	tally_took(TALLY_WEB, clock_mono_us() - request->begun_us);
}

static enum MHD_Result
answer(struct web_request *request)
{
	const struct web_reply *reply = &request->reply;
	struct MHD_Response *response;
	enum MHD_Result result;

	request->state = WEB_ANSWERED;
	tell(request);
	if (reply->ready != NULL)
		return MHD_queue_response(request->connection, reply->status, reply->ready);
	/* The body lives as long as the request. */
	response = MHD_create_response_from_buffer(
	    reply->body.n, (void *)(uintptr_t)reply->body.p, MHD_RESPMEM_PERSISTENT);
	if (response == NULL)
		return MHD_NO;
	add_fields(response, request);
	result = MHD_queue_response(request->connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

/* --- one request --- */

static enum web_method
method_of(const char *name)
{
	if (strcmp(name, "GET") == 0)
		return WEB_GET;
	if (strcmp(name, "HEAD") == 0)
		return WEB_HEAD;
	return strcmp(name, "POST") == 0 ? WEB_POST : WEB_OTHER;
}

/* One that is over is used again, for its memory. */
static struct web_request *
request_take(struct web *web)
{
	struct web_request *request = web->spare;

	if (request != NULL) {
		web->spare = request->next;
		web->spare_count--;
		*request = (struct web_request){.arena = request->arena};
		return request;
	}
	request = calloc(1, sizeof *request);
	if (request == NULL)
		abort();
	request->arena = arena_new(WEB_ARENA);
	return request;
}

static void
request_free(struct web_request *request)
{
	arena_free(&request->arena);
	free(request);
}

static void
request_give(struct web *web, struct web_request *request)
{
	buf_fini(&request->body);
	if (web->spare_count >= SPARES_MAX || arena_used(request->arena) > SPARE_ARENA) {
		request_free(request);
		return;
	}
	arena_reset(request->arena);
	request->next = web->spare;
	web->spare = request;
	web->spare_count++;
}

void
web_server_clean(struct web *web)
{
	struct web_request *request;

	while ((request = web->spare) != NULL) {
		web->spare = request->next;
		request_free(request);
	}
	web->spare_count = 0;
}

static struct web_request *
request_new(struct web *web, struct MHD_Connection *connection, const char *url, const char *method)
{
	struct web_request *request = request_take(web);

	request->begun_us = clock_mono_us();
	request->web = web;
	request->connection = connection;
	request->method = method_of(method);
	request->verb = arena_str(request->arena, str_c(method)).p;
	request->path = arena_str(request->arena, str_c(url));
	web_route_begin(request);
	buf_init(&request->body, request->body_max);
	return request;
}

static enum MHD_Result
take_body(struct web_request *request, const char *data, size_t *size)
{
	bool over = request->body.len + *size > request->body_max;

	request->received += *size;
	request->too_large |= over;
	if (!request->too_large && request->reply.status == 0)
		buf_add(&request->body, data, *size);
	*size = 0;
	return MHD_YES;
}

static void
say_too_large(struct web_request *request)
{
	if (request->api != NULL)
		web_api_too_large(request);
	else
		web_page(request, MHD_HTTP_CONTENT_TOO_LARGE, "too_large", NULL);
}

/* What the header says of the body. */
struct framing {
	size_t most; /* that is taken */
	unsigned lengths, codings;
	bool odd;  /* a name that others may read otherwise, or a coding that is not ours */
	bool over; /* more than is taken */
};

static enum MHD_Result
on_framing(void *closure, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct framing *framing = closure;
	size_t n = strlen(name);
	unsigned long long length;

	(void)kind;
	framing->odd |= n == 0 || name[n - 1] == ' ' || name[n - 1] == '\t';
	if (n == 14 && strcasecmp(name, "Content-Length") == 0) {
		framing->lengths++;
		framing->over |= value == NULL || !str_to_u64(str_c(value), framing->most, &length);
	} else if (n == 17 && strcasecmp(name, "Transfer-Encoding") == 0) {
		framing->codings++;
		framing->odd |= value == NULL || strcasecmp(value, "chunked") != 0;
	}
	return MHD_YES;
}

/* Where a body ends must be beyond doubt: a proxy that reads two of such fields another way would
 * take what is in one body for the next request, of somebody else (RFC 9112 section 6.3). And what
 * is announced to be too much is not waited for; programs get rid of what they have to send before
 * they listen, so for them that begins later. True: there is a reply already. */
static bool
refuse_framing(struct web_request *request)
{
	struct framing framing = {
	    .most = request->api != NULL ? BODY_END(request) : request->body_max};

	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, on_framing, &framing);
	if (framing.odd || framing.lengths + framing.codings > 1)
		request->reply = (struct web_reply){.status = MHD_HTTP_BAD_REQUEST,
		    .type = "text/plain; charset=utf-8",
		    .body = STR("bad request\n")};
	else if (!framing.over)
		return false;
	else if (request->reply.status == 0)
		say_too_large(request);
	return true;
}

static void
recorded(struct web_job *job, int rc)
{
	struct web_request *request = web_request_of(job);

	request->recorded = rc;
	if (rc == 0 && request->wakes)
		worker_wake_outbox(request->web->worker);
	MHD_resume_connection(request->connection);
}

static enum MHD_Result
record(struct web_request *request)
{
	request->job.done = recorded;
	request->state = WEB_RECORDING;
	MHD_suspend_connection(request->connection);
	if (!web_recorder_post(request->web->recorder, &request->job))
		recorded(&request->job, -1);
	return MHD_YES;
}

static enum MHD_Result
make_aside(struct web_request *request)
{
	request->state = WEB_RECORDING;
	MHD_suspend_connection(request->connection);
	if (!web_aside_run(request->web->aside, request))
		recorded(&request->job, -1);
	return MHD_YES;
}

static enum MHD_Result
refuse(struct web_request *request)
{
	request->reply = (struct web_reply){0};
	if (request->api != NULL)
		web_api_unavailable(request);
	else
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
	return answer(request);
}

/* What is to be recorded, and then the reply. */
static enum MHD_Result
finish(struct web_request *request)
{
	struct err err = ERR_INIT;

	if (request->aside != NULL)
		return make_aside(request);
	if (request->job.write != NULL)
		return record(request);
	if (request->event == NULL ||
	    web_recorder_add(request->web->recorder, request->event, &err) == 0)
		return answer(request);
	log_error("web: not recorded", LOG_STR("reason", err.text));
	return refuse(request);
}

static enum MHD_Result
on_request(void *closure, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *data, size_t *size, void **request_p)
{
	const struct web_server *server = closure;
	struct web_request *request = *request_p;

	(void)version;
	if (request == NULL) {
		request = request_new(server->web, connection, url, method);
		*request_p = request;
		web_connections_mark(server->connections, connection, true);
		return refuse_framing(request) ? answer(request) : MHD_YES;
	}
	if (request->state == WEB_ANSWERED)
		return MHD_YES;
	if (request->state == WEB_RECORDING)
		return request->recorded == 0 ? answer(request) : refuse(request);
	if (*size > 0)
		return request->received > BODY_END(request) ? MHD_NO
							     : take_body(request, data, size);
	if (request->reply.status != 0)
		return answer(request);
	if (request->too_large)
		say_too_large(request);
	else
		web_route(request);
	return finish(request);
}

static void
on_completed(void *closure, struct MHD_Connection *connection, void **request_p,
    enum MHD_RequestTerminationCode code)
{
	struct web_request *request = *request_p;

	(void)code;
	web_connections_mark(closure, connection, false);
	*request_p = NULL;
	if (request != NULL)
		request_give(request->web, request);
}

/* --- the daemon --- */

/* Paths are compared as they came: a token has nothing to unescape. */
static size_t
keep_escapes(void *closure, struct MHD_Connection *connection, char *text)
{
	(void)closure;
	(void)connection;
	return strlen(text);
}

static void on_log(void *closure, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void
on_log(void *closure, const char *format, va_list arguments)
{
	char text[400];

	(void)closure;
	vsnprintf(text, sizeof text, format, arguments);
	log_debug("web", LOG_TEXT("reason", str_trim(str_c(text))));
}

struct MHD_Daemon *
web_server_start(struct web_server *server, int listen_fd)
{
	const struct conf *conf = server->web->conf;
	struct web_connections *connections = server->connections;

	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO |
		MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
	    0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
	    MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT, (unsigned)conf->web_connections,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)((conf->web_timeout + 999) / 1000),
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
	    MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED,
	    on_completed, connections, MHD_OPTION_NOTIFY_CONNECTION, web_connections_notify,
	    connections, MHD_OPTION_END);
}
