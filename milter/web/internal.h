/* SPDX-License-Identifier: BSD-2-Clause
 *
 * internal: what the files of web/ share; nobody else includes it
 *
 * One thread (libmicrohttpd's) reads requests and makes replies. No reply leaves before what
 * it says was kept: a click's event is written to the spool (spool.h) by that thread; what
 * changes the database otherwise is a job for the recorder's thread, which writes many at a
 * time, and the reply waits. A handler fills the reply and, where there is something to
 * record, the event or the job.
 */
#ifndef WEB_INTERNAL_H
#define WEB_INTERNAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "link/link.h"
#include "picture/picture.h"
#include "store/event.h"
#include "store/store.h"
#include "tailor/tailor.h"
#include "web/web.h"

#include <microhttpd.h>
#include <stdatomic.h>

/* Ceilings. */
#define WEB_BODY_MAX	((size_t)64 << 10)
#define WEB_ARENA	((size_t)32 << 20)
#define WEB_AGENT_MAX	512 /* of a User-Agent, as it is kept */
#define WEB_ADDRESS_MAX 80
#define WEB_FIELDS	6 /* of a reply, beside those below */

struct web_recorder;
struct liquid_language;
struct liquid_texts;
struct web_pages;
struct web_targets;
struct web_visits;
struct web_aside;
struct board;
struct web_request;
struct web_api;
struct web_api_call;
struct web_rates;
struct worker;

/* Something to be written. `write` runs in a transaction that may hold others' jobs, and
 * may run again if one of them failed; `done` when it is committed (0), or can't be (-1). */
struct web_job {
	int (*write)(struct web_job *job, struct store *store, struct err *err);
	void (*done)(struct web_job *job, int rc);
	struct web_job *next;
};

struct web {
	const struct conf *conf;
	struct link_keys *keys;
	struct store *store;
	/* Makes messages again, to be looked at. NULL where there are plugins: templates may want
	 * them, and this process runs no code of theirs. */
	struct tailor *tailor;
	struct web_spool *spool;
	struct web_recorder *recorder;
	struct web_targets *targets;
	struct web_pages *pages;
	const struct liquid_texts *texts; /* of the templates */
	struct web_visits *visits;
	struct picture_studio *studio;
	struct web_aside *aside;
	const struct board *board; /* of plugins; or NULL */
	struct web_api *api;
	struct MHD_Response *pixel;
	struct web_rates *rates;
	const struct worker *worker; /* whose outbox processes are woken */
	atomic_bool leaving;	     /* connections are to end with their next reply */
	struct web_request *spare;   /* the server thread's: requests that are over */
	size_t spare_count;
};

enum web_method { WEB_GET, WEB_HEAD, WEB_POST, WEB_OTHER };

struct web_reply {
	unsigned status; /* 0: not answered yet */
	struct str body; /* in the arena, or constant */
	const char *type;
	const char *location;	    /* of a redirect, or NULL */
	const char *allow;	    /* of a 405, or NULL */
	struct MHD_Response *ready; /* made before, with all but the status; or NULL */
	bool mail;		    /* the body is a message: its images may be shown */
	struct {
		const char *name, *value;
	} fields[WEB_FIELDS]; /* others, by web_reply_field */
	size_t field_count;
	const char *form_to; /* its forms may lead to there, too (origins); or NULL */
};

enum web_state { WEB_READING, WEB_RECORDING, WEB_ANSWERED };

struct web_request {
	struct web_request *next; /* of the spare ones */
	struct web *web;
	struct MHD_Connection *connection;
	struct arena *arena;
	enum web_method method;
	const char *verb;	  /* the method as it came */
	struct str path;	  /* without the query, as it came */
	struct web_api_call *api; /* it is one of the event API's; or NULL */
	size_t body_max;
	size_t received; /* bytes of the body, kept or not */
	struct buf body;
	bool too_large;
	enum web_state state;
	int recorded;				/* what the job came to */
	bool wakes;				/* the job puts something into the outbox */
	const struct liquid_language *language; /* NULL: nobody has asked yet */
	struct web_reply reply;
	const struct store_event *event;	    /* for the spool; or NULL */
	struct web_job job;			    /* write NULL: there is none */
	void *closure;				    /* the handler's, for its job */
	void (*aside)(struct web_request *request); /* fills the reply, see aside.c; or NULL */
	int64_t begun_us;
};

struct web_request *web_request_of(struct web_job *job);
/* A field of the request; absent if it isn't there. */
struct str web_header(const struct web_request *request, const char *name);
/* A field of the posted form, in the arena; absent if it isn't there. */
struct str web_form(struct web_request *request, const char *name);

/* --- route.c --- */

/* With the header alone: how long the body may be. If there is a reply then, the body does not
 * matter any more. */
