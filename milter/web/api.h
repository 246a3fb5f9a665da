/* SPDX-License-Identifier: BSD-2-Clause
 *
 * api: what the files of the event API share (api*.c); nobody else includes it
 *
 * Everything below /v1/: JSON in, JSON out, never a page. Who asks shows a key (store/apikey.h)
 * as the user name of basic authentication, as Segment's clients do, or, where the route takes
 * events, as "writeKey" in the body, as its scripts in web pages do. A request is judged by
 * its header alone as far as that goes: what comes behind a wrong key is read, since clients
 * want to get rid of it before they listen, but not kept.
 */
#ifndef WEB_API_H
#define WEB_API_H

#include "store/apikey.h"
#include "web/internal.h"

#include <jansson.h>

/* Segment's ceilings. */
#define WEB_API_EVENT_MAX ((size_t)32 << 10)
#define WEB_API_BATCH_MAX ((size_t)500 << 10)
/* Without a key in the header nobody makes this process keep more. */
#define WEB_API_STRANGER_MAX ((size_t)64 << 10)
#define WEB_API_CALLS_MAX    5000
#define WEB_API_EXPORT_MAX   ((size_t)16 << 20)

#define WEB_API_SCOPE(scope) (1u << (scope))

struct web_api_call;

struct web_api_route {
	const char *path; /* behind /v1/; "*" is one segment */
	const char *method;
	unsigned scopes;	    /* bits of WEB_API_SCOPE; 0: for everybody */
	size_t body_max;	    /* 0: it has none */
	enum store_event_kind kind; /* of a route for one event */
	void (*run)(struct web_request *request, struct web_api_call *call);
};

struct web_api_call {
	const struct web_api_route *route; /* NULL: there is none */
	bool events;			   /* the path is for events: pages may use it */
	struct str argument;		   /* the segment at "*", unescaped */
	struct store_apikey key;	   /* id 0: not shown yet */
};

/* --- api.c --- */

/* Fills the reply; takes the reference. */
void web_api_reply(struct web_request *request, unsigned status, json_t *body);
void web_api_error(struct web_request *request, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* By the error's code. */
void web_api_fail(struct web_request *request, const struct err *err);

/* --- api_key.c --- */

/* Is this key good for the call, and not used too often? False: the reply says why. */
bool web_api_admit(struct web_request *request, struct web_api_call *call, struct str text);

/* How often a key was used of late. */
struct web_api_bucket {
	double level; /* requests that it still has */
	int64_t since_us;
	int64_t used_ms; /* told to the database */
};

/* Takes one request; 0, or in how many seconds there is one again. */
int64_t web_api_bucket_take(struct web_api_bucket *bucket, int64_t rate, int64_t now_us);

/* --- api_body.c --- */

/* The object in the body, a new reference; NULL: the reply says why. */
json_t *web_api_object(struct web_request *request, const struct web_api_call *call);
/* May the body be of this type and encoding? False: the reply says why. */
bool web_api_body_check(struct web_request *request);
/* Adds what was packed to `out`, whose ceiling counts. ERR_INPUT, ERR_LIMIT. */
int web_api_gunzip(struct str packed, struct buf *out, struct err *err);

/* --- handlers --- */

void web_api_events(struct web_request *request, struct web_api_call *call);
void web_api_contact(struct web_request *request, struct web_api_call *call);
void web_api_contact_change(struct web_request *request, struct web_api_call *call);
void web_api_contact_erase(struct web_request *request, struct web_api_call *call);
void web_api_contact_export(struct web_request *request, struct web_api_call *call);

#endif
