/* SPDX-License-Identifier: BSD-2-Clause
 *
 * api_contact: see api.h; this file: one contact, read, changed, exported, erased
 *
 * The same as mailtailor contacts does: intake/contact.h.
 *
 * Threads: the server's; write_... the recorder's.
 */
#include "web/api.h"

#include "base/log.h"
#include "intake/contact.h"

static void
reply_missing(struct web_request *request)
{
	web_api_error(request, MHD_HTTP_NOT_FOUND, "there is no such contact");
}

/* 1 or 0 as `found`; -1 is told to whoever asked, if it is about what was asked. */
static int
judge(struct web_request *request, int found, struct err *err)
{
	if (found >= 0)
		return found;
	if (err->code != ERR_INPUT && err->code != ERR_LIMIT)
		return -1;
	web_api_fail(request, err);
	*err = ERR_INIT;
	return 2;
}

static int
reply_contact(struct web_request *request, struct store *store, struct str address, struct err *err)
{
	struct store_contact contact;
	int found =
	    judge(request, store_contact_get(store, address, request->arena, &contact, err), err);

	if (found == 1)
		web_api_reply(request, MHD_HTTP_OK, intake_contact_json(&contact));
	else if (found == 0)
		reply_missing(request);
	return found < 0 ? -1 : 0;
}

void
web_api_contact(struct web_request *request, struct web_api_call *call)
{
	struct err err = ERR_INIT;

	if (reply_contact(request, request->web->store, call->argument, &err) != 0)
		web_api_fail(request, &err);
}

void
web_api_contact_export(struct web_request *request, struct web_api_call *call)
{
	struct err err = ERR_INIT;
	json_t *known;
	int found = intake_contact_export(
	    request->web->store, call->argument, WEB_API_EXPORT_MAX, &known, &err);

	if (found == 1)
		web_api_reply(request, MHD_HTTP_OK, known);
	else if (found == 0)
		reply_missing(request);
	else if (err.code == ERR_LIMIT)
		web_api_error(request, MHD_HTTP_CONTENT_TOO_LARGE,
		    "more than 16 MB is known: mailtailor contacts export ADDRESS prints it");
	else
		web_api_fail(request, &err);
}

/* --- changes --- */

struct change {
	struct str address;
	struct str text; /* JSON, which lives as long as the request */
};

static int
write_change(struct web_job *job, struct store *store, struct err *err)
{
	struct web_request *request = web_request_of(job);
	const struct change *change = request->closure;
	json_t *object = json_loadb(change->text.p, change->text.n, 0, NULL);
	int changed =
	    judge(request, intake_contact_change(store, change->address, object, err), err);

	json_decref(object);
	if (changed == 1)
		return reply_contact(request, store, change->address, err);
	if (changed == 0)
		reply_missing(request);
	return changed < 0 ? -1 : 0;
}

void
web_api_contact_change(struct web_request *request, struct web_api_call *call)
{
	struct change *change = arena_zalloc(request->arena, 1, sizeof *change);
	json_t *object = web_api_object(request, call);
	size_t size;
	char *room;

	if (object == NULL)
		return;
	size = json_dumpb(object, NULL, 0, JSON_COMPACT);
	room = arena_alloc(request->arena, size + 1);
	if (change == NULL || room == NULL) {
		web_api_unavailable(request);
	} else {
		*change = (struct change){
		    call->argument, {room, json_dumpb(object, room, size, JSON_COMPACT)}};
		request->closure = change;
		request->job.write = write_change;
	}
	json_decref(object);
}

static int
write_erase(struct web_job *job, struct store *store, struct err *err)
{
	struct web_request *request = web_request_of(job);
	const struct web_api_call *call = request->closure;
	int erased = judge(request, store_contact_delete(store, call->argument, err), err);

	if (erased == 1)
		web_api_reply(request, MHD_HTTP_OK, json_pack("{s:b}", "success", 1));
	else if (erased == 0)
		reply_missing(request);
	return erased < 0 ? -1 : 0;
}

void
web_api_contact_erase(struct web_request *request, struct web_api_call *call)
{
	request->closure = call;
	request->job.write = write_erase;
}