void web_route_begin(struct web_request *request);
void web_route(struct web_request *request);
/* Name and value have to live as long as the request. */
void web_reply_field(struct web_request *request, const char *name, const char *value);

/* --- api.c: below /v1/ --- */

/* False if the path is none of the event API's. */
bool web_api_begin(struct web_request *request, struct str path);
void web_api_run(struct web_request *request);
void web_api_too_large(struct web_request *request);
void web_api_unavailable(struct web_request *request);
struct web_api *web_api_new(void);
void web_api_free(struct web_api **api);

/* --- page.c: what people see --- */

int web_pages_new(struct web_pages **pages_r, const struct conf *conf,
    const struct tailor_templates *templates, struct err *err);
void web_pages_free(struct web_pages **pages);
/* Fills the reply with the page of that name ("unsubscribe", ...). `values` may be NULL. */
struct liquid_object;
void web_page(
    struct web_request *request, unsigned status, const char *name, struct liquid_object *values);

/* --- language.c: in which one somebody is answered --- */

/* In this one, if there are texts in it; an empty tag changes nothing. */
void web_speak(struct web_request *request, struct str tag);
/* What was said, else what the browser asks for, else the default one. */
const struct liquid_language *web_language(struct web_request *request);
/* Of Accept-Language (RFC 9110 section 12.5.4): NULL if it asks for nothing that there is. */
const struct liquid_language *web_language_accepted(
    const struct liquid_texts *texts, struct str accept);

/* --- recorder.c --- */

struct web_spool;

int web_recorder_new(struct web_recorder **recorder_r, struct store *store, struct web_spool *spool,
    struct err *err);
/* Everything that was posted is done when it returns, and nothing more is taken. By the
 * thread that made it; NULL is allowed. */
void web_recorder_stop(struct web_recorder *recorder);
void web_recorder_free(struct web_recorder **recorder);
/* False if it is not taken; `done` is not called then. */
bool web_recorder_post(struct web_recorder *recorder, struct web_job *job);
/* An event for the spool; it is kept when this returns 0. The server's thread only. */
int web_recorder_add(
    struct web_recorder *recorder, const struct store_event *event, struct err *err);

/* --- targets.c: where links lead --- */

struct web_targets *web_targets_new(struct store *store);
void web_targets_free(struct web_targets **targets);
/* 1 found: the redirect is good until the next call; 0 this campaign has no such link; -1. */
int web_targets_get(struct web_targets *targets, int64_t id, int64_t campaign, struct arena *arena,
    struct MHD_Response **redirect_r, struct err *err);

/* --- aside.c: what takes its time --- */

struct web_aside *web_aside_new(void);
/* request->aside runs, then the connection goes on. False: another one is being made. */
bool web_aside_run(struct web_aside *aside, struct web_request *request);
/* Waits for it. NULL is allowed. */
void web_aside_stop(struct web_aside *aside);
void web_aside_free(struct web_aside **aside);

/* --- client.c: who asks --- */

/* The client's address as it may be kept; empty if nothing may. */
struct str web_client(struct web_request *request);
/* A digest of address and agent, whatever is kept of them. */
uint64_t web_client_digest(struct web_request *request);
/* Does `allows` say yes to its address? What a proxy did not tell of is not allowed. */
bool web_client_may(const struct web_request *request,
    bool (*allows)(const struct conf *conf, const char *address));
/* Its network, whatever may be kept: for rates. */
struct str web_client_network(struct web_request *request);

/* --- machine.c --- */

/* Why no person can have asked for this, or NULL. */
const char *web_machine(const struct web_request *request);
/* The same by what User-Agent says alone, without white space around it. */
const char *web_machine_agent(struct str agent);

/* --- handlers --- */

void web_metrics(struct web_request *request);
void web_click(struct web_request *request, const struct link_facts *facts);
void web_open(struct web_request *request, const struct link_facts *facts);
void web_hidden(struct web_request *request, const struct link_facts *facts);
void web_unsubscribe(struct web_request *request, const struct link_facts *facts);
void web_view(struct web_request *request, const struct link_facts *facts);
void web_preferences(struct web_request *request, const struct link_facts *facts);
void web_image(struct web_request *request, const struct link_facts *facts);
void web_confirm(struct web_request *request, const struct link_facts *facts);
/* /f/NAME and what belongs to it; `path` begins behind /f/. */
void web_form_route(struct web_request *request, struct str path);

/* An event of our own about the token's contact and message, in the arena. `second`: it
 * counts once in each second; else once for ever. NULL: the reply says that it failed. */
struct store_event *web_event(struct web_request *request, const struct link_facts *facts,
    enum store_event_kind kind, bool second);

#endif
